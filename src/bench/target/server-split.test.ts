import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { countsOf, readCounts, splitBetween } from './server-split.ts'

describe('where time went in the server', () => {
  it('is the difference of two looks, a request, over all versions', () => {
    const before = countsOf(statistics({ requests: 10, queueNs: 5e6, runs: 8, eight: 0 }))
    const after = countsOf(statistics({ requests: 30, queueNs: 45e6, runs: 13, eight: 2 }))
    assert.deepEqual(splitBetween(before, after), {
      ...{ requests: 20, queueMs: 2, inputMs: 0, inferMs: 0.25, outputMs: 0 },
      ...{
        runs: 5,
        cacheHits: 0,
        batches: [
          { rows: 1, runs: 3 },
          { rows: 8, runs: 2 },
        ],
      },
    })
  })

  it('is not known where the server does not tell, began anew, or was not asked', () => {
    const some = countsOf(statistics({ requests: 10, queueNs: 0, runs: 1, eight: 0 }))
    const less = countsOf(statistics({ requests: 3, queueNs: 0, runs: 1, eight: 0 }))
    for (const [before, after] of [
      [undefined, some],
      [some, undefined],
      [some, some],
      [some, less],
    ] as const) {
      assert.equal(splitBetween(before, after), undefined)
    }
    for (const body of [undefined, {}, { model_stats: [] }, { model_stats: 'x' }, 7]) {
      assert.equal(countsOf(body), undefined)
    }
  })

  it('is not known where asking fails', async () => {
    assert.equal(await readCounts(() => Promise.reject(new Error('gone'))), undefined)
  })
})

interface Totals {
  readonly requests: number
  readonly queueNs: number
  readonly runs: number
  readonly eight: number
}

/** Of a second version, which is all at rest, too; 64-bit counts as text, as some servers have them. */
function statistics({ requests, queueNs, runs, eight }: Totals) {
  const rest = { compute_input: {}, compute_output: { count: 0, ns: 0 } }
  return {
    model_stats: [
      {
        execution_count: `${runs}`,
        inference_stats: {
          success: { count: `${requests}` },
          queue: { ns: queueNs },
          compute_infer: { count: runs, ns: runs * 1e6 },
          ...rest,
        },
        batch_stats: [
          { batch_size: 1, compute_infer: { count: runs - eight } },
          { batch_size: '8', compute_infer: { count: `${eight}` } },
        ],
      },
      { execution_count: 4, inference_stats: { success: { count: 4 }, ...rest } },
    ],
  }
}
