/**
 * The tensors inside a model. Their numbers lie in `raw_data`, in a field for each kind of number
 * (which the outline leaves undecoded), or in a file beside the model.
 * Source: the comments of TensorProto in onnx-ml.proto.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { fail } from '../errors.ts'
import type { Datatype, Shape } from '../tensor/index.ts'
import { byteLengthOf, type ElementType, elementType } from './element-type.ts'
import { TensorProto_DataLocation } from './generated/onnx-ml_pb.ts'
import type { TensorOutline } from './generated/onnx-outline_pb.ts'
import { mainGraph, partsOf, tensorsOf } from './graph.ts'
import type { OnnxModel } from './model.ts'

export interface Initializer {
  readonly name: string
  /** The ONNX name of its element type: `FLOAT`, `INT4`. */
  readonly type: string
  readonly datatype?: Datatype
  readonly shape: Shape
  readonly elements: number
  /** What the shape asks for; of strings, what is stored. */
  readonly byteLength: number
  readonly external?: ExternalPart
  /**
   * The elements as they lie in memory: row-major, little-endian, packed below 8 bits. A view of
   * the file where they are stored so, otherwise a copy; undefined for strings and external data.
   * Fails with MODEL_UNREADABLE where they are damaged.
   */
  bytes(): Uint8Array | undefined
}

/** A part of a file beside the model, as the model's file names it: not yet checked. */
export interface ExternalPart {
  readonly tensor: string
  readonly location: string
  /** Bytes from the start of the file. NaN where it is not a whole number from 0 on. */
  readonly offset: number
  /** Bytes; by the shape where the model does not say. NaN where it is not a whole number. */
  readonly length: number
}

/** The weights of the graph that is served, in the order of the file. */
export const initializers = (model: OnnxModel): readonly Initializer[] =>
  mainGraph(model).initializer.map(initializerOf)

/** Every part of another file that the model names, at any depth. */
export function externalFiles(model: OnnxModel): readonly ExternalPart[] {
  return tensorsOf(partsOf(model)).flatMap((tensor) => externalPart(tensor) ?? [])
}

export function initializerOf(tensor: TensorOutline): Initializer {
  const type = elementType(tensor.dataType)
  const shape = tensor.dims.map(Number)
  const elements = shape.reduce((product, size) => product * size, 1)
  const external = externalPart(tensor)
  return {
    name: tensor.name,
    type: type.name,
    ...(type.datatype === undefined ? {} : { datatype: type.datatype }),
    shape,
    elements,
    byteLength: byteLengthOf(type, elements) ?? storedBytes(tensor) ?? 0,
    ...(external === undefined ? {} : { external }),
    bytes: () =>
      external !== undefined || type.name === 'STRING' ? undefined : read(tensor, type),
  }
}

/** The bytes that are stored in the model's file; undefined for external data. */
export function storedBytes(tensor: TensorOutline): number | undefined {
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) return undefined
  const size = elementBytes(elementType(tensor.dataType))
  const stored = records(tensor).reduce((sum, record) => sum + lengthOf(record, size), 0)
  return tensor.rawData.byteLength + stored
}

/** The elements of a tensor of strings. */
export const stringsOf = (tensor: TensorOutline): readonly Uint8Array[] =>
  records(tensor)
    .filter(({ field }) => field === fields.string)
    .map(({ payload }) => payload)

export function externalPart(
  tensor: Pick<TensorOutline, 'name' | 'dims' | 'dataType' | 'dataLocation' | 'externalData'>,
): ExternalPart | undefined {
  if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) return undefined
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]))
  const elements = tensor.dims.reduce((product, size) => product * Number(size), 1)
  const needed = byteLengthOf(elementType(tensor.dataType), elements) ?? NaN
  // a length of 0 says nothing: the runtime reads as much as the shape asks for
  const length = wholeNumber(entries.get('length') ?? '0')
  return {
    tensor: tensor.name,
    location: entries.get('location') ?? '',
    offset: wholeNumber(entries.get('offset') ?? '0'),
    length: length === 0 ? needed : length,
  }
}

function wholeNumber(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : NaN
  return Number.isSafeInteger(number) ? number : NaN
}

const fields = { float: 4, int32: 5, string: 6, int64: 7, double: 10, uint64: 11 } as const

interface Stored {
  readonly field: number
  readonly packed: boolean
  /** Without the length before it. */
  readonly payload: Uint8Array
}

/** The fields of numbers, which the outline keeps as fields it does not know. */
function records(tensor: TensorOutline): readonly Stored[] {
  const wanted: readonly number[] = Object.values(fields)
  return (tensor.$unknown ?? [])
    .filter(({ no }) => wanted.includes(no))
    .map(({ no, wireType, data }) => {
      const packed = wireType === WireType.LengthDelimited
      return { field: no, packed, payload: packed ? new BinaryReader(data).bytes() : data }
    })
}

function lengthOf({ field, payload }: Stored, elementSize: number): number {
  if (field === fields.float || field === fields.double || field === fields.string) {
    return payload.byteLength
  }
  // the last byte of each varint, and no other, has its high bit clear
  let count = 0
  for (const byte of payload) if (byte < 0x80) count += 1
  return count * elementSize
}

/** Below 8 bits a number of `int32_data` holds a byte of packed elements. */
const elementBytes = ({ bits }: ElementType): number => Math.ceil((bits ?? 8) / 8)

function read(tensor: TensorOutline, type: ElementType): Uint8Array {
  if (tensor.rawData.byteLength > 0) return tensor.rawData
  try {
    const parts = records(tensor).map((record) => readRecord(record, elementBytes(type)))
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  } catch (cause) {
    const problem = `tensor "${tensor.name}" cannot be read: expected numbers of ${type.name}, got damaged ones`
    throw fail('MODEL_UNREADABLE', { problem, hint: 'export the model again' }, cause)
  }
}

function readRecord(record: Stored, size: number): Uint8Array {
  const { field, payload } = record
  if (field === fields.float || field === fields.double) return payload
  const bytes = new Uint8Array(lengthOf(record, size))
  const view = new DataView(bytes.buffer)
  const reader = new BinaryReader(payload)
  for (let at = 0; at < bytes.byteLength; at += size) {
    const value = BigInt(reader.int64())
    if (size === 1) view.setUint8(at, Number(value & 0xffn))
    else if (size === 2) view.setUint16(at, Number(value & 0xffffn), true)
    else if (size === 4) view.setUint32(at, Number(value & 0xffffffffn), true)
    else view.setBigInt64(at, value, true)
  }
  return bytes
}
