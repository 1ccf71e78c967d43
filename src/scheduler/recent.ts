/** The last few numbers that were seen, in order of size, so that one wild value moves nothing. */
export class Recent {
  readonly #capacity: number
  /** As they came; the oldest is overwritten. */
  readonly #ring: number[] = []
  readonly #sorted: number[] = []
  #next = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get count(): number {
    return this.#ring.length
  }

  add(value: number): void {
    const oldest = this.#ring[this.#next]
    if (oldest !== undefined) this.#sorted.splice(placeOf(oldest, this.#sorted), 1)
    this.#ring[this.#next] = value
    this.#next = (this.#next + 1) % this.#capacity
    this.#sorted.splice(placeOf(value, this.#sorted), 0, value)
  }

  /** The value that a share of them lies below; NaN where there is none. */
  quantile(share: number): number {
    const last = this.#sorted.length - 1
    return this.#sorted[Math.min(last, Math.floor(share * this.#sorted.length))] ?? Number.NaN
  }

  get median(): number {
    return this.quantile(0.5)
  }
}

/** Where a value stands, or would, among sorted ones. */
function placeOf(value: number, sorted: readonly number[]): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
