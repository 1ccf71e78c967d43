import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mismatch } from './verify.ts'

const expected = [
  [0.25, 0.75],
  [0.4, 0.6],
]

test('answers that differ by rounding only are right', () => {
  assert.equal(
    mismatch(expected, [
      [0.250001, 0.749999],
      [0.4, 0.6],
    ]),
    undefined,
  )
})

test('swapped, missing, short and unlike answers are wrong', () => {
  assert.match(mismatch(expected, expected.toReversed())!, /answer 0, element 0/)
  assert.match(mismatch(expected, [[0.25, 0.75]])!, /1 answers, not 2/)
  assert.match(mismatch(expected, [[0.25, 0.75], [0.4]])!, /answer 1 has 1 elements/)
  assert.match(
    mismatch(expected, [
      [0.25, Number.NaN],
      [0.4, 0.6],
    ])!,
    /expected 0.75, got NaN/,
  )
})

test('a model that answers everything alike proves nothing', () => {
  assert.match(mismatch([[1], [1]], [[1], [1]])!, /same answer/)
})
