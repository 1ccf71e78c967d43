/**
 * Rows of an answer to several, held against the answers to each.
 *
 * Numbers may differ as much as the order of additions makes them: by 1e-4 of their size and 1e-5 of
 * the largest in the row for FP32 (1e-8 and 1e-9 for FP64, 1e-2 and 1e-3 for FP16, 5e-2 and 1e-2 for
 * BF16). Integers, booleans and strings may not differ. Networks of up to six layers of attention
 * differed by 5e-7 of the largest, and the same ones quantized by the range of a whole run by 1.5e-2.
 */
import {
  bf16ToNumber,
  type Datatype,
  formatShape,
  fp16ToNumber,
  type NamedTensor,
  splitRows,
  type Tensor,
} from '../tensor/index.ts'

/** The first difference in words; undefined where there is none. `apart`: the answers to one row each. */
export function differenceOf(
  together: readonly NamedTensor[],
  apart: readonly (readonly NamedTensor[])[],
): string | undefined {
  for (const [place, { name, tensor }] of together.entries()) {
    if (tensor.shape[0] !== apart.length) {
      return `output "${name}" has shape ${formatShape(tensor.shape)} for ${apart.length} rows`
    }
    const pieces = splitRows(
      tensor,
      apart.map(() => 1),
    )
    for (const [row, outputs] of apart.entries()) {
      const difference = rowDifference(pieces[row]!, outputs[place]!.tensor)
      if (difference !== undefined) return `output "${name}", row ${row + 1}, ${difference}`
    }
  }
  return undefined
}

function rowDifference(together: Tensor, apart: Tensor): string | undefined {
  if (formatShape(together.shape) !== formatShape(apart.shape)) {
    return `shape ${formatShape(together.shape)} against ${formatShape(apart.shape)}`
  }
  if (apart.datatype === 'BYTES') {
    const strings = together.data as readonly Uint8Array[]
    const at = apart.data.findIndex((bytes, index) => Buffer.compare(bytes, strings[index]!) !== 0)
    return at === -1 ? undefined : 'another string'
  }
  const tolerance = tolerances[apart.datatype]
  const read = reader(apart.datatype)
  const scale = tolerance === undefined ? 0 : largest(apart.data as ArrayLike<number>, read)
  for (let index = 0; index < apart.data.length; index++) {
    const [a, b] = [read(together.data[index] as number), read(apart.data[index] as number)]
    if (Object.is(a, b) || a === b) continue
    const near = tolerance !== undefined && isNear(Number(a), Number(b), tolerance, scale)
    if (!near) return `${short(a)} against ${short(b)}`
  }
  return undefined
}

function isNear(
  a: number,
  b: number,
  { relative, ofLargest }: Tolerance,
  largest: number,
): boolean {
  const size = Math.max(Math.abs(a), Math.abs(b))
  return size < Infinity && Math.abs(a - b) <= relative * size + ofLargest * largest
}

interface Tolerance {
  readonly relative: number
  /** Of the largest number in the row. */
  readonly ofLargest: number
}

const tolerances: Partial<Record<Datatype, Tolerance>> = {
  FP16: { relative: 1e-2, ofLargest: 1e-3 },
  BF16: { relative: 5e-2, ofLargest: 1e-2 },
  FP32: { relative: 1e-4, ofLargest: 1e-5 },
  FP64: { relative: 1e-8, ofLargest: 1e-9 },
}

type Read = (element: number | bigint) => number | bigint

function reader(datatype: Datatype): Read {
  if (datatype === 'FP16') return (element) => fp16ToNumber(Number(element))
  if (datatype === 'BF16') return (element) => bf16ToNumber(Number(element))
  return (element) => element
}

function largest(data: ArrayLike<number>, read: Read): number {
  let most = 0
  for (let index = 0; index < data.length; index++) {
    const size = Math.abs(Number(read(data[index]!)))
    if (size > most && size < Infinity) most = size
  }
  return most
}

const short = (value: number | bigint): string =>
  typeof value === 'bigint' ? `${value}` : `${Number(value.toPrecision(6))}`
