/**
 * An ONNX model as Sluice holds it: the outline of its protobuf, over the bytes of the file.
 *
 * Weights are views of those bytes and attributes are undecoded (see onnx-outline.proto), so the
 * cost of reading grows with the number of nodes, not with their numbers. A model is a value:
 * rewriting one makes another that shares what did not change.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { fail } from '../errors.ts'
import { type ModelOutline, ModelOutlineSchema } from './generated/onnx-outline_pb.ts'

export interface OnnxModel {
  readonly proto: ModelOutline
  /** The file's base name, for messages. */
  readonly name: string
  /** Where the files of external data are looked for; left out for a model that is not on disk. */
  readonly folder?: string
  /** The size of the file itself, in bytes. */
  readonly fileBytes: number
  /** The labels that the ZipMap of an output gave, kept when it was taken out. */
  readonly zipMapLabels?: ReadonlyMap<string, ClassLabels>
}

/** Names of classes, in the order of their scores. */
export type ClassLabels = readonly (string | number)[]

/**
 * Reads a model from the bytes of its file, which it keeps: they must not change any more.
 * Fails with MODEL_UNREADABLE for anything else than an ONNX model.
 */
export function parseOnnx(bytes: Uint8Array, origin: { name: string; folder?: string }): OnnxModel {
  const { name } = origin
  const expected = 'expected an ONNX model'
  if (bytes.byteLength === 0) {
    throw fail('MODEL_UNREADABLE', {
      problem: `${name} is empty: ${expected}, got 0 bytes`,
      hint: 'copy the file again',
    })
  }
  const proto = decode(name, bytes)
  if (proto.graph === undefined) {
    throw fail('MODEL_UNREADABLE', {
      problem: `${name} is not an ONNX model: ${expected} with a graph, got ${bytes.byteLength} bytes of protobuf without one`,
      hint: looksLike(bytes) ?? 'export the model again, or check that this is the right file',
    })
  }
  return { ...origin, proto, fileBytes: bytes.byteLength }
}

/** The bytes of a model's file. Copies the weights. */
export const encodeOnnx = (model: OnnxModel): Uint8Array<ArrayBuffer> =>
  toBinary(ModelOutlineSchema, model.proto)

function decode(name: string, bytes: Uint8Array): ModelOutline {
  try {
    return fromBinary(ModelOutlineSchema, bytes)
  } catch (cause) {
    const problem = `${name} cannot be read: expected an ONNX model, got ${bytes.byteLength} bytes that end too soon or are something else`
    const hint = looksLike(bytes) ?? 'copy or export the file again: it may be cut off or damaged'
    throw fail('MODEL_UNREADABLE', { problem, hint }, cause)
  }
}

/** What the first bytes give away, for the files that are most often taken for a model. */
function looksLike(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(
    bytes.buffer,
    bytes.byteOffset,
    Math.min(bytes.byteLength, 64),
  ).toString('latin1')
  return beginnings.find(([beginning]) => start.startsWith(beginning))?.[1]
}

const beginnings: readonly (readonly [string, string])[] = [
  [
    'version https://git-lfs',
    'this is a Git LFS pointer: fetch the file itself with "git lfs pull"',
  ],
  ['PK\x03\x04', 'this is a zip archive: unpack it, or give the format it really has'],
  ['\x1f\x8b', 'this is compressed with gzip: unpack it'],
  ['\x80', 'this looks like a Python pickle: give it the ending .pkl or .joblib'],
  ['\x89HDF', 'this is an HDF5 file: export it to ONNX with tf2onnx'],
  ['<', 'this looks like a web page: the download went wrong'],
  ['{', 'this looks like JSON'],
]
