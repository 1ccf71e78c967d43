import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Signature } from '../../signature.ts'
import { binaryOf, type NamedTensor, type Tensor } from '../../tensor/index.ts'
import { seal, unseal } from './envelope.ts'

const signature: Signature = {
  inputs: [],
  outputs: [
    { name: 'y', datatype: 'FP32', shape: [-1, -1] },
    { name: 's', datatype: 'BYTES', shape: [-1] },
    { name: 'n', datatype: 'INT64', shape: [-1] },
  ],
}

const tensors: fc.Arbitrary<readonly NamedTensor[]> = fc
  .tuple(
    fc
      .float32Array({ minLength: 1, maxLength: 9 })
      .map((data): Tensor => ({ datatype: 'FP32', shape: [1, data.length], data })),
    fc
      .array(fc.uint8Array({ maxLength: 5 }))
      .map((data): Tensor => ({ datatype: 'BYTES', shape: [data.length], data })),
    fc
      .bigInt64Array({ maxLength: 4 })
      .map((data): Tensor => ({ datatype: 'INT64', shape: [data.length], data })),
  )
  .map((all) => all.map((tensor, at) => ({ name: signature.outputs[at]!.name, tensor })))
const names = ['y', 's', 'n']

describe('outputs that lie elsewhere', () => {
  it('come back as they were, byte for byte, aligned wherever they were received', () => {
    fc.assert(
      fc.property(tensors, fc.nat(7), (outputs, offset) => {
        const sealed = seal('k', outputs)
        const received = Buffer.concat([Buffer.alloc(offset), sealed]).subarray(offset)
        assert.deepEqual(plain(unseal('k', received, names, signature)), plain(outputs))
      }),
    )
  })

  it('do not come back where any bit of them has changed', () => {
    fc.assert(
      fc.property(tensors, fc.nat(), fc.nat(7), (outputs, at, bit) => {
        const sealed = seal('k', outputs)
        sealed[at % sealed.length]! ^= 1 << bit
        assert.equal(unseal('k', sealed, names, signature), undefined)
      }),
      { numRuns: 500 },
    )
  })

  it('do not come back where they were cut, or something was added', () => {
    fc.assert(
      fc.property(tensors, fc.nat(), (outputs, length) => {
        const sealed = seal('k', outputs)
        const cut = sealed.subarray(0, length % sealed.length)
        assert.equal(unseal('k', cut, names, signature), undefined)
        const more = Buffer.concat([sealed, Buffer.from([0])])
        assert.equal(unseal('k', more, names, signature), undefined)
      }),
    )
  })

  const [y, s] = [
    { name: 'y', tensor: { datatype: 'FP32', shape: [1, 1], data: Float32Array.of(1) } },
    { name: 's', tensor: { datatype: 'BYTES', shape: [0], data: [] } },
  ] as const

  it('do not come back under another key, or as other outputs than were asked for', () => {
    const sealed = seal('k', [y, s])
    assert.ok(unseal('k', sealed, ['y', 's'], signature))
    assert.equal(unseal('l', sealed, ['y', 's'], signature), undefined)
    assert.equal(unseal('k', sealed, ['y'], signature), undefined)
    assert.equal(unseal('k', sealed, ['y', 's', 'n'], signature), undefined)
    assert.equal(unseal('k', sealed, ['s', 'y'], signature), undefined)
  })

  it('do not come back as another datatype than the version answers with', () => {
    const tensor: Tensor = { datatype: 'INT32', shape: [1, 1], data: Int32Array.of(1) }
    const sealed = seal('k', [{ name: 'y', tensor }])
    assert.equal(unseal('k', sealed, ['y'], signature), undefined)
  })
})

const plain = (outputs: readonly NamedTensor[] | undefined) =>
  outputs?.map(({ name, tensor }) => {
    const { datatype, shape } = tensor
    return [name, datatype, shape, Buffer.from(binaryOf(tensor)).toString('hex')]
  })
