import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { difference } from './difference.ts'
import { oipReason, readOipAnswer } from './oip-answer.ts'

describe('an answer of the Open Inference Protocol', () => {
  it('says the same in JSON and in bytes', () => {
    const head = (data: object, more: object) => ({
      model_name: 'm',
      outputs: [
        { name: 'y', datatype: 'FP32', shape: [2], ...data },
        { name: 'z', datatype: 'INT64', shape: [1], ...more },
      ],
    })
    const json = Buffer.from(JSON.stringify(head({ data: [1.5, -2] }, { data: [7] })))
    const sized = (size: number) => ({ parameters: { binary_data_size: size } })
    const start = Buffer.from(JSON.stringify(head(sized(8), sized(8))))
    const raw = Buffer.alloc(16)
    raw.writeFloatLE(1.5, 0)
    raw.writeFloatLE(-2, 4)
    raw.writeBigInt64LE(7n, 8)
    const binary = Buffer.concat([start, raw])
    const first = readOipAnswer(json, undefined)
    assert.equal(difference(first, readOipAnswer(binary, start.length), 0), undefined)
    raw.writeFloatLE(1.25, 0)
    const other = readOipAnswer(Buffer.concat([start, raw]), start.length)
    assert.equal(difference(first, other, 0.01), 'y.values[0] is 1.25, expected 1.5')
  })

  for (const text of [
    'nonsense',
    '[]',
    '{"outputs": 1}',
    '{"outputs": [{"name": "y", "datatype": "FP1", "shape": [1], "data": [1]}]}',
    '{"outputs": [{"name": "y", "datatype": "FP32", "shape": [2], "data": [1]}]}',
    '{"outputs": [{"name": "y", "datatype": "FP32", "shape": [1], "parameters": {"binary_data_size": 4}}]}',
  ]) {
    it(`is none where it is ${text}`, () => {
      assert.throws(() => readOipAnswer(Buffer.from(text), undefined))
    })
  }
})

test('why a request was refused is read wherever a server says it', () => {
  const reason = (text: string) => oipReason(Buffer.from(text))
  assert.equal(reason('{"error": "queue full"}'), 'queue full')
  assert.equal(reason('{"detail": "no model"}'), 'no model')
  assert.equal(reason('{"error": {"code": 1}}'), undefined)
  assert.equal(reason('<html>'), undefined)
})
