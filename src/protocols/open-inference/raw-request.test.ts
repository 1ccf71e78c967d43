import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Datatype, Shape } from '../../tensor/index.ts'
import { inputOf } from '../testing.ts'
import { decodeRaw } from './raw-request.ts'

const decode = (shape: Shape, bytes: Uint8Array, datatype: Datatype = 'INT16') => {
  const { inputs } = decodeRaw({ inputs: [inputOf('x', datatype, shape)], outputs: [] }, bytes)
  const { name, tensor } = inputs[0]!
  return [name, tensor.datatype, tensor.shape, Array.from<unknown>(tensor.data)]
}
const bytes = (...values: number[]) => Buffer.from(Int16Array.from(values).buffer)

describe('a body of nothing but bytes', () => {
  it('is as many rows as are in it, where these alone are left open', () => {
    assert.deepEqual(decode([-1, 2], bytes(1, 2, 3, 4)), ['x', 'INT16', [2, 2], [1, 2, 3, 4]])
    assert.deepEqual(decode([-1], bytes(7)), ['x', 'INT16', [1], [7]])
  })

  it('is one row, where another axis is left open too', () => {
    assert.deepEqual(decode([-1, -1], bytes(1, 2, 3)), ['x', 'INT16', [1, 3], [1, 2, 3]])
    assert.deepEqual(decode([-1, 2, -1], bytes(1, 2, 3, 4)).at(2), [1, 2, 2])
  })

  it('is the tensor of a model that leaves nothing open', () => {
    assert.deepEqual(decode([2], bytes(1, 2)), ['x', 'INT16', [2], [1, 2]])
    assert.deepEqual(decode([], bytes(5)), ['x', 'INT16', [], [5]])
  })

  it('is one string of a model that takes one', () => {
    const text = Buffer.from('some text')
    for (const shape of [[-1, 1], [1], [-1, -1], [-1]]) {
      assert.deepEqual(decode(shape, text, 'BYTES').at(3), [text])
    }
  })

  it('is refused where its size fits no shape', () => {
    for (const [shape, body] of [
      [[2], bytes(1)],
      [[-1, 2], bytes(1, 2, 3)],
      [[-1, 2], Buffer.from('odd')],
      [[-1, 0], bytes(1)],
    ] as const) {
      assert.throws(() => decode(shape, body), { reason: 'COUNT_MISMATCH' })
    }
  })

  it('is refused where the model does not say what it is', () => {
    const words = /without JSON \(a header length of 0\) cannot be read: /
    for (const [shape, datatype] of [
      [[-1, -1, -1], 'INT16'],
      [[2, -1, -1], 'INT16'],
      [[-1, 2], 'BYTES'],
    ] as const) {
      const refusal = { reason: 'BODY_MALFORMED', message: words }
      assert.throws(() => decode(shape, bytes(1), datatype), refusal)
    }
    for (const inputs of [[], [inputOf('a', 'INT8', [1]), inputOf('b', 'INT8', [1])]]) {
      const problem = { reason: 'BODY_MALFORMED', message: /has \d inputs, expected 1/ }
      assert.throws(() => decodeRaw({ inputs, outputs: [] }, bytes(1)), problem)
    }
  })
})
