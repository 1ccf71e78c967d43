/**
 * A tensor: a datatype, a shape and its elements in row-major order. A value, without I/O.
 *
 * `tensorFromBytes` makes a view where the bytes lie aligned for the datatype, and a copy where
 * they do not; `bytesOf` is always a view. Rows are slices of the first axis.
 */
import { fail } from '../errors.ts'
import { type Datatype, type FixedData, type FixedDatatype, layoutOf } from './datatype.ts'
import { elementCount, type Shape } from './shape.ts'

export interface FixedTensor {
  readonly datatype: FixedDatatype
  readonly shape: Shape
  readonly data: FixedData
}

/** Strings are bytes: no encoding is assumed, and NUL is a byte like any other. */
export interface BytesTensor {
  readonly datatype: 'BYTES'
  readonly shape: Shape
  readonly data: readonly Uint8Array[]
}

export type Tensor = FixedTensor | BytesTensor

export interface NamedTensor {
  readonly name: string
  readonly tensor: Tensor
}

export function emptyData(datatype: FixedDatatype, length: number): FixedData {
  const { size, view } = layoutOf(datatype)
  return view(new ArrayBuffer(length * size), 0, length)
}

/**
 * Memory for elements that are all about to be written, with whatever was in it before. Little ones
 * lie together in memory that Node hands out: memory of their own costs more than filling it. Others
 * have memory of their own.
 */
export function dataToFill(datatype: FixedDatatype, length: number): FixedData {
  const { size, view } = layoutOf(datatype)
  const bytes = length * size
  const { buffer, byteOffset } =
    bytes > mostPooled ? Buffer.allocUnsafeSlow(bytes) : Buffer.allocUnsafe(bytes)
  return view(buffer, byteOffset, length)
}

/** The elements as bytes. Not a copy. */
export function bytesOf(tensor: FixedTensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Fails with COUNT_MISMATCH when there are more or fewer bytes than the shape asks for. */
export function tensorFromBytes(
  name: string,
  datatype: Datatype,
  shape: Shape,
  bytes: Uint8Array,
): Tensor {
  const count = elementCount(name, shape)
  if (datatype === 'BYTES') return { datatype, shape, data: readStrings(name, bytes, count) }

  if (datatype === 'BOOL') checkBooleans(name, bytes)
  const { size, view } = layoutOf(datatype)
  if (bytes.byteLength !== count * size) {
    throw fail('COUNT_MISMATCH', {
      input: name,
      expected: `${count * size} bytes (${count} elements of ${datatype})`,
      got: `${bytes.byteLength} bytes`,
    })
  }
  if (bytes.byteOffset % size === 0) {
    return { datatype, shape, data: view(bytes.buffer, bytes.byteOffset, count) }
  }
  const data = dataToFill(datatype, count)
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(bytes)
  return { datatype, shape, data }
}

/** Memory that the elements take, in bytes; of strings, what the binary layout takes. */
export function sizeOf(tensor: Tensor): number {
  if (tensor.datatype !== 'BYTES') return tensor.data.byteLength
  return tensor.data.reduce((sum, string) => sum + lengthBytes + string.byteLength, 0)
}

/** The bytes of a tensor as the binary layout has them: BYTES with a length before each element. */
export function binaryOf(tensor: Tensor): Uint8Array {
  return tensor.datatype === 'BYTES' ? writeStrings(tensor.data) : bytesOf(tensor)
}

/** Native code counts with the byte of a truth value: 255 would be 255 of what there is one of. */
function checkBooleans(name: string, bytes: Uint8Array): void {
  const wrong = bytes.find((byte) => byte > 1)
  if (wrong === undefined) return
  throw fail('VALUE_INVALID', { input: name, expected: 'bytes of 0 or 1 (BOOL)', got: `${wrong}` })
}

/** Bytes. Node takes at most half of its pool for one. */
const mostPooled = 2048

const lengthBytes = 4

function readStrings(name: string, bytes: Uint8Array, count: number): readonly Uint8Array[] {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const strings: Uint8Array[] = []
  let at = 0
  while (at < bytes.byteLength && strings.length < count) {
    const start = at + lengthBytes
    const end = start <= bytes.byteLength ? start + header.getUint32(at, true) : Infinity
    if (end > bytes.byteLength) break
    strings.push(bytes.subarray(start, end))
    at = end
  }
  if (strings.length !== count || at !== bytes.byteLength) {
    throw fail('COUNT_MISMATCH', {
      input: name,
      expected: `${count} strings, each after its length in 4 bytes`,
      got: `${bytes.byteLength} bytes that hold ${strings.length} whole ones and ${bytes.byteLength - at} bytes more`,
    })
  }
  return strings
}

function writeStrings(strings: readonly Uint8Array[]): Uint8Array {
  const total = strings.reduce((sum, string) => sum + lengthBytes + string.byteLength, 0)
  const bytes = new Uint8Array(total)
  const header = new DataView(bytes.buffer)
  let at = 0
  for (const string of strings) {
    header.setUint32(at, string.byteLength, true)
    bytes.set(string, at + lengthBytes)
    at += lengthBytes + string.byteLength
  }
  return bytes
}
