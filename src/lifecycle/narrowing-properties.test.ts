/** What holds of `narrowing` whatever the signatures: small ones, so that requests often meet them. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { checkRequest } from '../checked.ts'
import { ServingError } from '../errors.ts'
import type { InferenceRequest } from '../predictor.ts'
import type { Constraints, InputSpec, Signature, TensorSpec } from '../signature.ts'
import type { Datatype, NamedTensor, Tensor } from '../tensor/index.ts'
import { narrowing } from './narrowing.ts'

const datatypes = ['FP32', 'INT32', 'BOOL', 'BYTES'] as const
const dims = fc.array(fc.constantFrom(-1, 1, 2), { maxLength: 2 })

const constraintsFor = (datatype: Datatype): fc.Arbitrary<Constraints> =>
  datatype === 'BYTES'
    ? fc.record(
        {
          allowed: fc.uniqueArray(fc.constantFrom('', 'a', 'bb'), { minLength: 1 }),
          minimumLength: fc.nat(2),
          maximumLength: fc.nat(2),
        },
        { requiredKeys: [] },
      )
    : fc.record(
        {
          allowed: fc.uniqueArray(fc.integer({ min: -1, max: 2 }), { minLength: 1 }),
          minimum: fc.integer({ min: -1, max: 2 }),
          maximum: fc.integer({ min: -1, max: 2 }),
          nonFinite: fc.constantFrom('allow', 'refuse'),
        },
        { requiredKeys: [] },
      )

const input = (name: string): fc.Arbitrary<InputSpec> =>
  fc.tuple(fc.constantFrom(...datatypes), dims).chain(([datatype, shape]) =>
    fc.record(
      {
        name: fc.constant(name),
        datatype: fc.constant(datatype),
        shape: fc.constant(shape),
        axes: fc.array(fc.constantFrom('n', 'm', undefined), {
          minLength: shape.length,
          maxLength: shape.length,
        }),
        optional: fc.boolean(),
        constraints: constraintsFor(datatype),
      },
      { requiredKeys: ['name', 'datatype', 'shape'] },
    ),
  )

const output = (name: string): fc.Arbitrary<TensorSpec> =>
  fc.record({ name: fc.constant(name), datatype: fc.constantFrom(...datatypes), shape: dims })

const some = <Spec>(make: (name: string) => fc.Arbitrary<Spec>): fc.Arbitrary<readonly Spec[]> =>
  fc
    .subarray(['a', 'b', 'c'])
    .chain((names) => fc.tuple(...names.map(make)) as unknown as fc.Arbitrary<readonly Spec[]>)

const signature: fc.Arbitrary<Signature> = fc.record({ inputs: some(input), outputs: some(output) })

type Dice = <Value>(arbitrary: fc.Arbitrary<Value>) => Value

/** A request that a signature may take, or miss by little. */
function roll({ inputs }: Signature, dice: Dice): InferenceRequest {
  const sizes = { n: dice(fc.nat(2)), m: dice(fc.nat(2)) }
  const tensors: NamedTensor[] = []
  for (const { name, datatype, shape, axes, optional } of inputs) {
    if (optional === true && dice(fc.boolean())) continue
    const sized = shape.map((size, place) => {
      const axis = axes?.[place]
      if (size !== -1) return size
      return axis === undefined ? dice(fc.nat(2)) : sizes[axis as 'n' | 'm']
    })
    const count = sized.reduce((product, size) => product * size, 1)
    tensors.push({ name, tensor: fill(datatype, sized, count, dice) })
  }
  return { inputs: tensors }
}

function fill(datatype: Datatype, shape: readonly number[], count: number, dice: Dice): Tensor {
  const number = fc.integer({ min: -1, max: 2 })
  const list = <V>(value: fc.Arbitrary<V>) =>
    dice(fc.array(value, { minLength: count, maxLength: count }))
  switch (datatype) {
    case 'BYTES':
      return {
        datatype,
        shape,
        data: list(fc.constantFrom('', 'a', 'bb')).map((s) => Buffer.from(s)),
      }
    case 'BOOL':
      return { datatype, shape, data: Uint8Array.from(list(fc.nat(1))) }
    case 'INT32':
      return { datatype, shape, data: Int32Array.from(list(number)) }
    default: {
      const values = list(fc.oneof(number, fc.constantFrom(NaN, Infinity)))
      return { datatype: 'FP32', shape, data: Float32Array.from(values) }
    }
  }
}

