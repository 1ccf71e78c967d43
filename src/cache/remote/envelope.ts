/**
 * Outputs as bytes that lie elsewhere, where they may be cut, changed, or of another Sluice:
 *
 *     1 byte    the version of this layout
 *     4 bytes   CRC-32 of the key and of all that follows, little-endian
 *     4 bytes   the length of the head, little-endian
 *     head      JSON: [[name, datatype, shape, bytes], …]
 *     data      of each output in the binary layout, one after the other
 */
import { crc32 } from 'node:zlib'
import type { Signature } from '../../signature.ts'
import {
  binaryOf,
  type Datatype,
  type NamedTensor,
  type Shape,
  tensorFromBytes,
} from '../../tensor/index.ts'

/** `key`: under which the bytes are put, so that no other key gives them. */
export function seal(key: string, outputs: readonly NamedTensor[]): Buffer {
  const data = outputs.map(({ tensor }) => binaryOf(tensor))
  const rows = outputs.map(({ name, tensor: { datatype, shape } }, place): Row => {
    return [name, datatype, shape, data[place]!.byteLength]
  })
  const head = Buffer.from(JSON.stringify(rows))
  const start = Buffer.alloc(headAt)
  const sealed = Buffer.concat([start, head, ...data])
  sealed[0] = layoutVersion
  sealed.writeUInt32LE(head.byteLength, lengthAt)
  sealed.writeUInt32LE(checksumOf(key, sealed), checksumAt)
  return sealed
}

/** Undefined where these are not, byte for byte, the outputs of these names that were sealed. */
export function unseal(
  key: string,
  sealed: Buffer,
  names: readonly string[],
  signature: Signature,
): readonly NamedTensor[] | undefined {
  if (sealed.byteLength < headAt || sealed[0] !== layoutVersion) return undefined
  if (sealed.readUInt32LE(checksumAt) !== checksumOf(key, sealed)) return undefined
  try {
    const dataAt = headAt + sealed.readUInt32LE(lengthAt)
    const rows = JSON.parse(sealed.toString('utf8', headAt, dataAt)) as readonly Row[]
    const outputs = outputsOf(rows, sealed.subarray(dataAt))
    return isWanted(outputs, names, signature) ? outputs : undefined
  } catch {
    return undefined // of another layout, and the same checksum
  }
}

type Row = readonly [name: string, datatype: Datatype, shape: Shape, bytes: number]

/** Copies: what was received is a slice of a larger piece of memory. */
function outputsOf(rows: readonly Row[], data: Uint8Array): readonly NamedTensor[] {
  let at = 0
  return rows.map(([name, datatype, shape, bytes]) => {
    const own = new Uint8Array(data.subarray(at, at + bytes))
    at += bytes
    return { name, tensor: tensorFromBytes(name, datatype, shape, own) }
  })
}

const isWanted = (
  outputs: readonly NamedTensor[],
  names: readonly string[],
  signature: Signature,
): boolean =>
  outputs.length === names.length &&
  outputs.every(
    ({ name, tensor }, place) =>
      name === names[place] &&
      signature.outputs.find((spec) => spec.name === name)?.datatype === tensor.datatype,
  )

const checksumOf = (key: string, sealed: Buffer): number =>
  crc32(sealed.subarray(lengthAt), crc32(key))

const layoutVersion = 1
const checksumAt = 1
const lengthAt = 5
const headAt = 9
