/** One row of a warm-up sample, and many of it. */
import { setImmediate as aTurn } from 'node:timers/promises'
import { fail } from '../../errors.ts'
import {
  bytesOf,
  type Datatype,
  elementCount,
  emptyData,
  type FixedTensor,
  isFloat,
  layoutOf,
  type NamedTensor,
  numberToBf16,
  numberToFp16,
  type Shape,
  type Tensor,
  tensorFromBytes,
} from '../../tensor/index.ts'

export interface DescribedTensor {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: Shape
}

/** Zeros; empty strings. `rows` is how often it will be repeated. Fails where that is too much. */
export function tensorOfZeros(
  { name, datatype, shape }: DescribedTensor,
  rows: number,
): NamedTensor {
  const count = countOf(name, datatype, shape, rows)
  if (datatype === 'BYTES') {
    return { name, tensor: { datatype, shape, data: new Array(count).fill(new Uint8Array()) } }
  }
  return { name, tensor: { datatype, shape, data: emptyData(datatype, count) } }
}

/**
 * Numbers from 0 to 1, whole ones from 0 to 9, since an index that is too large is no input at all;
 * empty strings, as Triton has it. Gives the event loop a turn now and then.
 */
export async function tensorOfRandom(
  described: DescribedTensor,
  random: () => number,
  rows: number,
): Promise<NamedTensor> {
  const zeros = tensorOfZeros(described, rows)
  const { tensor } = zeros
  if (tensor.datatype !== 'BYTES') {
    const write = writer(tensor)
    for (let place = 0; place < tensor.data.length; place++) {
      if (place > 0 && place % ELEMENTS_A_TURN === 0) await aTurn()
      write(place, random())
    }
  }
  return zeros
}

/** The bytes of a file, of which there may be more than are needed; all of them for strings. */
export function tensorOfBytes(
  { name, datatype, shape }: DescribedTensor,
  file: string,
  bytes: Uint8Array,
  rows: number,
): NamedTensor {
  const count = countOf(name, datatype, shape, rows)
  if (datatype === 'BYTES') return { name, tensor: tensorFromBytes(name, datatype, shape, bytes) }
  const needed = count * layoutOf(datatype).size
  if (bytes.length < needed) {
    throw fail('WARM_UP_FAILED', {
      problem: `warmup setting expects ${needed} bytes, but the data provided from ${file} only has ${bytes.length} bytes`,
    })
  }
  return { name, tensor: tensorFromBytes(name, datatype, shape, bytes.subarray(0, needed)) }
}

/** The same row as often as is asked. */
export function rowsOf({ name, tensor }: NamedTensor, rows: number): NamedTensor {
  if (rows === 1) return { name, tensor }
  return { name, tensor: repeated(tensor, rows) }
}

function repeated(tensor: Tensor, rows: number): Tensor {
  const shape = [rows, ...tensor.shape.slice(1)]
  if (tensor.datatype === 'BYTES') {
    return { ...tensor, shape, data: Array.from({ length: rows }, () => tensor.data).flat() }
  }
  const all = { ...tensor, shape, data: emptyData(tensor.datatype, tensor.data.length * rows) }
  const row = bytesOf(tensor)
  for (let at = 0; at < rows; at++) bytesOf(all).set(row, at * row.length)
  return all
}

function countOf(name: string, datatype: Datatype, shape: Shape, rows: number): number {
  const count = elementCount(name, shape)
  // a row without elements is counted as one, so that there are not too many of them either
  const bytes = Math.max(1, count) * rows * (datatype === 'BYTES' ? 8 : layoutOf(datatype).size)
  if (bytes <= MOST_BYTES) return count
  throw fail('WARM_UP_FAILED', {
    problem: `input "${name}" would take ${bytes} bytes, and ${MOST_BYTES} are the most`,
  })
}

const MOST_BYTES = 2 ** 30
const ELEMENTS_A_TURN = 2 ** 18

function writer({ datatype, data }: FixedTensor): (place: number, value: number) => void {
  const whole = (value: number) => Math.floor(value * (datatype === 'BOOL' ? 2 : 10))
  const elementOf = (value: number): number | bigint => {
    if (datatype === 'FP16') return numberToFp16(value)
    if (datatype === 'BF16') return numberToBf16(value)
    if (datatype === 'INT64' || datatype === 'UINT64') return BigInt(whole(value))
    return isFloat(datatype) ? value : whole(value)
  }
  return (place, value) => {
    data[place] = elementOf(value) as never
  }
}
