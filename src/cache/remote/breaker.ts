/**
 * Whether it is worth asking what may be slow or gone. After a few failures in a row nobody asks for
 * a while, which grows; then one asks for all, and if that one is answered everybody may again.
 */
export class Breaker {
  #failures = 0
  #waitMs = firstWaitMs
  /** A moment of the clock. */
  #closedUntil: number | undefined
  #trying = false

  /** Whether nobody may ask, but for a try now and then. */
  get isOpen(): boolean {
    return this.#closedUntil !== undefined
  }

  /** To be followed by `succeeded` or `failed` where it may. */
  mayAsk(now: number): boolean {
    if (this.#closedUntil === undefined) return true
    if (this.#trying || now < this.#closedUntil) return false
    this.#trying = true
    return true
  }

  succeeded(): void {
    this.#failures = 0
    this.#waitMs = firstWaitMs
    this.#closedUntil = undefined
    this.#trying = false
  }

  /** Whether this was one too many, and nobody may ask from now on. */
  failed(now: number): boolean {
    this.#failures += 1
    const wasOpen = this.isOpen
    if (this.#trying) this.#waitMs = Math.min(this.#waitMs * 2, longestWaitMs)
    else if (wasOpen || this.#failures < inARow) return false
    this.#closedUntil = now + this.#waitMs
    this.#trying = false
    return !wasOpen
  }
}

const inARow = 3
const firstWaitMs = 1_000
const longestWaitMs = 30_000
