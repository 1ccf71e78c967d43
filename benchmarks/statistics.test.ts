import assert from 'node:assert/strict'
import { test } from 'node:test'
import { estimate, median, quantile, seeded } from './statistics.ts'

test('a median lies in the middle, whatever the order', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([10, 9, 100]), 10) // as numbers, not as text
})

test('a quantile is interpolated between its neighbours', () => {
  assert.equal(quantile([0, 10, 20, 30, 40], 0.25), 10)
  assert.ok(Math.abs(quantile([1, 2, 3, 4], 0.99) - 3.97) < 1e-12)
  assert.throws(() => quantile([], 0.5), /no values/)
})

test('an estimate is the same for the same rounds', () => {
  const rounds = [0.93, 0.97, 0.95, 0.99, 0.96, 0.91, 0.98]
  assert.deepEqual(estimate(rounds), estimate(rounds))
})

test('an interval lies around the median and inside the values, and shrinks with more rounds', () => {
  const random = seeded(3)
  const few = Array.from({ length: 8 }, () => 0.9 + random() / 10)
  const many = Array.from({ length: 200 }, () => 0.9 + random() / 10)
  for (const values of [few, many]) {
    const { median: middle, low, high } = estimate(values)
    assert.ok(Math.min(...values) <= low && low < middle)
    assert.ok(middle < high && high <= Math.max(...values))
  }
  const width = (values: number[]) => estimate(values).high - estimate(values).low
  assert.ok(width(many) < width(few) / 2)
})

test('the interval holds the true median in about 95 of 100 experiments', () => {
  const random = seeded(11)
  const experiments = 200
  let held = 0
  for (let i = 0; i < experiments; i += 1) {
    const { low, high } = estimate(
      Array.from({ length: 20 }, () => random()),
      500,
    )
    if (low <= 0.5 && 0.5 <= high) held += 1
  }
  assert.ok(held / experiments > 0.88 && held / experiments <= 1, `${held} of ${experiments}`)
})

test('equal rounds give an interval without width', () => {
  assert.deepEqual(estimate([2, 2, 2]), { median: 2, low: 2, high: 2 })
})
