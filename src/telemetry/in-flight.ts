/** How many requests are under way, and for how long they have been, added up without a gap. */
import type { InFlightCount } from '../events.ts'

export class InFlight implements InFlightCount {
  count = 0
  #ms = 0
  #since: number

  /** `now`: a moment of a clock that never jumps, in milliseconds, as all that follow. */
  constructor(now: number) {
    this.#since = now
  }

  begin(now: number): void {
    this.#pass(now)
    this.count += 1
  }

  end(now: number): void {
    this.#pass(now)
    this.count -= 1
  }

  msUntil(now: number): number {
    return this.#ms + this.count * (now - this.#since)
  }

  #pass(now: number): void {
    this.#ms += this.count * (now - this.#since)
    this.#since = now
  }
}
