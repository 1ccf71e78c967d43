/**
 * What a model's file is made of, without reading most of it: over the fields of its protobuf, past
 * weights and attributes. A model takes one read or two for each of its larger tensors.
 *
 * It serves for an estimate: bodies of If, Loop and Scan and functions are passed over, and where the
 * file is damaged, what comes after is not seen.
 */
import { dirname } from 'node:path'
import { normalize } from 'node:path/posix'
import { externalBytes } from './external.ts'
import { type Field, FieldReader } from './field-reader.ts'
import {
  StringStringEntryProtoSchema,
  TensorProto_DataType as Type,
} from './generated/onnx-ml_pb.ts'
import {
  GraphOutlineSchema,
  ModelOutlineSchema,
  NodeOutlineSchema,
  TensorOutlineSchema,
} from './generated/onnx-outline_pb.ts'
import { type Parts, tensorsOf } from './graph.ts'
import type { Sizes } from './memory.ts'
import { withModelFile } from './read.ts'

/** Holds the thread. Fails with MODEL_UNREADABLE when there is no readable file at this path. */
export function sizesOfFile(path: string): Sizes {
  const { node, initializer } = GraphOutlineSchema.field
  return withModelFile(path, (descriptor, size) => {
    const reader = new FieldReader(descriptor)
    const seen: Seen = { nodes: 0, classical: 0, half: 0, locations: new Set() }
    for (const part of reader.fields(0, size)) {
      if (part.number !== ModelOutlineSchema.field.graph.number) continue
      for (const field of reader.fields(part.from, part.to)) {
        if (field.number === node.number) seeNode(reader, field, seen)
        if (field.number === initializer.number) seeTensor(reader, field, seen)
      }
    }
    const { locations, ...counts } = seen
    const folder = dirname(path)
    const outside = [...locations].reduce((sum, each) => sum + externalBytes(folder, each), 0)
    const files = size + outside
    return { ...counts, half: Math.min(counts.half, files), files }
  })
}

/** The same of a model that was read. */
export function sizesOf(parts: Parts, files: number): Sizes {
  const classical = parts.nodes.filter(({ domain }) => domain === classicalDomain)
  return {
    files,
    nodes: parts.nodes.length,
    classical: classical
      .flatMap(({ attribute }) => attribute)
      .reduce((sum, { byteLength }) => sum + byteLength, 0),
    half: Math.min(
      tensorsOf(parts).reduce((sum, { dataType, dims }) => sum + halfBytes(dataType, dims), 0),
      files,
    ),
  }
}

const classicalDomain = 'ai.onnx.ml'

const halfBytes = (dataType: number, dims: readonly (number | bigint)[]): number =>
  dataType === Type.FLOAT16 || dataType === Type.BFLOAT16
    ? dims.reduce<number>((product, size) => product * Number(size), 2)
    : 0

interface Seen {
  nodes: number
  classical: number
  half: number
  readonly locations: Set<string>
}

function seeNode(reader: FieldReader, { from, to }: Field, seen: Seen): void {
  const { attribute, domain } = NodeOutlineSchema.field
  let attributes = 0
  let isClassical = false
  for (const field of reader.fields(from, to)) {
    if (field.number === attribute.number) attributes += field.to - field.from
    if (field.number === domain.number) isClassical = reader.text(field) === classicalDomain
  }
  seen.nodes += 1
  if (isClassical) seen.classical += attributes
}

function seeTensor(reader: FieldReader, { from, to }: Field, seen: Seen): void {
  const { dims, dataType, externalData } = TensorOutlineSchema.field
  const sizes: number[] = []
  let type = 0
  for (const field of reader.fields(from, to)) {
    if (field.number === dims.number) {
      for (const size of reader.numbers(field)) {
        if (sizes.length === mostAxes) break
        sizes.push(size)
      }
    }
    if (field.number === dataType.number) type = reader.numbers(field).next().value ?? 0
    if (field.number === externalData.number) {
      const location = locationIn(reader, field)
      if (location !== undefined) seen.locations.add(normalize(location))
    }
  }
  seen.half += halfBytes(type, sizes)
}

/** A file may claim any number. */
const mostAxes = 64

/** Of an entry of external data: its key and its value. */
function locationIn(reader: FieldReader, { from, to }: Field): string | undefined {
  const { key, value } = StringStringEntryProtoSchema.field
  let isLocation = false
  let location: string | undefined
  for (const field of reader.fields(from, to)) {
    if (field.number === key.number) isLocation = reader.text(field) === 'location'
    if (field.number === value.number) location = reader.text(field)
  }
  return isLocation ? location : undefined
}
