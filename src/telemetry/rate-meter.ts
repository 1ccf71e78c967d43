/**
 * How fast a counter grows, from looks at it that come when they come: an average in which the last
 * ten seconds count most, or the time between two looks where that is longer.
 */
export class RateMeter {
  #rate = 0
  #last: { readonly now: number; readonly count: number } | undefined

  /** A second; 0 at the first look. `now` in milliseconds. */
  look(now: number, count: number): number {
    const last = this.#last
    if (last !== undefined && now <= last.now) return this.#rate
    if (last !== undefined) {
      const passedMs = now - last.now
      const lately = ((count - last.count) / passedMs) * 1000
      this.#rate += (lately - this.#rate) * -Math.expm1(-passedMs / windowMs)
    }
    this.#last = { now, count }
    return this.#rate
  }
}

const windowMs = 10_000
