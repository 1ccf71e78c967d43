import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServingError } from '../errors.ts'
import { elementCount, formatShape, shapeFits } from './index.ts'

describe('the number of elements', () => {
  const counted: readonly (readonly [readonly number[], number])[] = [
    [[], 1],
    [[7], 7],
    [[2, 3, 4], 24],
    [[3, 0, 4], 0],
    [[0], 0],
    [[2 ** 53 - 1], 2 ** 53 - 1],
    [Array(64).fill(1), 1],
  ]
  for (const [shape, count] of counted) {
    it(`of ${formatShape(shape)} is ${count}`, () => assert.equal(elementCount('x', shape), count))
  }

  const refused: readonly (readonly [string, readonly number[]])[] = [
    ['wraps at 64 bits to a small number', [2 ** 4, 2 ** 60 + 2]],
    ['wraps at 64 bits to 0', [2 ** 31, 2 ** 31, 2 ** 31]],
    ['cannot be counted exactly', [2 ** 27, 2 ** 27]],
    ['overflows before an axis of 0', [2 ** 40, 2 ** 40, 0]],
    ['has a negative axis', [2, -1]],
    ['has two negative axes that cancel out', [-2, -3]],
    ['has a fraction', [1.5, 2]],
    ['has no number', [Number.NaN]],
    ['is infinite', [Number.POSITIVE_INFINITY]],
    ['is a big integer', [2n as unknown as number]],
    ['is a string of digits', ['2' as unknown as number]],
    ['has 65 axes', Array(65).fill(1)],
  ]
  for (const [why, shape] of refused) {
    it(`a shape that ${why} is refused`, () => {
      assert.throws(
        () => elementCount('x', shape),
        (thrown) => thrown instanceof ServingError && thrown.reason === 'SHAPE_INVALID',
      )
    })
  }
})

describe('a shape against the shape of a signature', () => {
  const cases: readonly (readonly [readonly number[], readonly number[], boolean])[] = [
    [[3, 4], [-1, 4], true],
    [[0, 4], [-1, 4], true],
    [[3, 4], [3, 4], true],
    [[3, 4], [-1, 5], false],
    [[4, 3], [-1, 4], false],
    [[3], [-1, 4], false],
    [[3, 4, 1], [-1, 4], false],
    [[], [], true],
    [[1], [], false],
    [[], [-1], false],
  ]
  for (const [shape, wanted, fits] of cases) {
    it(`${formatShape(shape)} ${fits ? 'fits' : 'does not fit'} ${formatShape(wanted)}`, () =>
      assert.equal(shapeFits(shape, wanted), fits))
  }
})

it('an empty axis does not let the others be as long as they like', () => {
  assert.equal(elementCount('x', [0, 2 ** 20]), 0)
  for (const shape of [
    [0, 2 ** 20 + 1],
    [50_000_000, 0],
    [2 ** 11, 0, 2 ** 10],
  ]) {
    assert.throws(() => elementCount('x', shape), { reason: 'SHAPE_INVALID' })
  }
})
