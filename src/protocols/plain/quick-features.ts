/**
 * The short way for what nearly every client sends: `{"features": [1, 2.5]}` or, for several rows,
 * `{"features": [[1, 2.5], [3, 4]]}`, to a model with one input of so many numbers a row. One pass
 * over the bytes, from the brace to the tensor.
 *
 * It gives what `decodeJson` gives for the same bytes, or nothing: then these are to be decoded, or
 * refused in its words, the long way.
 */
import type { InputSpec, Signature } from '../../signature.ts'
import {
  dataToFill,
  dynamic,
  type FixedData,
  isQuick,
  readNumbers,
  skipBlanks,
} from '../../tensor/index.ts'
import { closeBrace, closeBracket, openBrace, openBracket, quote } from '../json/index.ts'
import type { PlainRequest } from './decode.ts'

export function quickFeatures({ inputs }: Signature, bytes: Uint8Array): PlainRequest | undefined {
  const [spec] = inputs
  if (spec === undefined || inputs.length > 1 || !isQuick(spec.datatype)) return undefined
  const [rows, columns = 0] = spec.shape
  if (spec.shape.length !== 2 || rows !== dynamic || columns < 1) return undefined

  const at = startOfValue(bytes)
  if (at === -1 || bytes[at] !== openBracket) return undefined
  const first = skipBlanks(bytes, at + 1)
  const oneRow = bytes[first] !== openBracket
  // each number takes a byte, and one more stands before it
  const most = oneRow ? 1 : Math.floor((bytes.byteLength - at) / (2 * columns))
  const count = oneRow ? 1 : rowsFrom(bytes, first, most)
  if (count < 1 || count > most || 2 * columns > bytes.byteLength) return undefined

  const data = dataToFill(spec.datatype, count * columns)
  const end = oneRow
    ? readNumbers(bytes, at + 1, data, 0, columns)
    : readRows(bytes, first, data, columns)
  if (end === -1 || !endsBody(bytes, end)) return undefined
  return requestOf(spec, [count, columns], data, oneRow)
}

function requestOf(
  { name, datatype }: InputSpec,
  shape: readonly number[],
  data: FixedData,
  oneRow: boolean,
): PlainRequest {
  const tensor = { datatype: datatype as 'FP32', shape, data }
  return { request: { inputs: [{ name, tensor }] }, oneRow, pathOf: pathOfFeatures }
}

const pathOfFeatures = () => ['features']

/** The place of what the only key, `features`, stands for; -1 where there is no such key. */
function startOfValue(bytes: Uint8Array): number {
  let at = skipBlanks(bytes, 0)
  if (bytes[at] !== openBrace) return -1
  at = skipBlanks(bytes, at + 1)
  for (const byte of key) if (bytes[at++] !== byte) return -1
  at = skipBlanks(bytes, at)
  return bytes[at] === colon ? skipBlanks(bytes, at + 1) : -1
}

/** As many as brackets open, up to one too many. */
function rowsFrom(bytes: Uint8Array, from: number, most: number): number {
  let rows = 0
  for (let at = from; at < bytes.byteLength && rows <= most; at++) {
    if (bytes[at] === openBracket) rows += 1
  }
  return rows
}

/** The place behind the bracket around the rows, or -1. */
function readRows(bytes: Uint8Array, from: number, data: FixedData, columns: number): number {
  let at = from
  for (let filled = 0; filled < data.length; filled += columns) {
    if (bytes[at] !== openBracket) return -1
    at = readNumbers(bytes, at + 1, data, filled, filled + columns)
    if (at === -1) return -1
    at = skipBlanks(bytes, at)
    if (filled + columns < data.length) {
      if (bytes[at] !== comma) return -1
      at = skipBlanks(bytes, at + 1)
    }
  }
  return bytes[at] === closeBracket ? at + 1 : -1
}

function endsBody(bytes: Uint8Array, from: number): boolean {
  const at = skipBlanks(bytes, from)
  return bytes[at] === closeBrace && skipBlanks(bytes, at + 1) === bytes.byteLength
}

const key = [quote, ...Buffer.from('features'), quote]
const colon = 0x3a
const comma = 0x2c
