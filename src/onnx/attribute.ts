/** The attributes of nodes, which a model keeps as bytes: finding one, and what they hold inside. */
import { fromBinary } from '@bufbuild/protobuf'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { fail } from '../errors.ts'
import { type AttributeProto, AttributeProtoSchema } from './generated/onnx-ml_pb.ts'
import type { NodeOutline } from './generated/onnx-outline_pb.ts'
import type { OnnxModel } from './model.ts'

/** An attribute of a node by its name, decoded whole. */
export function attributeOf(
  model: OnnxModel,
  node: NodeOutline,
  name: string,
): AttributeProto | undefined {
  for (const bytes of node.attribute) {
    try {
      if (attributeName(bytes) === name) return fromBinary(AttributeProtoSchema, bytes)
    } catch (cause) {
      throw damaged(model.name, `a damaged attribute of ${node.opType}`, cause)
    }
  }
  return undefined
}

/** A tensor or graph inside an attribute, undecoded. */
export interface Held {
  readonly kind: 'tensor' | 'graph' | 'sparse'
  readonly payload: Uint8Array
}

/** Fields of AttributeProto that hold more than numbers and strings. */
const holders: Readonly<Record<number, Held['kind']>> = {
  5: 'tensor',
  6: 'graph',
  10: 'tensor',
  11: 'graph',
  22: 'sparse',
  23: 'sparse',
}

/** All that an attribute holds besides numbers and strings. Throws where it is damaged. */
export function heldBy(bytes: Uint8Array): readonly Held[] {
  const found: Held[] = []
  const reader = new BinaryReader(bytes)
  for (;;) {
    reader.pos = afterNumbers(bytes, reader.pos)
    if (reader.pos > reader.len) throw new RangeError('an attribute ends too soon')
    if (reader.pos === reader.len) return found
    const [field, wireType] = reader.tag()
    const kind = wireType === WireType.LengthDelimited ? holders[field] : undefined
    if (kind === undefined) reader.skip(wireType, field)
    else found.push({ kind, payload: reader.bytes() })
  }
}

/**
 * Passes over `ints` and `floats`, of which a forest has millions, one by one: a forest of 59 MB
 * took 800 ms by the reader's own skip, and takes 150 by this.
 */
function afterNumbers(bytes: Uint8Array, from: number): number {
  let at = from
  for (;;) {
    if (bytes[at] === tagOfInt) {
      at += 1
      while (bytes[at]! >= 0x80) at += 1
      at += 1
    } else if (bytes[at] === tagOfFloat) at += 5
    else return at
  }
}

const tagOfInt = (8 << 3) | WireType.Varint
const tagOfFloat = (7 << 3) | WireType.Bit32

/** The name is written first, so that long lists of numbers need not be read for it. */
function attributeName(bytes: Uint8Array): string | undefined {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (field === 1 && wireType === WireType.LengthDelimited) return reader.string()
    reader.skip(wireType, field)
  }
  return undefined
}

export const damaged = (name: string, got: string, cause?: unknown) =>
  fail(
    'MODEL_UNREADABLE',
    {
      problem: `${name} cannot be read: expected an ONNX model, got ${got}`,
      hint: 'export the model again',
    },
    cause,
  )
