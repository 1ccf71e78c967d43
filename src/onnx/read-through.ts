/** Reading an open file once, from its beginning to its end, with the digest of what was read. */
import { createHash } from 'node:crypto'
import { readSync } from 'node:fs'

export interface WasRead {
  readonly bytes: number
  /** SHA-256 in hex. */
  readonly sha256: string
}

export interface Reading {
  readonly descriptor: number
  /** What is beyond is not read: the file has grown since. */
  readonly size: number
  /** Where the bytes from `at` on are to be put, `most` of them or fewer. */
  readonly room: (at: number, most: number) => Uint8Array
  /** Is told of bytes that were put there. */
  readonly took?: (piece: Uint8Array, at: number) => void
  /** Called between pieces. What it throws ends the reading. */
  readonly between: () => void
}

/** Holds the thread until the file is read. */
export function readThrough({ descriptor, size, room, took, between }: Reading): WasRead {
  const digest = createHash('sha256')
  let at = 0
  while (at < size) {
    between()
    const wanted = room(at, Math.min(pieceBytes, size - at))
    const count = readSync(descriptor, wanted, 0, wanted.byteLength, at)
    if (count === 0) break // it was cut off since
    const piece = wanted.subarray(0, count)
    digest.update(piece)
    took?.(piece, at)
    at += count
  }
  return { bytes: at, sha256: digest.digest('hex') }
}

export const pieceBytes = 2 ** 20
