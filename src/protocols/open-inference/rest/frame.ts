/**
 * What stays the same from one request to the next: the JSON around the numbers of a body, and what
 * it says.
 */
import {
  dataToFill,
  type FixedTensor,
  isQuick,
  layoutOf,
  type NamedTensor,
  readNumbers,
  type Tensor,
  tensorFromBytes,
} from '../../../tensor/index.ts'
import { openBracket, textOf } from '../../json/index.ts'
import type { OpenInferenceRequest } from './decode.ts'

export interface Frame {
  readonly headerLength: string | undefined
  /** The bytes before the numbers. */
  readonly head: Uint8Array
  /** The inputs of a body that begins with the head; undefined where it goes on in another way. */
  read(bytes: Uint8Array): readonly NamedTensor[] | undefined
  /** All that the body says, with these for its inputs. */
  request(inputs: readonly NamedTensor[]): OpenInferenceRequest
}

/** The frame of a body that says so much; undefined where it has none that could come again. */
export function frameOf(
  bytes: Uint8Array,
  headerLength: string | undefined,
  decoded: OpenInferenceRequest,
): Frame | undefined {
  const known =
    headerLength === undefined
      ? frameOfJson(bytes, decoded)
      : frameOfBinary(bytes, Number(headerLength), decoded)
  if (known === undefined) return undefined
  const {
    request: { outputs },
    ...rest
  } = decoded
  const request = (inputs: readonly NamedTensor[]) => {
    return { ...rest, request: outputs === undefined ? { inputs } : { inputs, outputs } }
  }
  return { ...known, headerLength, request }
}

/** Whether these bytes stand there. */
export function isAt(bytes: Uint8Array, from: number, expected: Uint8Array): boolean {
  for (let at = 0; at < expected.byteLength; at++) {
    if (bytes[from + at] !== expected[at]) return false
  }
  return true
}

type Known = Pick<Frame, 'head' | 'read'>

/** All JSON, and every input behind it. */
function frameOfBinary(
  bytes: Uint8Array,
  start: number,
  { request }: OpenInferenceRequest,
): Known | undefined {
  const parts = request.inputs.map(({ name, tensor }) => {
    return { name, datatype: tensor.datatype, shape: tensor.shape, size: sizeOf(tensor) }
  })
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  // where these differ some input lies in the JSON; strings have no size of their own
  if (start > longestFrame || start + size !== bytes.byteLength) return undefined
  const read = (body: Uint8Array) => {
    if (body.byteLength !== start + size) return undefined
    let at = start
    return parts.map(({ name, datatype, shape, size }) => {
      at += size
      return { name, tensor: tensorFromBytes(name, datatype, shape, body.subarray(at - size, at)) }
    })
  }
  return { head: copyOf(bytes, 0, start), read }
}

const sizeOf = ({ datatype, data }: Tensor): number =>
  datatype === 'BYTES' ? Number.NaN : data.length * layoutOf(datatype).size

/** One input, whose numbers lie in the JSON in one list. */
function frameOfJson(bytes: Uint8Array, { request }: OpenInferenceRequest): Known | undefined {
  const [input, ...others] = request.inputs
  if (input === undefined || others.length > 0 || !isQuick(input.tensor.datatype)) return undefined
  const { name } = input
  const {
    datatype,
    shape,
    data: { length: count },
  } = input.tensor
  const readList = (body: Uint8Array, from: number) => {
    // what a shape claims takes no memory before there is that much
    if (2 * count > body.byteLength) return undefined
    const data = dataToFill(datatype, count)
    const end = readNumbers(body, from, data, 0, count)
    return end === -1 ? undefined : { data, end }
  }
  const from = startOfList(bytes)
  const first = from === undefined ? undefined : readList(bytes, from)
  if (from === undefined || first === undefined) return undefined
  const head = copyOf(bytes, 0, from)
  const tail = copyOf(bytes, first.end, bytes.byteLength)
  if (!frames(head, tail)) return undefined
  const read = (body: Uint8Array) => {
    const list = readList(body, from)
    if (list === undefined || body.byteLength - list.end !== tail.byteLength) return undefined
    if (!isAt(body, list.end, tail)) return undefined
    return [{ name, tensor: { datatype, shape, data: list.data } as FixedTensor }]
  }
  return { head, read }
}

/** The memory of a body is used again; and no slice, since that of a Buffer is a view. */
const copyOf = (bytes: Uint8Array, from: number, to: number): Uint8Array =>
  new Uint8Array(bytes.subarray(from, to))

/** The place behind the bracket after the first key `data`. */
function startOfList(bytes: Uint8Array): number | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const key = buffer.indexOf('"data"')
  if (key === -1) return undefined
  const bracket = buffer.indexOf(openBracket, key)
  const between = buffer.toString('latin1', key + '"data"'.length, bracket)
  return bracket !== -1 && /^[ \t\r\n]*:[ \t\r\n]*$/.test(between) ? bracket + 1 : undefined
}

/**
 * Whether the list between these is the data of the one input, and not a part of a name, or of
 * something that is given again later: something else in its place must be found there. That is no
 * value of any number.
 */
function frames(head: Uint8Array, tail: Uint8Array): boolean {
  if (head.byteLength + tail.byteLength > longestFrame) return false
  const text = `${textOf(head.subarray(0, -1))}"${mark}"${textOf(tail)}`
  if (text.split(/[[{]/).length > deepest) return false
  const { inputs } = JSON.parse(text)
  return inputs.length === 1 && inputs[0].data === mark
}

/** Bytes. */
const longestFrame = 2048
/** Brackets, so that what nests too deeply for a long body is not known from a short one. */
const deepest = 100
const mark = 'no number'
