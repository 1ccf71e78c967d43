/** Damaging what was right: bytes and texts, one to four times over. */
import type { Random } from './random.ts'

/** Flips, cuts, inserts, doubles and swaps pieces. `spice` are pieces that mean something here. */
export function mutate(
  bytes: Uint8Array,
  random: Random,
  spice: readonly Uint8Array[] = [],
): Buffer<ArrayBuffer> {
  let mutant = Buffer.from(bytes)
  const times = 1 + random.below(4)
  for (let time = 0; time < times; time++) mutant = mutateOnce(mutant, random, spice)
  return mutant
}

export function mutateText(text: string, random: Random, spice: readonly string[]): Buffer {
  return mutate(
    Buffer.from(text),
    random,
    spice.map((piece) => Buffer.from(piece)),
  )
}

function mutateOnce(
  bytes: Buffer<ArrayBuffer>,
  random: Random,
  spice: readonly Uint8Array[],
): Buffer<ArrayBuffer> {
  const from = random.below(bytes.length + 1)
  const to = Math.min(bytes.length, from + 1 + random.below(random.chance(0.8) ? 8 : bytes.length))
  const piece = bytes.subarray(from, to)
  switch (random.below(spice.length === 0 ? 6 : 8)) {
    case 0: // one bit
      if (from < bytes.length) bytes[from]! ^= 1 << random.below(8)
      return bytes
    case 1: // one byte
      if (from < bytes.length) bytes[from] = random.below(256)
      return bytes
    case 2: // the end
      return bytes.subarray(0, from)
    case 3: // a piece out of the middle
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
    case 4: // a piece twice, or many times
      return Buffer.concat([
        bytes.subarray(0, to),
        ...Array.from({ length: random.chance(0.95) ? 1 : random.below(200) }, () => piece),
        bytes.subarray(to),
      ])
    case 5: {
      // a piece somewhere else
      const at = random.below(bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
    }
    case 6: // what means something, put in
      return Buffer.concat([bytes.subarray(0, from), random.of(spice), bytes.subarray(from)])
    default: // and in place of something
      return Buffer.concat([bytes.subarray(0, from), random.of(spice), bytes.subarray(to)])
  }
}
