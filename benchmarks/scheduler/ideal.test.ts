import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrivals } from '../repository/schedule.ts'
import { quantile } from '../statistics.ts'
import { idealLatencies } from './ideal.ts'

test('a request waits for the first server that is free', () => {
  const runs = [10, 4, 5, 1]
  assert.deepEqual(
    idealLatencies([0, 1, 2, 30], 2, (i) => runs[i]!),
    [10, 4, 8, 1], // the third begins at 5, when the second ends
  )
  assert.deepEqual(
    idealLatencies([0, 1, 2, 30], 1, (i) => runs[i]!),
    [10, 13, 17, 1],
  )
})

// The theory of a queue with runs of equal length: quantiles in units of a run.
for (const [load, servers, p50, p99] of [
  [0.5, 1, 1, 4.31],
  [0.7, 1, 1.73, 7.54],
  [0.7, 2, 1.17, 4.17],
  [0.8, 2, 1.54, 6.04],
] as const) {
  test(`${servers} servers at ${load * 100} % load are as late as theory says`, () => {
    const count = 300_000
    const times: number[] = []
    for (const at of arrivals((load * servers * 1000) / 10, 5)) {
      if (times.push(at) === count) break
    }
    const latencies = idealLatencies(times, servers, () => 10)
    assert.ok(Math.abs(quantile(latencies, 0.5) / 10 / p50 - 1) < 0.03)
    assert.ok(Math.abs(quantile(latencies, 0.99) / 10 / p99 - 1) < 0.06)
  })
}
