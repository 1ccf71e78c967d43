/**
 * Tensors in JSON, without silent loss.
 *
 * - Numbers stand for themselves. A float that is not finite is one of the strings "NaN",
 *   "Infinity" and "-Infinity", both ways; -0 stays -0.
 * - 64-bit integers are numbers with all their digits, both ways. A client whose JSON library
 *   rounds them may send strings of digits.
 * - FP16 and BF16 are numbers, rounded to nearest.
 * - BYTES are strings, in UTF-8. Bytes that are no UTF-8 are `{"b64": "…"}`, both ways.
 * - BOOL is true or false.
 * A number out of a datatype's range, and a fraction for an integer, are refused, never wrapped.
 */
import { fail, type Path, type ServingError } from '../errors.ts'
import { type Datatype, type FixedData, integerRange } from './datatype.ts'
import { numberToBf16, numberToFp16 } from './float16.ts'
import type { Shape } from './shape.ts'
import { dataToFill, type Tensor } from './tensor.ts'

export interface JsonSource {
  /** The input's name, for errors. */
  readonly name: string
  readonly datatype: Datatype
  /** Where the value lies in the request, for errors. */
  readonly path: Path
}

/** A number that JSON.parse may have rounded. Caught by `parseJson`. */
export class UnsafeInteger extends Error {
  /** What to say where it turns out to be no integer. */
  readonly refusal: ServingError

  constructor(refusal: ServingError) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/**
 * A whole number with all its digits, while `parseJson` decodes. Fails with the refusal where it is
 * none.
 */
export function wholeNumber(value: unknown, refusal: ServingError): bigint {
  if (typeof value === 'bigint') return value
  if (Number.isSafeInteger(value)) return BigInt(value as number)
  throw Number.isInteger(value) ? new UnsafeInteger(refusal) : refusal
}

export interface ElementWriter {
  /** Writes an element that is plainly right; false for any that needs a closer look. */
  tryWrite(index: number, value: unknown): boolean
  /** Writes an element, or fails and says where. */
  write(index: number, value: unknown, path: Path): void
  tensor(shape: Shape): Tensor
}

export function writerOf(source: JsonSource, count: number): ElementWriter {
  const { datatype } = source
  if (datatype === 'BYTES') return bytesWriter(source, count)
  const data = dataToFill(datatype, count)
  const convert = converters[datatype]
  const easy = easily[datatype]
  return {
    tryWrite(index, value) {
      if (easy === undefined || typeof value !== 'number' || !easy(value)) return false
      data[index] = value
      return true
    },
    write(index, value, path) {
      data[index] = convert(source, value, path) as FixedData[number]
    },
    tensor: (shape) => ({ datatype, shape, data }),
  }
}

/** Numbers that may be stored as they are. */
const easily: Partial<Record<Datatype, (value: number) => boolean>> = {
  FP32: (value) => value <= 3.4e38 && value >= -3.4e38,
  FP64: (value) => value <= Number.MAX_VALUE && value >= -Number.MAX_VALUE,
  INT32: (value) => (value | 0) === value,
  UINT8: (value) => (value & 0xff) === value,
}

function bytesWriter(source: JsonSource, count: number): ElementWriter {
  const data = new Array<Uint8Array>(count)
  const write = (index: number, value: unknown, path: Path) => {
    data[index] = toBytes(source, value, path)
  }
  return { tryWrite: () => false, write, tensor: (shape) => ({ datatype: 'BYTES', shape, data }) }
}

type Converter = (source: JsonSource, value: unknown, path: Path) => number | bigint

const converters: Record<Exclude<Datatype, 'BYTES'>, Converter> = {
  BOOL: (source, value, path) => {
    if (typeof value !== 'boolean') throw wrong(source, path, 'true or false', value)
    return value ? 1 : 0
  },
  UINT8: (...element) => Number(toInteger(...element)),
  UINT16: (...element) => Number(toInteger(...element)),
  UINT32: (...element) => Number(toInteger(...element)),
  UINT64: (...element) => toInteger(...element),
  INT8: (...element) => Number(toInteger(...element)),
  INT16: (...element) => Number(toInteger(...element)),
  INT32: (...element) => Number(toInteger(...element)),
  INT64: (...element) => toInteger(...element),
  FP16: (...element) => numberToFp16(toFloat(65504, ...element)),
  BF16: (...element) => numberToBf16(toFloat(largestBf16, ...element)),
  FP32: (...element) => toFloat(largestFp32, ...element),
  FP64: (...element) => toFloat(Number.MAX_VALUE, ...element),
}

const largestFp32 = (2 - 2 ** -23) * 2 ** 127
const largestBf16 = (2 - 2 ** -7) * 2 ** 127

function toInteger(source: JsonSource, value: unknown, path: Path): bigint {
  const [least, greatest] = integerRange(source.datatype)!
  const integer = integerOf(value)
  if (integer === undefined) {
    const refusal = wrong(source, path, `an integer (${source.datatype})`, value)
    throw Number.isInteger(value) ? new UnsafeInteger(refusal) : refusal
  }
  if (integer < least || integer > greatest) {
    throw outOfRange(source, path, `${source.datatype}, from ${least} to ${greatest}`, value)
  }
  return integer
}

/** Undefined for an integer that may have been rounded, too. */
function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value)
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined
}

function toFloat(largest: number, source: JsonSource, value: unknown, path: Path): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (number === 'NaN') return NaN
  if (number === 'Infinity') return Infinity
  if (number === '-Infinity') return -Infinity
  if (typeof number !== 'number') throw wrong(source, path, `a number (${source.datatype})`, value)
  // only a number too large for 64 bits is parsed as infinite
  if (Math.abs(number) > largest) {
    throw outOfRange(source, path, `${source.datatype}, at most ${largest}`, value)
  }
  return number
}

function toBytes(source: JsonSource, value: unknown, path: Path): Uint8Array {
  if (typeof value === 'string') {
    if (!value.isWellFormed())
      throw wrong(source, path, 'well-formed text', 'half a surrogate pair')
    return Buffer.from(value, 'utf8')
  }
  const encoded: unknown = (value as { b64?: unknown } | null)?.b64
  if (typeof encoded === 'string' && isBase64(encoded)) return Buffer.from(encoded, 'base64')
  throw wrong(source, path, 'a string, or {"b64": "…"} for bytes that are no text', value)
}

/** With its padding, or without any. A character alone at the end stands for no byte. */
function isBase64(text: string): boolean {
  const digits = /^([A-Za-z0-9+/]*)={0,2}$/.exec(text)?.[1]
  if (digits === undefined || digits.length % 4 === 1) return false
  return digits.length === text.length || text.length % 4 === 0
}

function wrong({ name, path: base }: JsonSource, path: Path, expected: string, got: unknown) {
  return fail('VALUE_INVALID', {
    input: name,
    expected,
    got: describe(got),
    path: [...base, ...path],
  })
}

function outOfRange({ name, path: base }: JsonSource, path: Path, expected: string, got: unknown) {
  return fail('VALUE_OUT_OF_RANGE', {
    input: name,
    expected,
    got: describe(got),
    path: [...base, ...path],
  })
}

/** A value in a few words, for errors. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (value === undefined) return 'nothing'
  if (value === Infinity || value === -Infinity) return 'a number too large for 64 bits'
  if (typeof value === 'bigint') return shorten(`${value}`)
  if (typeof value === 'object' && value !== null) return 'an object'
  return shorten(JSON.stringify(value))
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
