/** Tensors as JSON text, by the rules of `json-elements.ts`. */
import { isUtf8 } from 'node:buffer'
import type { Datatype } from './datatype.ts'
import { bf16ToNumber, fp16ToNumber } from './float16.ts'
import type { Tensor } from './tensor.ts'

/** Every element in row-major order, as JSON text: `1,2,3`. */
export function elementsToJson(tensor: Tensor): string {
  return joinElements(tensor, 0, tensor.data.length)
}

/** Nested arrays, as JSON text: `[[1,2],[3,4]]`. A scalar is its element. */
export function tensorToJson(tensor: Tensor): string {
  const { shape } = tensor
  if (shape.length === 1) return `[${elementsToJson(tensor)}]`
  const nest = (axis: number, from: number, length: number): string => {
    if (axis === shape.length) return joinElements(tensor, from, 1)
    if (axis === shape.length - 1) return `[${joinElements(tensor, from, length)}]`
    const size = shape[axis]!
    const part = size === 0 ? 0 : length / size
    let text = ''
    for (let i = 0; i < size; i++) {
      text += (i === 0 ? '' : ',') + nest(axis + 1, from + i * part, part)
    }
    return `[${text}]`
  }
  return nest(0, 0, tensor.data.length)
}

/** One element as JSON text. */
export function elementToJson(tensor: Tensor, index: number): string {
  return joinElements(tensor, index, 1)
}

function joinElements(tensor: Tensor, from: number, length: number): string {
  const { datatype, data } = tensor
  const end = from + length
  let text = ''
  if (datatype === 'BYTES') {
    for (let i = from; i < end; i++) text += (i === from ? '' : ',') + bytesToJson(data[i]!)
    return text
  }
  if (datatype === 'BOOL') {
    for (let i = from; i < end; i++) text += (i === from ? '' : ',') + (data[i] !== 0)
    return text
  }
  const toNumber = sixteenBit[datatype]
  for (let i = from; i < end; i++) {
    const raw = data[i]!
    const value = toNumber === undefined ? raw : toNumber(raw as number)
    text += (i === from ? '' : ',') + (typeof value === 'bigint' ? value : numberToJson(value))
  }
  return text
}

const sixteenBit: Partial<Record<Datatype, (bits: number) => number>> = {
  FP16: fp16ToNumber,
  BF16: bf16ToNumber,
}

function numberToJson(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`
  return Object.is(value, -0) ? '-0' : `${value}`
}

function bytesToJson(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(buffer)
    ? JSON.stringify(buffer.toString('utf8'))
    : `{"b64":"${buffer.toString('base64')}"}`
}
