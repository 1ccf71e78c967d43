/** Reading files of external data: once each, from beginning to end, each part to where it belongs. */
import { closeSync } from 'node:fs'
import { normalize } from 'node:path/posix'
import { fail } from '../errors.ts'
import { openExternal } from './external.ts'
import { pieceBytes, readThrough, type WasRead } from './read-through.ts'

/** A file of external data that was read. */
export interface ExternalRead extends WasRead {
  /** From the folder of the model's file, with `/`. */
  readonly location: string
  /** What `checkState` is to compare. */
  readonly state: string
}

/** Where bytes of a file are wanted. */
export interface Hole {
  readonly tensor: string
  readonly location: string
  /** Bytes from the start of the file. */
  readonly offset: number
  /** To be filled. */
  readonly target: Uint8Array
}

/** Fails with MODEL_UNREADABLE where a file is gone, outside, or too short by now. */
export function readHoles(
  { folder = '' }: { readonly folder?: string },
  holes: readonly Hole[],
  between: () => void,
): readonly ExternalRead[] {
  const byFile = Map.groupBy(holes, ({ location }) => normalize(location))
  return [...byFile].map(([location, group]) => readInto(folder, location, group, between))
}

function readInto(
  folder: string,
  location: string,
  holes: readonly Hole[],
  between: () => void,
): ExternalRead {
  const { descriptor, size, state } = openExternal(folder, location)
  try {
    const piece = new Uint8Array(Math.min(pieceBytes, size))
    const read = readThrough({
      descriptor,
      size,
      room: (_, most) => piece.subarray(0, most),
      took: spreadOver(holes),
      between,
    })
    const short = holes.find(({ offset, target }) => offset + target.byteLength > read.bytes)
    if (short === undefined) return { location, state, ...read }
    throw fail('MODEL_UNREADABLE', {
      problem: `tensor "${short.tensor}" in external data "${location}": expected bytes ${short.offset} to ${short.offset + short.target.byteLength}, got a file of ${read.bytes}`,
      hint: 'copy it again, it may be cut off',
    })
  } finally {
    closeSync(descriptor)
  }
}

/** Copies pieces that come in the order of the file; what holes have in common, to each. */
function spreadOver(holes: readonly Hole[]) {
  const inOrder = [...holes].sort((a, b) => a.offset - b.offset)
  let first = 0 // those before are full
  return (piece: Uint8Array, at: number): void => {
    const end = at + piece.byteLength
    while (first < inOrder.length && endOf(inOrder[first]!) <= at) first += 1
    for (let index = first; index < inOrder.length; index++) {
      const hole = inOrder[index]!
      if (hole.offset >= end) break
      const from = Math.max(at, hole.offset)
      const to = Math.min(end, endOf(hole))
      if (from < to) hole.target.set(piece.subarray(from - at, to - at), from - hole.offset)
    }
  }
}

const endOf = ({ offset, target }: Hole): number => offset + target.byteLength
