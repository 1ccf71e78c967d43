import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkRequest } from '../../checked.ts'
import { WrongUsage } from '../../predict/index.ts'
import type { Constraints, InputSpec } from '../../signature.ts'
import { DATATYPES, type Datatype } from '../../tensor/index.ts'
import { seeded } from '../arrivals/random.ts'
import { syntheticInputs } from './synthetic.ts'

describe('data that is made up', () => {
  it('is what the model takes, of every datatype and within what it declares', () => {
    const limits = fc.record(
      { minimum: fc.integer({ min: 0, max: 5 }), maximum: fc.integer({ min: 6, max: 90 }) },
      { requiredKeys: [] },
    )
    const lengths = fc.record(
      { minimumLength: fc.nat(5), maximumLength: fc.integer({ min: 5, max: 9 }) },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...DATATYPES),
        limits,
        lengths,
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        (datatype, range, length, rows, seed) => {
          const constraints =
            datatype === 'BYTES' ? length : datatype === 'BOOL' ? {} : (range as Constraints)
          const inputs = [spec('x', datatype, [-1, 3], constraints)]
          const made = () =>
            syntheticInputs(inputs, { rows, shapes: new Map(), random: seeded(seed) })
          checkRequest('m', { inputs, outputs: [] }, { inputs: made() })
          assert.deepEqual(made(), made())
          assert.equal(made()[0]!.tensor.shape[0], rows)
        },
      ),
      { seed: 2, numRuns: 500 },
    )
  })

  it('is a value that is allowed, columns that have names, and no input that may be left out', () => {
    const inputs = [
      spec('kind', 'BYTES', [-1, 1], { allowed: ['red', 'green'] }),
      spec('size', 'INT64', [-1, -1], { fields: ['a', 'b'], allowed: [7] }),
      { ...spec('more', 'FP32', [-1]), optional: true },
    ]
    const [kind, size, ...others] = made(inputs, 20)
    assert.deepEqual(others, [])
    const words = new Set((kind!.tensor.data as Uint8Array[]).map((word) => `${word}`))
    assert.deepEqual(words, new Set(['red', 'green']))
    assert.deepEqual(size!.tensor.shape, [20, 2])
    assert.ok((size!.tensor.data as BigInt64Array).every((value) => value === 7n))
  })

  it('spreads over its range, and differs', () => {
    const [x, pixels] = made([spec('x', 'FP32', [-1]), spec('p', 'UINT8', [-1])], 2000)
    const values = [...(x!.tensor.data as Float32Array)]
    assert.ok(Math.min(...values) < 0.01 && Math.max(...values) > 0.99 && Math.max(...values) <= 1)
    assert.ok(new Set(pixels!.tensor.data as Uint8Array).size > 250)
  })

  it('has the shape that was said', () => {
    const shapes = new Map([['ids', [2, 17]]])
    const inputs = [spec('ids', 'INT64', [-1, -1])]
    const [ids] = syntheticInputs(inputs, { rows: 1, shapes, random: seeded(1) })
    assert.deepEqual(ids!.tensor.shape, [2, 17])
  })

  it('is not made where a size cannot be known, or the rows do not fit', () => {
    assert.throws(
      () => made([spec('ids', 'INT64', [-1, -1])], 4),
      (thrown: WrongUsage) =>
        thrown instanceof WrongUsage && /--shape ids=4,128/.test(thrown.hint ?? ''),
    )
    assert.throws(() => made([spec('x', 'FP32', [1, 3])], 4), /cannot have 4 rows/)
    assert.deepEqual(made([spec('x', 'FP32', [4, 3])], 4)[0]!.tensor.shape, [4, 3])
    assert.deepEqual(made([spec('x', 'FP32', [4, 3])], 1)[0]!.tensor.shape, [4, 3])
  })
})

const made = (inputs: readonly InputSpec[], rows: number) =>
  syntheticInputs(inputs, { rows, shapes: new Map(), random: seeded(1) })

const spec = (
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  constraints?: Constraints,
): InputSpec => ({ name, datatype, shape, ...(constraints && { constraints }) })
