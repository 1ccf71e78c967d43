import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RequestEvent } from '../events.ts'
import type { ModelState } from '../models.ts'
import { Tally } from './tally.ts'

test('statistics add up requests per version and runs per number of rows', () => {
  let wall = 1_700_000_000_000
  const tally = new Tally(() => wall)
  state(tally, 'iris', '1', 'ready')
  tally.emit(success(3, 10, { queueMs: 1, inputMs: 0.25, runMs: 8, outputMs: 0.5 }))
  wall += 5
  tally.emit(success(4, 20, { queueMs: 2, inputMs: 0.5, runMs: 16, outputMs: 1 }))
  wall += 100
  tally.emit({ ...success(9, 7, undefined), error: 'internal' })
  tally.emit(run(7, { inputMs: 0.125, runMs: 8, outputMs: 0.25 }))
  tally.emit(run(2, { inputMs: 1, runMs: 2, outputMs: 3 }))
  tally.emit(run(7, { inputMs: 0.125, runMs: 10, outputMs: 0.5 }))

  assert.deepEqual(tally.modelStatistics(), [
    {
      name: 'iris',
      version: '1',
      lastInference: 1_700_000_000_005,
      inferenceCount: 7,
      executionCount: 3,
      success: { count: 2, ns: 30_000_000 },
      fail: { count: 1, ns: 7_000_000 },
      queue: { count: 2, ns: 3_000_000 },
      computeInput: { count: 2, ns: 750_000 },
      computeInfer: { count: 2, ns: 24_000_000 },
      computeOutput: { count: 2, ns: 1_500_000 },
      cacheHit: { count: 0, ns: 0 },
      cacheMiss: { count: 0, ns: 0 },
      batches: [
        {
          rows: 2,
          computeInput: { count: 1, ns: 1_000_000 },
          computeInfer: { count: 1, ns: 2_000_000 },
          computeOutput: { count: 1, ns: 3_000_000 },
        },
        {
          rows: 7,
          computeInput: { count: 2, ns: 250_000 },
          computeInfer: { count: 2, ns: 18_000_000 },
          computeOutput: { count: 2, ns: 750_000 },
        },
      ],
    },
  ])
})

test('statistics name versions in use, in the order of names and numbers', () => {
  const tally = new Tally(() => 0)
  state(tally, 'iris', '10', 'ready')
  state(tally, 'iris', '9', 'draining')
  state(tally, 'digits', '1', 'ready')
  for (const [i, unused] of (
    ['queued', 'loading', 'warming', 'unloaded', 'failed'] as const
  ).entries()) {
    state(tally, 'unused', String(i), unused)
  }
  tally.emit({ ...success(1, 1, undefined), model: 'nobody' })

  const names = (of: ReturnType<Tally['modelStatistics']>) =>
    of.map((v) => `${v.name} ${v.version}`)
  assert.deepEqual(names(tally.modelStatistics()), ['digits 1', 'iris 9', 'iris 10'])
  assert.deepEqual(names(tally.modelStatistics('iris')), ['iris 9', 'iris 10'])
  assert.deepEqual(names(tally.modelStatistics('iris', '10')), ['iris 10'])
  assert.deepEqual(names(tally.modelStatistics('iris', '11')), [])
  assert.deepEqual(names(tally.modelStatistics('_unknown')), [])
})

test('sizes of batches that clients choose do not grow without end', () => {
  const tally = new Tally(() => 0)
  state(tally, 'iris', '1', 'ready')
  for (let rows = 1; rows <= 5000; rows++)
    tally.emit(run(rows, { inputMs: 0, runMs: 1, outputMs: 0 }))

  const [statistics] = tally.modelStatistics()
  assert.equal(statistics?.executionCount, 5000)
  assert.equal(statistics?.batches.length, 256)
})

function state(tally: Tally, model: string, version: string, to: ModelState) {
  tally.emit({ kind: 'state', model, version, state: to })
}

function success(rows: number, durationMs: number, timing: RequestEvent['timing']): RequestEvent {
  return {
    kind: 'request',
    model: 'iris',
    version: '1',
    error: undefined,
    rows,
    durationMs,
    timing,
  }
}

function run(rows: number, timing: { inputMs: number; runMs: number; outputMs: number }) {
  const how = { requests: 1, left: 'alone', where: 'thread' } as const
  return { kind: 'executed', model: 'iris', version: '1', rows, ...how, ...timing } as const
}
