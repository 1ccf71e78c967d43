/**
 * Putting what lies in files of external data into the bytes of the model itself, so that a runtime
 * opens no file, and gets the very bytes whose digest was taken. Each file is read once.
 *
 * Weights of the graph come first, as a graph of nothing else, and are read to where they belong;
 * the rest of the model follows. Readers of protobuf make one of the two graphs. What lies deeper,
 * in bodies of If, Loop and Scan or in values of nodes, is rarely external and costs a copy more.
 */
import { create, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { changedCopy } from './changed-copy.ts'
import { filled } from './filled.ts'
import {
  GraphOutlineSchema,
  ModelOutlineSchema,
  type TensorOutline,
  TensorOutlineSchema,
} from './generated/onnx-outline_pb.ts'
import { mainGraph, type Parts, tensorsOf } from './graph.ts'
import { type ExternalRead, type Hole, readHoles } from './holes.ts'
import { type ExternalPart, externalPart } from './initializers.ts'
import { encodeOnnx, type OnnxModel } from './model.ts'

export interface OnePiece {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Those that were read. */
  readonly files: readonly ExternalRead[]
}

/**
 * The parts are those of this model; preflight has found nothing wrong with it.
 * Fails with MODEL_UNREADABLE where a file is gone, outside, or too short by now.
 */
export function inOnePiece(model: OnnxModel, parts: Parts, between: () => void): OnePiece {
  const graph = mainGraph(model)
  const own = graph.initializer.filter(isExternal)
  const ownOnes = new Set(own)
  const deeper = tensorsOf(parts).filter((tensor) => isExternal(tensor) && !ownOnes.has(tensor))
  const rest: OnnxModel = {
    ...model,
    proto: changedCopy(model.proto, {
      graph: changedCopy(graph, {
        initializer: graph.initializer.filter((tensor) => !ownOnes.has(tensor)),
      }),
    }),
  }
  const tail = deeper.length === 0 ? encodeOnnx(rest) : new Uint8Array(0)
  const { size, write } = layOut(own)
  const bytes = new Uint8Array(size + tail.byteLength)
  bytes.set(tail, size)
  const holes = new Map(deeper.map((tensor) => [keyOf(externalPart(tensor)!), holeOf(tensor)]))
  const files = readHoles(model, [...write(bytes), ...holes.values()], between)
  if (deeper.length === 0) return { bytes, files }

  const whole = encodeOnnx(filled(rest, (part) => holes.get(keyOf(part))!.target))
  const joined = new Uint8Array(size + whole.byteLength)
  joined.set(bytes)
  joined.set(whole, size)
  return { bytes: joined, files }
}

const isExternal = (tensor: TensorOutline): boolean => externalPart(tensor) !== undefined

const keyOf = ({ location, offset, length }: ExternalPart) => `${location}\0${offset}\0${length}`

function holeOf(tensor: TensorOutline): Hole {
  const { location, offset, length } = externalPart(tensor)!
  return { tensor: tensor.name, location, offset, target: new Uint8Array(length) }
}

/** Tensors as a graph of their own: its size, and how it is written where nothing else is. */
function layOut(tensors: readonly TensorOutline[]) {
  const laid = tensors.map((tensor) => {
    const part = externalPart(tensor)!
    const head = headOf(tensor, part.length)
    return { tensor: tensor.name, part, head, size: head.byteLength + part.length }
  })
  const inside = laid.reduce((sum, { size }) => sum + size, 0)
  const start = field(ModelOutlineSchema.field.graph.number, inside)
  const write = (bytes: Uint8Array): readonly Hole[] => {
    if (laid.length > 0) bytes.set(start)
    let at = start.byteLength
    return laid.map(({ tensor, part, head, size }) => {
      bytes.set(head, at)
      const target = bytes.subarray(at + head.byteLength, at + size)
      at += size
      return { tensor, location: part.location, offset: part.offset, target }
    })
  }
  return { size: laid.length === 0 ? 0 : start.byteLength + inside, write }
}

/** All of a tensor before its numbers. */
function headOf({ name, dims, dataType }: TensorOutline, length: number): Uint8Array {
  const described = toBinary(
    TensorOutlineSchema,
    create(TensorOutlineSchema, { name, dims, dataType }),
  )
  const numbers = field(TensorOutlineSchema.field.rawData.number, length)
  const size = described.byteLength + numbers.byteLength + length
  const start = field(GraphOutlineSchema.field.initializer.number, size)
  return Buffer.concat([start, described, numbers])
}

/** The tag of a field and the length of what follows. */
const field = (number: number, length: number): Uint8Array =>
  new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(length).finish()
