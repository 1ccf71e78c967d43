import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refusalOf, settled, setUp } from './testing.ts'

const costs = [
  { rows: 1, ms: 10 },
  { rows: 8, ms: 17 },
]

describe('the figures of executors', () => {
  it('are those of nothing before anything came', () => {
    const { executors } = setUp({ capacity: 1 })
    const { limits: _limits, ...figures } = executors.figures()
    assert.deepEqual(figures, { arrivedRows: 0, oldestWaitMs: 0, best: undefined })
  })

  it('count the rows of all that came, also of those that were refused', async () => {
    const { executors, ask } = setUp({ capacity: 1, maxWaiting: 1 })
    ask(1)
    ask(2, 3)
    assert.equal((await refusalOf(ask(4, 5, 6).answer)).reason, 'QUEUE_FULL')
    assert.equal(executors.figures().arrivedRows, 6)
  })

  it('tell how long the first in line has waited', async () => {
    const { executors, ask, runs, clock } = setUp({ capacity: 1 })
    ask(1)
    clock.advance(5)
    ask(2)
    clock.advance(7)
    ask(3)
    assert.equal(executors.figures().oldestWaitMs, 7)
    clock.advance(2)
    runs[0]!.succeed({ runMs: 14 })
    await settled()
    assert.equal(executors.figures().oldestWaitMs, 2)
    runs[1]!.succeed()
    runs.at(-1)!.succeed()
  })

  it('tell what a run takes: of as many rows as are worth while where requests share runs', async () => {
    const { executors, ask, runs } = setUp({ capacity: 1, joined: costs })
    ask(1)
    runs[0]!.succeed({ runMs: 10 })
    await settled()
    assert.deepEqual(executors.figures().best, { rows: 8, ms: 17 })
    assert.deepEqual(executors.figures().limits, [{ shape: '', rows: 8 }])
  })

  it('tell of fewer rows where the configuration or the time for an answer allows no more', async () => {
    for (const [yaml, rows] of [
      ['batching: {maxBatchSize: 4}', 4],
      ['batching: {maxBatchMs: 12}', 2],
      ['slo: {p99Ms: 26}', 4],
    ] as const) {
      const { executors, ask, runs } = setUp({ capacity: 1, joined: costs, yaml })
      ask(1)
      runs[0]!.succeed({ runMs: 10 })
      await settled()
      assert.equal(executors.figures().best?.rows, rows, yaml)
    }
  })

  it('tell of the last run where requests run one by one', async () => {
    const { executors, ask, runs } = setUp({ capacity: 1, known: costs })
    ask(1, 2, 3)
    runs[0]!.succeed({ runMs: 12 })
    await settled()
    assert.deepEqual(executors.figures().best, { rows: 3, ms: 12 })
  })
})
