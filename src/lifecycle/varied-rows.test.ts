import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkRequest } from '../checked.ts'
import type { InferenceRequest } from '../predictor.ts'
import type { Constraints, InputSpec, Signature } from '../signature.ts'
import { DATATYPES, type Datatype, isFloat, type Tensor } from '../tensor/index.ts'
import { synthesize } from './sample.ts'
import { differ, sampleRows, variedRows } from './varied-rows.ts'

const signatureOf = (datatype: Datatype, constraints?: Constraints): Signature => {
  const spec: InputSpec = { name: 'x', datatype, shape: [-1, 3] }
  return {
    inputs: [constraints === undefined ? spec : { ...spec, constraints }],
    outputs: [{ name: 'y', datatype, shape: [-1, 3] }],
  }
}

function rowsFor(signature: Signature, width = 1, samples: readonly InferenceRequest[] = []) {
  const synthesized = synthesize(signature)
  return variedRows({ samples, synthesized, signature, count: 5 }, width)
}

const dataOf = (rows: readonly InferenceRequest[]) =>
  rows.map(({ inputs }) => Array.from(inputs[0]!.tensor.data as ArrayLike<unknown>))

const request = (tensor: Tensor): InferenceRequest => ({ inputs: [{ name: 'x', tensor }] })

describe('rows that differ', () => {
  it('are accepted by the signature, whatever its datatypes and constraints are', () => {
    const integers = DATATYPES.filter((datatype) => !isFloat(datatype) && datatype !== 'BYTES')
    const numbers = [...integers, 'FP32', 'FP64'] as const
    const constraints = fc.record(
      {
        minimum: fc.integer({ min: 0, max: 20 }).map((value) => value / 2),
        maximum: fc.integer({ min: 40, max: 90 }).map((value) => value / 2),
      },
      { requiredKeys: [] },
    )
    const width = fc.constantFrom(1, 100, 10_000)
    fc.assert(
      fc.property(fc.constantFrom(...numbers), constraints, width, (datatype, limits, width) => {
        if (datatype === 'BOOL') return
        const signature = signatureOf(datatype, limits)
        for (const row of rowsFor(signature, width)) {
          assert.doesNotThrow(() => checkRequest('m', signature, row))
        }
      }),
      { seed: 5, numRuns: 500 },
    )
  })

  for (const datatype of DATATYPES) {
    it(`can be made of ${datatype}, and are the same each time`, () => {
      const rows = rowsFor(signatureOf(datatype))
      assert.ok(differ(rows))
      assert.equal(rows.length, 5)
      assert.deepEqual(rows, rowsFor(signatureOf(datatype)))
    })
  }

  it('are of either sign, and further apart as they should be', () => {
    const spread = (width: number) =>
      Math.max(
        ...dataOf(rowsFor(signatureOf('FP32'), width))
          .flat()
          .map((value) => Math.abs(Number(value))),
      )
    assert.ok(
      dataOf(rowsFor(signatureOf('FP32')))
        .flat()
        .some((value) => Number(value) < 0),
    )
    assert.ok(spread(1) < 5)
    assert.ok(spread(10_000) > 5000)
  })

  it('are of different sizes, by which a model that scales a run by all of them is seen', () => {
    const wide = {
      ...signatureOf('FP32'),
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 400] }],
    } as const
    const [, ...rows] = dataOf(rowsFor(wide)) as number[][]
    const largest = rows.map((row) => Math.round(Math.max(...row.map(Math.abs))))
    assert.deepEqual(largest, [3, 4, 2, 3])
  })

  it('are of whole numbers that are as good as the one that is known: no greater', () => {
    const tensor: Tensor = {
      datatype: 'INT64',
      shape: [1, 3],
      data: BigInt64Array.of(7n, 0n, 2000n),
    }
    const signature = signatureOf('INT64')
    const rows = dataOf(rowsFor(signature, 1, [request(tensor)])) as bigint[][]
    for (const [a, b, c] of rows) {
      assert.ok(a! >= 0n && a! <= 7n && b! <= 1n && c! >= 0n && c! <= 2000n)
    }
    assert.ok(new Set(rows.map(([, , c]) => c)).size > 3)
  })

  it('are of values that are listed', () => {
    const [strings, numbers] = [
      rowsFor(signatureOf('BYTES', { allowed: ['ox', 'ape'] })),
      rowsFor(signatureOf('FP32', { allowed: [2, 5] })),
    ]
    assert.ok(differ(strings) && differ(numbers))
    assert.deepEqual(new Set(dataOf(strings).flat().map(String)), new Set(['ox', 'ape']))
    assert.deepEqual(new Set(dataOf(numbers).flat()), new Set([2, 5]))
  })

  it('are not to be had of strings whose sense nobody knows, of one value, or of nothing', () => {
    const word: Tensor = {
      datatype: 'BYTES',
      shape: [1, 3],
      data: ['a', 'b', 'c'].map((text) => Buffer.from(text)),
    }
    assert.equal(differ(rowsFor(signatureOf('BYTES'), 1, [request(word)])), false)
    assert.equal(differ(rowsFor(signatureOf('FP32', { minimum: 4, maximum: 4 }))), false)
    assert.deepEqual(
      variedRows(
        { samples: [], synthesized: undefined, signature: signatureOf('FP32'), count: 5 },
        1,
      ),
      [],
    )
  })
})

describe('the rows of samples', () => {
  const of = (rows: number, width: number) =>
    request({
      datatype: 'INT32',
      shape: [rows, width],
      data: Int32Array.from({ length: rows * width }, (_, at) => 10 * rows + at),
    })

  it('are those that have the shape of the first', () => {
    const rows = sampleRows([of(2, 3), of(1, 2), of(1, 3)])
    assert.deepEqual(dataOf(rows), [
      [20, 21, 22],
      [23, 24, 25],
      [10, 11, 12],
    ])
  })

  it('are none where an input has other rows, or none at all', () => {
    const { inputs } = of(2, 3)
    const scalar = {
      name: 's',
      tensor: { datatype: 'BOOL', shape: [], data: Uint8Array.of(1) } as const,
    }
    assert.deepEqual(sampleRows([{ inputs: [...inputs, scalar] }]), [])
    assert.deepEqual(sampleRows([{ inputs: [scalar] }, { inputs: [] }]), [])
  })
})
