import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkConstraints } from './constraints.ts'
import { ServingError } from './errors.ts'
import type { Constraints } from './signature.ts'
import {
  type Datatype,
  type FixedDatatype,
  layoutOf,
  numberToBf16,
  numberToFp16,
  type Tensor,
} from './tensor/index.ts'

type Path = readonly (string | number)[]
type Value = number | bigint
/** Datatype, constraints, values as one row each, and the refusal: reason, place, words. */
type Case = readonly [
  Datatype,
  Constraints,
  readonly (Value | string)[],
  (readonly [ServingError['reason'], Path, string])?,
]

const cases: readonly Case[] = [
  ['FP32', {}, [1, NaN, Infinity, -1e30]],
  ['FP32', { minimum: 0 }, [0, 5]],
  ['FP32', { minimum: 0 }, [3, -1], ['VALUE_OUT_OF_RANGE', [1], 'at least 0']],
  ['FP32', { maximum: 9 }, [3, 9, 9.5], ['VALUE_OUT_OF_RANGE', [2], 'at most 9']],
  ['FP32', { minimum: -1, maximum: 1 }, [1, -1, 2], ['VALUE_OUT_OF_RANGE', [2], 'from -1 to 1']],
  // a limit is rounded as the value is
  ['FP32', { minimum: 0.1, maximum: 0.1 }, [0.1]],
  ['FP32', { maximum: 0.1 }, [0.100001], ['VALUE_OUT_OF_RANGE', [0], 'at most 0.1']],
  ['FP32', { maximum: 7.9 }, [7.9]],
  ['FP32', { allowed: [0.1, 0.2] }, [0.2, 0.1]],
  ['FP32', { allowed: [0.1, 0.2] }, [0.3], ['VALUE_INVALID', [0], 'one of 0.1, 0.2']],
  ['FP16', { minimum: 0.1, maximum: 0.1 }, [0.1]],
  ['FP16', { maximum: 2 }, [2, 2.5], ['VALUE_OUT_OF_RANGE', [1], '2.5']],
  ['BF16', { minimum: 0.3, maximum: 0.3 }, [0.3]],
  ['BF16', { minimum: -2 }, [-2, -3], ['VALUE_OUT_OF_RANGE', [1], '-3']],
  ['FP64', { maximum: 0.1 }, [0.1]],
  ['FP64', { maximum: 0.1 }, [0.10000000000000002], ['VALUE_OUT_OF_RANGE', [0], 'at most 0.1']],
  // what becomes of NaN and infinities
  ['FP32', { nonFinite: 'allow' }, [NaN, Infinity]],
  ['FP32', { nonFinite: 'refuse' }, [1, NaN], ['VALUE_INVALID', [1], 'a finite number']],
  ['FP32', { nonFinite: 'refuse' }, [-Infinity], ['VALUE_INVALID', [0], '-Infinity']],
  ['FP16', { nonFinite: 'refuse' }, [1, Infinity], ['VALUE_INVALID', [1], 'a finite number']],
  ['BF16', { nonFinite: 'refuse' }, [NaN], ['VALUE_INVALID', [0], 'NaN']],
  ['FP64', { minimum: 0, maximum: 1 }, [NaN, 0.5]],
  ['FP64', { minimum: 0 }, [NaN, -1], ['VALUE_OUT_OF_RANGE', [1], 'at least 0']],
  ['FP64', { maximum: 1 }, [Infinity], ['VALUE_OUT_OF_RANGE', [0], 'Infinity']],
  ['FP64', { minimum: 0, nonFinite: 'refuse' }, [NaN], ['VALUE_INVALID', [0], 'NaN']],
  ['FP32', { allowed: [1] }, [NaN, 1]],
  ['FP32', { allowed: [1] }, [Infinity], ['VALUE_INVALID', [0], 'one of 1']],
  ['FP32', { allowed: [1], nonFinite: 'refuse' }, [NaN], ['VALUE_INVALID', [0], 'a finite']],
  ['INT32', { nonFinite: 'refuse' }, [1, 2]],
  // integers
  ['INT32', { allowed: [1, 3] }, [1, 3, 2], ['VALUE_INVALID', [2], 'one of 1, 3']],
  ['UINT8', { minimum: 1 }, [1, 0], ['VALUE_OUT_OF_RANGE', [1], 'at least 1']],
  ['BOOL', { allowed: [true] }, [1, 0], ['VALUE_INVALID', [1], 'one of true']],
  ['INT64', { minimum: -5, maximum: 5 }, [-5n, 5n]],
  ['INT64', { minimum: -5 }, [-6n], ['VALUE_OUT_OF_RANGE', [0], '-6']],
  [
    'INT64',
    { maximum: 2 ** 53 },
    [2n ** 53n + 1n],
    ['VALUE_OUT_OF_RANGE', [0], '9007199254740993'],
  ],
  ['INT64', { allowed: [2 ** 53] }, [2n ** 53n, 2n ** 53n + 1n], ['VALUE_INVALID', [1], 'one of']],
  ['UINT64', { allowed: [7, 9] }, [9n, 7n]],
  ['UINT64', { maximum: 2 ** 60 }, [2n ** 60n]],
  // strings
  ['BYTES', { minimumLength: 1 }, ['a', ''], ['VALUE_OUT_OF_RANGE', [1], 'in bytes at least 1']],
  ['BYTES', { maximumLength: 2 }, ['é', 'éa'], ['VALUE_OUT_OF_RANGE', [1], 'at most 2']],
  [
    'BYTES',
    { minimumLength: 1, maximumLength: 3 },
    ['abc', 'abcd'],
    ['VALUE_OUT_OF_RANGE', [1], '4'],
  ],
  ['BYTES', { allowed: ['red', 'green'] }, ['green', 'red']],
  ['BYTES', { allowed: ['red'] }, ['red', 'Red'], ['VALUE_INVALID', [1], 'one of "red"']],
  ['BYTES', { allowed: [1, true] }, ['1', 'true']],
  ['BYTES', { minimum: 5 }, ['a']],
]

