import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InferenceRequest } from '../predictor.ts'
import { type Measuring, runCosts } from './run-costs.ts'

const row = (value: number, width = 1): InferenceRequest => ({
  inputs: [
    {
      name: 'x',
      tensor: { datatype: 'FP32', shape: [1, width], data: new Float32Array(width).fill(value) },
    },
  ],
})

/** What runs take that take so long for so many rows; and what was asked. */
async function measured(
  cost: (rows: number, run: number) => number,
  more: Partial<Measuring> = {},
) {
  const asked: (readonly number[])[] = []
  const ask = async ({ inputs }: InferenceRequest) => {
    const { shape, data } = inputs[0]!.tensor
    asked.push(Array.from(data as Float32Array))
    const runMs = cost(shape[0]!, asked.length)
    return {
      model: 'm',
      version: '1',
      outputs: [],
      timing: { queueMs: 0, inputMs: 0, outputMs: 0, runMs },
    }
  }
  const rows = [row(1), row(2), row(3)]
  const points = []
  for await (const point of runCosts({ ask, rows, maxRows: Infinity, maxRunMs: 100, ...more })) {
    points.push(point)
  }
  return { points, asked }
}

const sizes = ({ points }: Awaited<ReturnType<typeof measured>>) => points.map(({ rows }) => rows)

describe('what runs of several sizes take', () => {
  it('is measured for twice as many rows while that makes a row cheaper, and once beyond', async () => {
    const cost = (rows: number) => (rows <= 8 ? 4 + rows : 20 * rows)
    const { points, asked } = await measured(cost, { maxRunMs: 1000 })
    assert.deepEqual(
      points,
      [1, 2, 4, 8, 16].map((rows) => ({ rows, ms: cost(rows) })),
    )
    assert.deepEqual(asked.at(-1)!.slice(0, 5), [1, 2, 3, 1, 2], 'of the rows in turn')
  })

  it('is one row and two where rows are no cheaper together', async () => {
    assert.deepEqual(sizes(await measured((rows) => 10 * rows)), [1, 2])
  })

  it('is what the shortest of several runs takes', async () => {
    const { points } = await measured((rows, run) => (run % 3 === 2 ? 10 : 90) * rows)
    assert.deepEqual(points, [
      { rows: 1, ms: 10 },
      { rows: 2, ms: 20 },
    ])
  })

  it('is measured more often where runs are short', async () => {
    const { asked } = await measured(() => 0.01, { maxRows: 1 })
    assert.equal(asked.length, 10)
  })

  it('ends at the most rows of a run, of the input, and of time', async () => {
    assert.deepEqual(sizes(await measured(() => 5, { maxRows: 6 })), [1, 2, 4])
    assert.deepEqual(sizes(await measured(() => 5)), [1, 2, 4, 8, 16, 32, 64, 128])
    const wide = [row(1, 2 ** 20)]
    assert.deepEqual(sizes(await measured(() => 5, { rows: wide })), [1, 2, 4])
    const enormous = [row(1, 2 ** 23)]
    assert.deepEqual(sizes(await measured(() => 5, { rows: enormous })), [1])
    const slow = (rows: number) => 20 + rows
    assert.deepEqual(sizes(await measured(slow, { maxRunMs: 50 })), [1, 2, 4, 8])
  })

  it('counts the rows of requests that have several', async () => {
    const two: InferenceRequest = {
      inputs: [
        { name: 'x', tensor: { datatype: 'INT8', shape: [2, 1], data: Int8Array.of(1, 2) } },
      ],
    }
    assert.deepEqual(sizes(await measured(() => 5, { rows: [two], maxRows: 1 })), [2])
  })

  it('fails as the model does, after what was told before', async () => {
    const broken = (rows: number) => {
      if (rows > 2) throw new Error('no memory')
      return 5
    }
    const points: unknown[] = []
    await assert.rejects(async () => {
      const ask = async ({ inputs }: InferenceRequest) => ({
        model: 'm',
        version: '1',
        outputs: [],
        timing: { queueMs: 0, inputMs: 0, outputMs: 0, runMs: broken(inputs[0]!.tensor.shape[0]!) },
      })
      const measuring = { ask, rows: [row(1)], maxRows: 8, maxRunMs: 100 }
      for await (const point of runCosts(measuring)) points.push(point)
    }, /no memory/)
    assert.deepEqual(points, [
      { rows: 1, ms: 5 },
      { rows: 2, ms: 5 },
    ])
  })
})
