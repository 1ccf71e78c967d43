import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { binaryOf, type NamedTensor, type Tensor } from '../tensor/index.ts'
import { keptCopy, weightOf } from './kept-outputs.ts'

const batch = Float32Array.from({ length: 1000 }, (_, at) => at)
const row: NamedTensor = {
  name: 'y',
  tensor: { datatype: 'FP32', shape: [1, 2], data: batch.subarray(10, 12) },
}
const strings: NamedTensor = {
  name: 's',
  tensor: {
    datatype: 'BYTES',
    shape: [3],
    data: ['ab', '', 'c\0d'].map((text) => Buffer.from(text)),
  },
}

describe('outputs that are kept', () => {
  it('are equal to what was given', () => {
    assert.deepEqual(plain(keptCopy([row, strings])), plain([row, strings]))
  })

  it('hold on to no memory but their own', () => {
    const [kept, text] = keptCopy([row, strings])
    assert.equal(buffersOf(kept!.tensor)[0]!.byteLength, 8)
    assert.deepEqual(
      buffersOf(text!.tensor).map(({ byteLength }) => byteLength),
      [5, 5, 5],
    )
  })

  it('are not changed with what was given', () => {
    const data = Int32Array.of(1, 2)
    const [kept] = keptCopy([{ name: 'y', tensor: { datatype: 'INT32', shape: [2], data } }])
    data[0] = 9
    assert.deepEqual([...kept!.tensor.data], [1, 2])
  })

  it('can be given neither other tensors, nor other shapes, nor other strings', () => {
    const kept = keptCopy([row, strings])
    const [one, text] = kept
    for (const frozen of [kept, one, one!.tensor, one!.tensor.shape, text!.tensor.data]) {
      assert.ok(Object.isFrozen(frozen))
    }
  })

  it('weigh what they hold, and more for what is around it', () => {
    const light = weightOf(keptCopy([row]))
    const heavy: NamedTensor = {
      name: 'y',
      tensor: { datatype: 'FP32', shape: [1, 1000], data: batch },
    }
    assert.equal(weightOf(keptCopy([heavy])) - light, 4000 - 8)
    assert.ok(light > 8 + 300)
    assert.ok(weightOf(keptCopy([strings])) > weightOf([]) + 5 + 3 * 100)
  })
})

const plain = (outputs: readonly NamedTensor[]) =>
  outputs.map(({ name, tensor }) => {
    const { datatype, shape } = tensor
    return [name, datatype, [...shape], Buffer.from(binaryOf(tensor)).toString('hex')]
  })

const buffersOf = (tensor: Tensor): readonly ArrayBufferLike[] =>
  tensor.datatype === 'BYTES' ? tensor.data.map(({ buffer }) => buffer) : [tensor.data.buffer]
