/**
 * Counts of latencies in buckets of even width up to a power of two, and of twice that width for
 * each power more, as HdrHistogram has them. This little arithmetic needs no library.
 *
 * A quantile is never below the true one, and above it by at most one part in `2 ** bits`, or a
 * tenth of a microsecond.
 */
export class Histogram {
  readonly #bits: number
  readonly #counts: Uint32Array
  #count = 0
  #sum = 0
  #max = 0

  /** With 10 bits to 0.1 %, in 130 KB; with 6 to 1.6 %, in 9 KB. */
  constructor(bits = 10) {
    this.#bits = bits
    this.#counts = new Uint32Array((mostBits - bits + 2) * 2 ** bits)
  }

  /** Milliseconds. */
  add(value: number): void {
    const units = Math.min(2 ** mostBits, Math.max(0, Math.floor(value * unitsPerMs)))
    const index = this.#indexOf(units)
    this.#counts[index] = this.#counts[index]! + 1
    this.#count += 1
    this.#sum += value
    this.#max = Math.max(this.#max, value)
  }

  get count(): number {
    return this.#count
  }

  get max(): number {
    return this.#max
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  /** The `rank`-th smallest value, from 1. Undefined where there are not as many. */
  atRank(rank: number): number | undefined {
    if (rank > this.#count || rank < 1) return undefined
    let seen = 0
    for (let index = 0; ; index++) {
      seen += this.#counts[index]!
      if (seen >= rank) return Math.min(this.#max, this.#endOf(index))
    }
  }

  /** How many are no greater, as far as the buckets tell. */
  countUpTo(value: number): number {
    let seen = 0
    for (const { to, count } of this.buckets()) {
      if (to > value) break
      seen += count
    }
    return seen
  }

  /** Those that hold something, smallest first; milliseconds. */
  *buckets(): Generator<{ readonly from: number; readonly to: number; readonly count: number }> {
    for (let index = 0; index < this.#counts.length; index++) {
      const count = this.#counts[index]!
      if (count === 0) continue
      yield { from: index === 0 ? 0 : this.#endOf(index - 1), to: this.#endOf(index), count }
    }
  }

  #indexOf(units: number): number {
    if (units < 2 ** this.#bits) return units
    const shift = exponentOf(units) - this.#bits
    return shift * 2 ** this.#bits + Math.floor(units / 2 ** shift)
  }

  #endOf(index: number): number {
    const size = 2 ** this.#bits
    if (index < size) return (index + 1) / unitsPerMs
    const shift = Math.floor(index / size) - 1
    return ((index - shift * size + 1) * 2 ** shift) / unitsPerMs
  }
}

/** The whole part of the logarithm to base 2. */
const exponentOf = (units: number): number =>
  units < 2 ** 31 ? 31 - Math.clz32(units) : 62 - Math.clz32(units / 2 ** 31)

const unitsPerMs = 10_000
const mostBits = 40 // 30 hours
