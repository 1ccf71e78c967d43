import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ServingError } from '../errors.ts'
import {
  binaryOf,
  bytesOf,
  DATATYPES,
  type FixedDatatype,
  type FixedTensor,
  layoutOf,
  tensorFromBytes,
} from './index.ts'

const seed = 7
const fixed = DATATYPES.filter((datatype): datatype is FixedDatatype => datatype !== 'BYTES')

describe('tensors of fixed size and bytes', () => {
  for (const datatype of fixed) {
    const { size } = layoutOf(datatype)

    it(`${datatype}: bytes come back as they were, wherever they lie in memory`, () => {
      const cases = fc.tuple(fc.nat(3), fc.nat(4), fc.nat(9), fc.boolean(), fc.infiniteStream(byte))
      fc.assert(
        fc.property(cases, ([rows, columns, offset, asBuffer, noise]) => {
          const bytesOfNoise = noise.take(rows * columns * size)
          const content = Uint8Array.from(bytesOfNoise, (n) => (datatype === 'BOOL' ? n % 2 : n))
          const bytes = placed(content, offset, asBuffer)
          const tensor = tensorFromBytes('x', datatype, [rows, columns], bytes) as FixedTensor
          assert.deepEqual(tensor.shape, [rows, columns])
          assert.equal(tensor.data.length, rows * columns)
          assert.deepEqual(plain(binaryOf(tensor)), content)
        }),
        { seed },
      )
    })

    it(`${datatype}: aligned bytes are viewed, unaligned ones are copied`, () => {
      for (const asBuffer of [false, true]) {
        const aligned = placed(new Uint8Array(2 * size).fill(1), 8, asBuffer)
        const view = tensorFromBytes('x', datatype, [2], aligned) as FixedTensor
        assert.equal(view.data.buffer, aligned.buffer)
        assert.equal(view.data.byteOffset, aligned.byteOffset)
        if (size === 1) continue
        const unaligned = placed(new Uint8Array(2 * size).fill(1), 9, asBuffer)
        const copy = tensorFromBytes('x', datatype, [2], unaligned) as FixedTensor
        assert.notEqual(copy.data.buffer, unaligned.buffer)
      }
    })

    it(`${datatype}: one byte more or fewer than the shape asks for is refused`, () => {
      for (const length of [3 * size - 1, 3 * size + 1]) {
        assert.throws(
          () => tensorFromBytes('x', datatype, [3], new Uint8Array(length)),
          refused('COUNT_MISMATCH', `${length} bytes`),
        )
      }
    })
  }

  it('are little-endian', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    const read = (datatype: FixedDatatype, shape: number[]) => [
      ...(tensorFromBytes('x', datatype, shape, bytes) as FixedTensor).data,
    ]
    assert.deepEqual(read('UINT16', [4]), [0x0201, 0x0403, 0x0605, 0x0807])
    assert.deepEqual(read('INT64', [1]), [0x0807060504030201n])
    assert.deepEqual(read('UINT32', [2]), [0x04030201, 0x08070605])
  })

  it('bytes of a tensor are a view of its memory', () => {
    const data = Float32Array.of(1, 2, 3)
    const bytes = bytesOf({ datatype: 'FP32', shape: [2], data: data.subarray(1) })
    assert.equal(bytes.buffer, data.buffer)
    assert.equal(bytes.byteOffset, 4)
    assert.equal(bytes.byteLength, 8)
  })

  it('a scalar is one element', () => {
    const tensor = tensorFromBytes('x', 'INT16', [], Uint8Array.of(0xfe, 0xff)) as FixedTensor
    assert.deepEqual([...tensor.data], [-2])
  })
})

describe('tensors of strings and bytes', () => {
  const anyString = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.constantFrom(
      new Uint8Array(0),
      Uint8Array.of(0),
      Uint8Array.of(0, 0, 0, 0),
      Uint8Array.of(0xff, 0xfe, 0x80),
      new Uint8Array(Buffer.from('né\0t', 'utf8')),
    ),
  )

  it('come back as they were: empty, with NUL, and no UTF-8', () => {
    const cases = fc.tuple(fc.array(anyString, { maxLength: 6 }), fc.nat(9), fc.boolean())
    fc.assert(
      fc.property(cases, ([strings, offset, asBuffer]) => {
        const layout = binaryOf({ datatype: 'BYTES', shape: [strings.length], data: strings })
        const bytes = placed(layout, offset, asBuffer)
        const tensor = tensorFromBytes('x', 'BYTES', [strings.length], bytes)
        assert.deepEqual((tensor.data as Uint8Array[]).map(plain), strings.map(plain))
      }),
      { seed },
    )
  })

  it('each element has its length before it, in 4 bytes', () => {
    const data = [Buffer.from('ab'), new Uint8Array(0), Uint8Array.of(0)]
    assert.deepEqual(
      [...binaryOf({ datatype: 'BYTES', shape: [3], data })],
      [2, 0, 0, 0, 0x61, 0x62, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    )
  })

  it('every truncation, and one byte more, is refused', () => {
    fc.assert(
      fc.property(fc.array(anyString, { minLength: 1, maxLength: 5 }), (strings) => {
        const whole = binaryOf({ datatype: 'BYTES', shape: [strings.length], data: strings })
        const read = (bytes: Uint8Array) => () =>
          tensorFromBytes('x', 'BYTES', [strings.length], bytes)
        for (let length = 0; length < whole.length; length++) {
          assert.throws(read(whole.subarray(0, length)), refused('COUNT_MISMATCH'))
        }
        assert.throws(read(Buffer.concat([whole, Uint8Array.of(0)])), refused('COUNT_MISMATCH'))
      }),
      { seed, numRuns: 60 },
    )
  })

  it('a length beyond the end is refused, whatever it claims', () => {
    for (const claimed of [5, 2 ** 31, 2 ** 32 - 1]) {
      const bytes = new Uint8Array(8)
      new DataView(bytes.buffer).setUint32(0, claimed, true)
      assert.throws(() => tensorFromBytes('x', 'BYTES', [1], bytes), refused('COUNT_MISMATCH'))
    }
  })

  it('are views of the bytes they were read from', () => {
    const bytes = Uint8Array.of(1, 0, 0, 0, 65)
    const [first] = tensorFromBytes('x', 'BYTES', [1], bytes).data as Uint8Array[]
    assert.equal(first?.buffer, bytes.buffer)
  })
})

const byte = fc.integer({ min: 0, max: 255 })

/** A copy of bytes that lies at an offset of a larger buffer. */
function placed(content: Uint8Array, offset: number, asBuffer: boolean): Uint8Array {
  const memory = new ArrayBuffer(offset + content.length + 5)
  const bytes = asBuffer
    ? Buffer.from(memory, offset, content.length)
    : new Uint8Array(memory, offset, content.length)
  bytes.set(content)
  return bytes
}

const plain = (bytes: Uint8Array) => Uint8Array.from(bytes)

function refused(reason: string, words = '') {
  return (thrown: unknown) =>
    thrown instanceof ServingError && thrown.reason === reason && thrown.message.includes(words)
}

describe('truth values in bytes', () => {
  it('are 0 or 1: native code would count with any other', () => {
    assert.deepEqual(
      tensorFromBytes('x', 'BOOL', [3], Uint8Array.of(1, 0, 1)).data,
      Uint8Array.of(1, 0, 1),
    )
    assert.throws(
      () => tensorFromBytes('x', 'BOOL', [3], Uint8Array.of(1, 255, 0)),
      (thrown: ServingError) => thrown.reason === 'VALUE_INVALID' && /got 255/.test(thrown.message),
    )
  })
})
