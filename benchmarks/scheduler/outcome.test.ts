import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Load, sampleOfLoad } from './outcome.ts'

const load: Load = {
  seconds: 2,
  dueMs: [0, 10, 20, 30, 40, 50],
  sentLateMs: [0, 1, 0, 2, 0, 0],
  latencyMs: [20, 30, 90, 5, 4, 7],
  status: [200, 200, 200, 503, 504, 500],
}

test('answers count from when they were due, refusals from when they were sent', () => {
  const { requests, seconds, p50Ms, figures } = sampleOfLoad(load, 50)
  assert.deepEqual([requests, seconds, p50Ms], [3, 2, 30])
  assert.deepEqual(
    { ...figures, refusedP99Ms: figures!.refusedP99Ms!.toFixed(2) },
    {
      ...{ asked: 6, good: 2, late: 1, refused: 2, failed: 1 },
      ...{ refusedP50Ms: 3.5, refusedP99Ms: '3.99' },
    },
  )
})

test('a load in which nothing was answered has no quantiles', () => {
  const none = { seconds: 1, dueMs: [0], sentLateMs: [0], latencyMs: [3], status: [503] }
  const { requests, p99Ms } = sampleOfLoad(none)
  assert.deepEqual([requests, p99Ms], [0, Number.NaN])
})

test('one answer that is wrong is enough to say nothing', () => {
  assert.throws(() => sampleOfLoad({ ...load, status: [200, 1, 200, 200, 1, 200] }), /2 of 6/)
})