describe('what a model declares of its values', () => {
  for (const [datatype, constraints, values, refusal] of cases) {
    const declared = JSON.stringify(constraints)
    const verb = refusal === undefined ? 'passes' : `is refused with ${refusal[0]}`
    it(`${datatype} ${declared}: ${values.join(', ')} ${verb}`, () => {
      const problem = problemOf(datatype, constraints, values, [values.length])
      if (refusal === undefined) return assert.equal(problem, undefined)
      const [reason, path, words] = refusal
      assert.equal(problem?.reason, reason)
      assert.deepEqual(problem?.facts.path, path)
      assert.ok(problem?.message.includes(words), problem?.message)
    })
  }
})

describe('the place of a value', () => {
  const place = (constraints: Constraints, shape: readonly number[], wrongAt: number) => {
    const count = shape.reduce((product, size) => product * size, 1)
    const values = Array.from({ length: count }, (_, index) => (index === wrongAt ? -1 : index))
    return problemOf('FP32', { minimum: 0, ...constraints }, values, shape)?.facts.path
  }

  it('is its index on every axis', () => {
    assert.deepEqual(place({}, [2, 3, 4], 0), [0, 0, 0])
    assert.deepEqual(place({}, [2, 3, 4], 23), [1, 2, 3])
    assert.deepEqual(place({}, [2, 3, 4], 17), [1, 1, 1])
    assert.deepEqual(place({}, [2, 3, 4], 6), [0, 1, 2])
    assert.deepEqual(place({}, [], 0), [])
  })

  it('names the field where the last axis has names', () => {
    const fields = ['length', 'width']
    assert.deepEqual(place({ fields }, [3, 2], 5), [2, 'width'])
    assert.deepEqual(place({ fields }, [3, 2], 2), [1, 'length'])
    assert.deepEqual(place({ fields: ['length'] }, [3, 2], 5), [2, 1])
  })
})

function problemOf(
  datatype: Datatype,
  constraints: Constraints,
  values: readonly (Value | string)[],
  shape: readonly number[],
): ServingError | undefined {
  const spec = { name: 'x', datatype, shape, constraints }
  try {
    checkConstraints(spec, constraints, tensorOf(datatype, values, shape))
    return undefined
  } catch (thrown) {
    assert.ok(thrown instanceof ServingError, String(thrown))
    return thrown
  }
}

function tensorOf(
  datatype: Datatype,
  values: readonly (Value | string)[],
  shape: readonly number[],
): Tensor {
  if (datatype === 'BYTES') {
    return { datatype, shape, data: values.map((value) => Buffer.from(String(value))) }
  }
  const { size, view } = layoutOf(datatype)
  const data = view(new ArrayBuffer(values.length * size), 0, values.length)
  const convert = bitsOf[datatype] ?? ((value: Value) => value)
  values.forEach((value, index) => {
    data[index] = convert(value as never)
  })
  return { datatype, shape, data }
}

const bitsOf: Partial<Record<FixedDatatype, (value: number) => number>> = {
  FP16: numberToFp16,
  BF16: numberToBf16,
}
