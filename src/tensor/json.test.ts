import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  binaryOf,
  DATATYPES,
  type Datatype,
  elementsToJson,
  elementToJson,
  type JsonSource,
  layoutOf,
  parseJson,
  type Tensor,
  tensorFromFlat,
  tensorFromNested,
  tensorToJson,
} from './index.ts'

const seed = 17

describe('tensors through JSON text', () => {
  for (const datatype of DATATYPES) {
    it(`${datatype}: come back without loss, nested and flat`, () => {
      fc.assert(
        fc.property(anyTensor(datatype), (tensor) => {
          const nested = parseJson(tensorToJson(tensor), (value) =>
            tensorFromNested(sourceOf(datatype), value, tensor.shape.length),
          )
          const flat = parseJson(`[${elementsToJson(tensor)}]`, (value) =>
            tensorFromFlat(sourceOf(datatype), value, tensor.shape),
          )
          for (const back of [nested, flat]) assertSame(back, tensor)
        }),
        { seed, numRuns: 200 },
      )
    })
  }

  it('keep NaN, infinities and -0 apart', () => {
    const data = Float64Array.of(NaN, Infinity, -Infinity, -0, 0)
    const tensor: Tensor = { datatype: 'FP64', shape: [5], data }
    assert.equal(tensorToJson(tensor), '["NaN","Infinity","-Infinity",-0,0]')
    const back = fromText('FP64', tensorToJson(tensor), 1)
    for (const [index, value] of data.entries()) assert.ok(Object.is(back.data[index], value))
  })

  it('keep 64-bit integers to the last digit, as numbers and as strings of digits', () => {
    const signed = [2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n, -1n, 0n]
    const unsigned = [2n ** 64n - 1n, 2n ** 53n + 1n, 0n]
    for (const [datatype, values] of [
      ['INT64', signed],
      ['UINT64', unsigned],
    ] as const) {
      assert.deepEqual([...fromText(datatype, `[${values.join(',')}]`, 1).data], values)
      const strings = JSON.stringify(values.map(String))
      assert.deepEqual([...fromText(datatype, strings, 1).data], values)
    }
  })

  it('take an integer in any of the ways JSON writes it', () => {
    const text = '[1e18, 1000000000000000000.0, 9.007199254740993e15, 1E+3, -0, 5.0]'
    const expected = [10n ** 18n, 10n ** 18n, 2n ** 53n + 1n, 1000n, 0n, 5n]
    assert.deepEqual([...fromText('INT64', text, 1).data], expected)
  })

  it('are read again with all digits without harm to the other tensors of a request', () => {
    const text = '{"a": [9007199254740993], "b": [9007199254740993, 0.5], "c": [1e300]}'
    const [a, b, c] = parseJson(text, (value) => {
      const body = value as Record<'a' | 'b' | 'c', unknown>
      return [
        tensorFromNested(sourceOf('INT64'), body.a, 1),
        tensorFromNested(sourceOf('FP64'), body.b, 1),
        tensorFromNested(sourceOf('FP64'), body.c, 1),
      ]
    })
    assert.deepEqual([...a!.data], [9007199254740993n])
    assert.deepEqual([...b!.data], [9007199254740992, 0.5])
    assert.deepEqual([...c!.data], [1e300])
  })

  it('write bytes that are no UTF-8 as base64, and all others as text', () => {
    const data = [Uint8Array.of(0xff, 0), Buffer.from('é\0"'), new Uint8Array(0)]
    const tensor: Tensor = { datatype: 'BYTES', shape: [3], data }
    assert.equal(tensorToJson(tensor), '[{"b64":"/wA="},"é\\u0000\\"",""]')
  })

  it('take base64 with and without its padding', () => {
    const { data } = fromText('BYTES', '[{"b64":"/wA="},{"b64":"/wA"},{"b64":""}]', 1)
    assert.deepEqual(
      (data as Uint8Array[]).map((bytes) => [...bytes]),
      [[255, 0], [255, 0], []],
    )
  })

  it('round FP16 and BF16 to nearest', () => {
    assert.deepEqual([...fromText('FP16', '[1.0001, 65504]', 1).data], [0x3c00, 0x7bff])
    assert.deepEqual([...fromText('BF16', '[1.001, -2]', 1).data], [0x3f80, 0xc000])
  })

  it('write one element, a scalar, and axes of no size', () => {
    const data = Int32Array.of(4, 5, 6, 7)
    assert.equal(elementToJson({ datatype: 'INT32', shape: [2, 2], data }, 2), '6')
    assert.equal(tensorToJson({ datatype: 'INT32', shape: [2, 2], data }), '[[4,5],[6,7]]')
    assert.equal(tensorToJson({ datatype: 'INT32', shape: [], data: data.subarray(0, 1) }), '4')
    assert.equal(tensorToJson({ datatype: 'INT32', shape: [0, 2], data: new Int32Array() }), '[]')
    assert.equal(
      tensorToJson({ datatype: 'INT32', shape: [2, 0], data: new Int32Array() }),
      '[[],[]]',
    )
  })
})
const sourceOf = (datatype: Datatype): JsonSource => ({ name: 'x', datatype, path: [] })

const fromText = (datatype: Datatype, text: string, rank: number): Tensor =>
  parseJson(text, (value) => tensorFromNested(sourceOf(datatype), value, rank))

/** Any bits of the datatype, in a shape of up to three axes. */
function anyTensor(datatype: Datatype): fc.Arbitrary<Tensor> {
  const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 })
  return shapes.chain((shape): fc.Arbitrary<Tensor> => {
    const count = shape.reduce((product, size) => product * size, 1)
    const exactly = { minLength: count, maxLength: count }
    if (datatype === 'BYTES') {
      const string = fc.oneof(fc.uint8Array({ maxLength: 8 }), text)
      return fc.array(string, exactly).map((data) => ({ datatype, shape, data }))
    }
    const { size, view } = layoutOf(datatype)
    const length = count * size
    const bytes = fc.uint8Array({ minLength: length, maxLength: length })
    return bytes.map((raw) => {
      const content = datatype === 'BOOL' ? raw.map((byte) => byte & 1) : Uint8Array.from(raw)
      return { datatype, shape, data: view(content.buffer, 0, count) }
    })
  })
}

const text = fc.string({ unit: 'binary', maxLength: 5 }).map((string) => Buffer.from(string))

/** The same bits, but that one NaN is as good as another. */
function assertSame(actual: Tensor, expected: Tensor): void {
  assert.equal(actual.datatype, expected.datatype)
  assert.deepEqual(actual.shape, expected.shape)
  const { datatype } = expected
  if (datatype === 'FP16' || datatype === 'BF16') {
    const exponent = datatype === 'FP16' ? 0x7c00 : 0x7f80
    expected.data.forEach((bits, index) => {
      const isNaN16 = (value: number) => (value & 0x7fff) > exponent
      if (isNaN16(Number(bits))) assert.ok(isNaN16(Number(actual.data[index])))
      else assert.equal(actual.data[index], bits)
    })
  } else if (datatype === 'FP32' || datatype === 'FP64') {
    assert.deepEqual([...actual.data], [...expected.data])
  } else {
    assert.deepEqual(Uint8Array.from(binaryOf(actual)), Uint8Array.from(binaryOf(expected)))
  }
}
