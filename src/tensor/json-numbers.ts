/**
 * Numbers of a JSON array straight from its bytes into the memory of a tensor, without the array,
 * the text and the objects between.
 *
 * What is read is what `JSON.parse` and `json-elements.ts` give for the same bytes. Both whole
 * digits and a power of ten up to 10^15 are exact as 64-bit floats, so their quotient is the float
 * nearest to what was written (Clinger, "How to read floating point numbers accurately", 1990).
 * An array in which one number has more digits, or an exponent, is parsed by `JSON.parse` after all,
 * which is quicker at those. What is no number, or none of the datatype, is left to the long way.
 */
import type { Datatype, FixedData, FixedDatatype } from './datatype.ts'

export type QuickDatatype = Extract<FixedDatatype, 'FP32' | 'FP64' | 'INT32' | 'INT64'>

export const isQuick = (datatype: Datatype): datatype is QuickDatatype =>
  datatype === 'FP32' || datatype === 'FP64' || datatype === 'INT32' || datatype === 'INT64'

/**
 * Reads exactly the numbers that are to fill `data` from `first` up to, not including, `end`. `from`
 * is the place behind the opening bracket. The place behind the closing one, or -1 where anything
 * is not plainly right.
 */
export function readNumbers(
  bytes: Uint8Array,
  from: number,
  data: FixedData,
  first: number,
  end: number,
): number {
  const fits = rangeOf(data)
  const isBig = data instanceof BigInt64Array
  let place = first
  let at = from
  for (;;) {
    at = skipBlanks(bytes, at)
    let byte = bytes[at]!
    const isNegative = byte === minus
    if (isNegative) byte = bytes[++at]!
    const start = at
    let value = 0
    if (byte === zero) byte = bytes[++at]!
    else {
      while (isDigit(byte)) {
        value = value * 10 + (byte - zero)
        byte = bytes[++at]!
      }
    }
    let digits = at - start
    if (digits === 0) return -1
    let scale = 0
    if (byte === point) {
      const behind = at + 1
      byte = bytes[++at]!
      while (isDigit(byte)) {
        value = value * 10 + (byte - zero)
        byte = bytes[++at]!
      }
      scale = at - behind
      if (scale === 0) return -1
      digits += scale
    }
    if (digits > exactDigits || byte === lowerE || byte === upperE) {
      return parseNumbers(bytes, from, data, first, end)
    }
    if (scale > 0) value /= powers[scale]!
    if (isNegative) value = -value
    if (place === end || !fits(value)) return -1
    data[place++] = isBig ? BigInt(value) : value
    at = skipBlanks(bytes, at)
    if (bytes[at] === comma) at += 1
    else return bytes[at] === closeBracket && place === end ? at + 1 : -1
  }
}

/** The first place from here on that is no blank. */
export function skipBlanks(bytes: Uint8Array, at: number): number {
  for (
    let byte = bytes[at];
    byte === 0x20 || (byte! >= 0x09 && byte! <= 0x0d);
    byte = bytes[++at]
  ) {
    // JSON knows no vertical tab and no form feed
    if (byte === 0x0b || byte === 0x0c) break
  }
  return at
}

/** The same by way of an array. */
function parseNumbers(
  bytes: Uint8Array,
  from: number,
  data: FixedData,
  first: number,
  end: number,
): number {
  const stop = bytes.indexOf(closeBracket, from)
  if (stop === -1) return -1
  const values = arrayOf(bytes, from, stop)
  if (values?.length !== end - first) return -1
  const fits = rangeOf(data)
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (typeof value !== 'number' || !fits(value)) return -1
    data[first + index] = data instanceof BigInt64Array ? BigInt(value) : value
  }
  return stop + 1
}

function arrayOf({ buffer, byteOffset }: Uint8Array, from: number, stop: number) {
  const text = Buffer.from(buffer, byteOffset + from, stop - from).toString('latin1')
  try {
    return JSON.parse(`[${text}]`) as readonly unknown[]
  } catch {
    return undefined
  }
}

type Fits = (value: number) => boolean

/** Whether a number may be stored as it is. */
function rangeOf(data: FixedData): Fits {
  if (data instanceof Float32Array) return fitsFloat
  if (data instanceof Float64Array) return Number.isFinite
  return data instanceof Int32Array ? fitsInteger : Number.isSafeInteger
}

const fitsFloat: Fits = (value) => value <= 3.4e38 && value >= -3.4e38
const fitsInteger: Fits = (value) => (value | 0) === value

const isDigit = (byte: number): boolean => byte >= zero && byte <= nine

const exactDigits = 15
const powers = Array.from({ length: exactDigits + 1 }, (_, exponent) => 10 ** exponent)
const zero = 0x30
const nine = 0x39
const minus = 0x2d
const upperE = 0x45
const lowerE = 0x65
const point = 0x2e
const comma = 0x2c
const closeBracket = 0x5d