function takes(signature: Signature, request: InferenceRequest): boolean {
  try {
    checkRequest('m', signature, request)
    return true
  } catch (thrown) {
    assert.ok(thrown instanceof ServingError)
    return false
  }
}

/** One change that leaves nobody out. */
function widen(signature: Signature, dice: Dice): Signature {
  const { inputs, outputs } = signature
  const change = <Spec extends TensorSpec>(
    specs: readonly Spec[],
    how: (spec: Spec) => Spec,
  ): readonly Spec[] => {
    const at = dice(fc.nat(Math.max(0, specs.length - 1)))
    return specs.map((spec, index) => (index === at ? how(spec) : spec))
  }
  const changes: readonly (() => Signature)[] = [
    () => ({ ...signature, outputs: [...outputs, { name: 'new', datatype: 'FP32', shape: [] }] }),
    () => ({
      ...signature,
      inputs: [{ name: 'new', datatype: 'FP32', shape: [3], optional: true }, ...inputs],
    }),
    () => ({ ...signature, inputs: change(inputs, (spec) => ({ ...spec, optional: true })) }),
    () => ({
      ...signature,
      inputs: change(inputs, ({ constraints: _, ...spec }) => spec),
    }),
    () => ({
      ...signature,
      // a size that others of its name have is none of its own
      inputs: change(inputs, ({ axes: _, ...spec }) => ({
        ...spec,
        shape: spec.shape.map(() => -1),
      })),
    }),
  ]
  return dice(fc.constantFrom(...changes))()
}

/** Whether anybody can be answered: of two sizes for one axis at most one is right. */
function isSound({ inputs }: Signature): boolean {
  const sizes = new Map<string, number>()
  const fixed = inputs
    .filter(({ optional }) => optional !== true)
    .flatMap(({ shape, axes = [] }) => shape.map((size, place) => [axes[place], size] as const))
  return fixed.every(([axis, size]) => {
    if (axis === undefined || size === -1) return true
    const known = sizes.get(axis) ?? size
    sizes.set(axis, known)
    return known === size
  })
}

/** What was drawn takes minutes to shrink, and all of the memory. */
const asDrawn = { endOnFailure: true }

it('nobody is left out by the same one', () => {
  fc.assert(fc.property(signature, (one) => assert.equal(narrowing(one, one), undefined)))
})

it('nobody is left out by one that takes more', () => {
  fc.assert(
    fc.property(signature.filter(isSound), fc.gen(), (old, dice) => {
      const next = widen(old, (arbitrary) => dice(() => arbitrary))
      assert.equal(narrowing(old, next), undefined)
    }),
    asDrawn,
  )
})

it('what leaves nobody out takes every request that the other takes', () => {
  let met = 0
  fc.assert(
    fc.property(signature, fc.gen(), (old, dice) => {
      const draw: Dice = (arbitrary) => dice(() => arbitrary)
      // near the old one, since two that share nothing tell nothing
      const inputs = old.inputs.map((spec) =>
        draw(fc.boolean())
          ? spec
          : {
              ...draw(input(spec.name)),
              datatype: spec.datatype,
              constraints: draw(constraintsFor(spec.datatype)),
            },
      )
      const next = { ...old, inputs }
      if (narrowing(old, next) !== undefined) return
      for (let round = 0; round < 5; round++) {
        const request = roll(old, draw)
        if (!takes(old, request)) continue
        met += 1
        assert.ok(takes(next, request))
      }
    }),
    { ...asDrawn, numRuns: 2_000 },
  )
  assert.ok(met > 500, `${met} requests were taken`)
})
