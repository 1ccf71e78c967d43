import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { checkRequest } from '../checked.ts'
import type { Constraints, InputSpec, Signature } from '../signature.ts'
import { DATATYPES, type Datatype, tensorToJson } from '../tensor/index.ts'
import { isGuess, synthesize } from './sample.ts'

const of = (...inputs: Partial<InputSpec>[]): Signature => ({
  inputs: inputs.map((input, index) => ({
    name: `x${index}`,
    datatype: 'FP32',
    shape: [-1, 2],
    ...input,
  })),
  outputs: [],
})

/** Shape and values of what is made for one input. */
function made(datatype: Datatype, constraints?: Constraints, shape: readonly number[] = [1]) {
  const request = synthesize(of({ datatype, shape, ...(constraints && { constraints }) }))
  const { tensor } = request!.inputs[0]!
  return [tensor.shape, JSON.parse(tensorToJson(tensor))]
}

it('one row of ones is made for whatever shape', () => {
  assert.deepEqual(made('FP32', {}, [-1, 2]), [[1, 2], [[1, 1]]])
  assert.deepEqual(made('INT64', {}, [-1, -1, 3]), [[1, 1, 3], [[[1, 1, 1]]]])
  assert.deepEqual(made('FP16', {}, []), [[], 1])
  assert.deepEqual(made('BF16', {}, [2]), [[2], [1, 1]])
  assert.deepEqual(made('BOOL'), [[1], [true]])
  assert.deepEqual(made('BYTES', {}, [-1, 2]), [[1, 2], [['1', '1']]])
})

it('columns that have names are all there', () => {
  assert.deepEqual(made('FP32', { fields: ['a', 'b', 'c'] }, [-1, -1]), [[1, 3], [[1, 1, 1]]])
})

it('an axis has the size that another one of its name has', () => {
  const request = synthesize(
    of(
      { shape: [-1, -1], axes: ['n', 'm'] },
      { shape: [3], axes: ['m'] },
      { shape: [-1], axes: ['n'] },
    ),
  )
  assert.deepEqual(
    request!.inputs.map(({ tensor }) => tensor.shape),
    [[1, 3], [3], [1]],
  )
})

it('inputs that may be left out are', () => {
  const request = synthesize(of({ optional: true }, {}, { optional: true }))
  assert.deepEqual(
    request!.inputs.map(({ name }) => name),
    ['x1'],
  )
  assert.deepEqual(synthesize(of()), { inputs: [] })
})

it('values obey what is declared', () => {
  const valueFor = (datatype: Datatype, constraints: Constraints) =>
    made(datatype, constraints)[1][0]
  assert.equal(valueFor('FP32', { minimum: 2.5 }), 2.5)
  assert.equal(valueFor('FP32', { maximum: -2.5 }), -2.5)
  assert.equal(valueFor('INT64', { minimum: 2.5 }), 3)
  assert.equal(valueFor('INT8', { maximum: -2.5 }), -3)
  assert.equal(valueFor('UINT8', { maximum: 0.5 }), 0)
  assert.equal(valueFor('FP32', { minimum: 0, maximum: 9 }), 1)
  assert.equal(valueFor('INT32', { minimum: 5, allowed: [4, 0.5, 7, 6] }), 7)
  assert.equal(valueFor('BOOL', { allowed: [false] }), false)
  assert.equal(valueFor('BYTES', { minimumLength: 3 }), '111')
  assert.equal(valueFor('BYTES', { maximumLength: 0 }), '')
  assert.equal(valueFor('BYTES', { minimumLength: 2, allowed: ['a', 'bc'] }), 'bc')
})

it('nothing is made where it would take too much memory', () => {
  assert.equal(synthesize(of({ shape: [40_000, 40_000] })), undefined)
  assert.equal(synthesize(of({ shape: [2 ** 40, 2 ** 40, 2 ** 40] })), undefined)
  const long = { minimumLength: 2 ** 40 }
  assert.equal(synthesize(of({ datatype: 'BYTES', shape: [1], constraints: long })), undefined)
  assert.ok(synthesize(of({ shape: [40_000, 40_000], optional: true })))
})

it('it is a guess where more than the number of rows is open', () => {
  assert.ok(!isGuess(of({ shape: [-1, 4] }, { shape: [] }, { shape: [-1, -1], optional: true })))
  assert.ok(!isGuess(of({ shape: [-1, -1], axes: ['n', 'm'] }, { shape: [3], axes: ['m'] })))
  assert.ok(!isGuess(of({ datatype: 'BYTES', shape: [1], constraints: { allowed: ['a'] } })))
  assert.ok(isGuess(of({ shape: [-1, 4] }, { shape: [-1, -1] })))
  assert.ok(isGuess(of({ datatype: 'BYTES', shape: [1] })))
})

it('what is made passes the door, where anything can', () => {
  const numbers = fc.double({ noNaN: true, min: -1e6, max: 1e6 })
  const input = (name: string): fc.Arbitrary<InputSpec> =>
    fc
      .tuple(
        fc.constantFrom(...DATATYPES),
        fc.array(fc.constantFrom(-1, 0, 1, 3), { maxLength: 3 }),
        fc.array(numbers, { minLength: 2, maxLength: 2 }),
      )
      .chain(([datatype, shape, limits]) => {
        const [minimum, maximum] = limits.toSorted((a, b) => a - b)
        const isNumber = datatype !== 'BYTES' && datatype !== 'BOOL'
        return fc.record(
          {
            name: fc.constant(name),
            datatype: fc.constant(datatype),
            shape: fc.constant(shape),
            optional: fc.boolean(),
            axes: fc.array(fc.constantFrom('n', 'm', undefined), {
              minLength: shape.length,
              maxLength: shape.length,
            }),
            constraints: isNumber
              ? fc.record(
                  {
                    minimum: fc.constant(Math.min(minimum!, 100)),
                    maximum: fc.constant(Math.max(maximum!, 101)),
                    nonFinite: fc.constant('refuse' as const),
                  },
                  { requiredKeys: [] },
                )
              : fc.record({ minimumLength: fc.nat(5) }, { requiredKeys: [] }),
          },
          { requiredKeys: ['name', 'datatype', 'shape'] },
        )
      })
  // axes of one name that are fixed at two sizes let nothing through
  const agrees = ({ inputs }: Signature): boolean => {
    const sizes = new Map<string, number>()
    return inputs.every(({ shape, axes }) =>
      shape.every((size, place) => {
        const axis = axes?.[place]
        if (axis === undefined || size === -1) return true
        const known = sizes.get(axis) ?? size
        sizes.set(axis, known)
        return known === size
      }),
    )
  }
  fc.assert(
    fc.property(
      fc.tuple(input('a'), input('b')).map((inputs): Signature => ({ inputs, outputs: [] })),
      (signature) => {
        fc.pre(agrees(signature))
        const request = synthesize(signature)!
        assert.doesNotThrow(() => checkRequest('m', signature, request))
      },
    ),
    { numRuns: 1_000 },
  )
})
