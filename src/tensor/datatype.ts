/**
 * The datatypes of the Open Inference Protocol, and how one element of each lies in memory:
 * little-endian, no padding. BYTES has no fixed size: each element is a string of bytes.
 * Source: Open Inference Protocol, "Tensor Data Types"; Triton's binary data extension.
 */
export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'BF16',
  'FP32',
  'FP64',
  'BYTES',
] as const

export type Datatype = (typeof DATATYPES)[number]
export type FixedDatatype = Exclude<Datatype, 'BYTES'>

/** The arrays in which elements of fixed size are held. FP16 and BF16 are held as their bits. */
export type FixedData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array

export interface FixedLayout {
  /** Bytes an element. */
  readonly size: number
  readonly view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => FixedData
}

const layouts: Record<FixedDatatype, FixedLayout> = {
  BOOL: { size: 1, view: (b, o, n) => new Uint8Array(b, o, n) },
  UINT8: { size: 1, view: (b, o, n) => new Uint8Array(b, o, n) },
  UINT16: { size: 2, view: (b, o, n) => new Uint16Array(b, o, n) },
  UINT32: { size: 4, view: (b, o, n) => new Uint32Array(b, o, n) },
  UINT64: { size: 8, view: (b, o, n) => new BigUint64Array(b, o, n) },
  INT8: { size: 1, view: (b, o, n) => new Int8Array(b, o, n) },
  INT16: { size: 2, view: (b, o, n) => new Int16Array(b, o, n) },
  INT32: { size: 4, view: (b, o, n) => new Int32Array(b, o, n) },
  INT64: { size: 8, view: (b, o, n) => new BigInt64Array(b, o, n) },
  FP16: { size: 2, view: (b, o, n) => new Uint16Array(b, o, n) },
  BF16: { size: 2, view: (b, o, n) => new Uint16Array(b, o, n) },
  FP32: { size: 4, view: (b, o, n) => new Float32Array(b, o, n) },
  FP64: { size: 8, view: (b, o, n) => new Float64Array(b, o, n) },
}

export const layoutOf = (datatype: FixedDatatype): FixedLayout => layouts[datatype]

export const isDatatype = (text: string): text is Datatype =>
  (DATATYPES as readonly string[]).includes(text)

export const isFloat = (datatype: Datatype): boolean =>
  datatype === 'FP16' || datatype === 'BF16' || datatype === 'FP32' || datatype === 'FP64'

/** The least and greatest value of an integer datatype, both included; undefined for the others. */
export const integerRange = (datatype: Datatype): readonly [bigint, bigint] | undefined =>
  ranges[datatype]

const ranges: Partial<Record<Datatype, readonly [bigint, bigint]>> = {
  UINT8: [0n, 2n ** 8n - 1n],
  UINT16: [0n, 2n ** 16n - 1n],
  UINT32: [0n, 2n ** 32n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
  INT8: [-(2n ** 7n), 2n ** 7n - 1n],
  INT16: [-(2n ** 15n), 2n ** 15n - 1n],
  INT32: [-(2n ** 31n), 2n ** 31n - 1n],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
}
