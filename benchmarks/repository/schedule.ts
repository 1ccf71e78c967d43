/** When an open loop asks: arrivals of many independent clients (Poisson). Pure. */
import { seeded } from '../statistics.ts'

/** Milliseconds since the start, without end; the same ones for the same seed. */
export function* arrivals(perSecond: number, seed: number): Generator<number, never> {
  if (!(perSecond > 0)) throw new RangeError(`${perSecond} arrivals a second: expected more than 0`)
  const random = seeded(seed)
  let at = 0
  for (;;) {
    at += (-Math.log(1 - random()) * 1000) / perSecond
    yield at
  }
}
