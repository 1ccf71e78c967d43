/** Looking for NaN and infinities in tensors that may be large. */
import type { Datatype, Tensor } from '../tensor/index.ts'

/** Gives the event loop a turn now and then. */
export async function hasNonFinite({ datatype, data }: Tensor): Promise<boolean> {
  const isNonFinite = tests[datatype]
  if (isNonFinite === undefined) return false
  for (let from = 0; from < data.length; from += ELEMENTS_A_TURN) {
    if (from > 0) await new Promise<void>((resolve) => setImmediate(resolve))
    const to = Math.min(data.length, from + ELEMENTS_A_TURN)
    for (let at = from; at < to; at++) {
      if (isNonFinite(data[at] as number)) return true
    }
  }
  return false
}

/** The halves are held as their bits: all bits of the exponent are set. */
const tests: Partial<Record<Datatype, (element: number) => boolean>> = {
  FP16: (bits) => (bits & 0x7c00) === 0x7c00,
  BF16: (bits) => (bits & 0x7f80) === 0x7f80,
  FP32: (value) => !Number.isFinite(value),
  FP64: (value) => !Number.isFinite(value),
}

const ELEMENTS_A_TURN = 2 ** 18
