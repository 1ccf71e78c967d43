/** Loads in time that is moved by hand. */
import type { Clock, HandClock } from '../../clock.ts'
import { type Ask, answered, type Sample } from './outcome.ts'
import type { Pacer } from './pacer.ts'

/** By the clock itself. */
export function clockPacer(clock: Clock): Pacer {
  let cancel = () => {}
  return {
    follow(moments, start, due) {
      let next = 0
      const wait = () => {
        if (next < moments.length) cancel = clock.wakeAt(start + moments[next]!, ring)
      }
      const ring = () => {
        const now = clock.now() - start
        while (next < moments.length && moments[next]! <= now) next += 1
        due(next)
        wait()
      }
      wait()
    },
    async stop() {
      cancel()
    },
  }
}

/** A server of one place: first come, first served, but for the times in which it stands still. */
export function oneServer(
  clock: HandClock,
  {
    serviceMs,
    stalls = [],
  }: { serviceMs: number; stalls?: readonly (readonly [number, number])[] },
): Ask {
  let freeAt = 0
  return (_, done) => {
    let from = Math.max(clock.now(), freeAt)
    for (const [begin, end] of stalls) if (from >= begin && from < end) from = end
    freeAt = from + serviceMs
    clock.wakeAt(freeAt, () => done(answered))
  }
}

/** By nearest rank, of all samples. */
export function quantileOf(samples: readonly Sample[], q: number): number {
  const sorted = samples.map(({ done, due }) => done - due).sort((a, b) => a - b)
  return sorted[Math.ceil(q * sorted.length) - 1]!
}
