import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrivals } from './schedule.ts'

function first(count: number, perSecond: number, seed: number): readonly number[] {
  const moments = arrivals(perSecond, seed)
  return Array.from({ length: count }, () => moments.next().value)
}

test('arrivals are the same for the same seed, others for another', () => {
  assert.deepEqual(first(100, 50, 1), first(100, 50, 1))
  assert.notDeepEqual(first(100, 50, 1), first(100, 50, 2))
})

test('arrivals come at the rate asked for, with gaps as irregular as those of many clients', () => {
  const moments = first(20_000, 200, 3)
  const gaps = moments.map((at, i) => at - (moments[i - 1] ?? 0))
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
  assert.ok(Math.abs(mean - 5) < 0.1, `mean gap ${mean} ms, expected 5 ms`)
  // of an exponential distribution the deviation is the mean
  assert.ok(Math.abs(Math.sqrt(variance) / mean - 1) < 0.03)
  assert.ok(gaps.every((gap) => gap >= 0))
})

test('a rate that is none is refused', () => {
  assert.throws(() => arrivals(0, 1).next(), /expected more than 0/)
  assert.throws(() => arrivals(Number.NaN, 1).next(), RangeError)
})
