/**
 * What runs of one version and shape take, learned from those that were made, and how many rows one
 * should have: as many as still make a row cheaper. On a processor that is often fewer than there are.
 *
 * A size that was never run is tried, at most twice the largest that is known, as long as larger ones
 * have been cheaper so far. One that was found dearer is tried again now and then, since the moment
 * may have been a bad one.
 */
import { lineThrough, type Run } from './cost-line.ts'
import { type CostPoint, CostSizes, ENOUGH } from './cost-sizes.ts'

export type { CostPoint }

export class CostModel {
  readonly #sizes = new CostSizes()
  /** The last ones, for sizes that nothing else tells of. */
  readonly #runs: Run[] = []
  #next = 0
  #bestRows = 1
  #bestMsPerRow = Number.POSITIVE_INFINITY
  #largest = 0
  #refusals = 0

  /** With what was known before. */
  constructor(points: readonly CostPoint[] = []) {
    for (const { rows, ms } of points) {
      for (let time = 0; time < ENOUGH; time++) this.record(rows, ms)
    }
  }

  /** A run of so many rows took so long. */
  record(rows: number, ms: number): void {
    this.#runs[this.#next] = { rows, ms }
    this.#next = (this.#next + 1) % longestMemory
    this.#sizes.add(rows, ms)
    this.#chooseBest()
  }

  /** In milliseconds; undefined where nothing is known. */
  predict(rows: number): number | undefined {
    const between = this.#sizes.between(rows)
    if (between !== undefined) return between
    const line = lineThrough(this.#runs)
    if (line !== undefined) return Math.max(0, line.fixed + line.perRow * rows)
    const nearest = this.#sizes.nearest(rows)
    // fewer rows take no more than those that are known, more of them as much for each
    return nearest && nearest.ms * Math.max(1, rows / nearest.rows)
  }

  /** More rows than that are not worth while, as far as is known. */
  get limit(): number {
    return this.#grows ? 2 * this.#largest : this.#bestRows
  }

  /** How many of so many rows that wait one run should take: between 1 and all of them. */
  best(available: number): number {
    const { limit } = this
    if (available <= limit) return Math.max(1, available)
    if (this.#grows) return limit
    this.#refusals += 1
    if (this.#refusals % triesAgainAfter !== 0) return limit
    return Math.min(available, 2 * limit)
  }

  points(): readonly CostPoint[] {
    return this.#sizes.points()
  }

  /** Whether the largest size that is known is the best, so that a larger one may be better. */
  get #grows(): boolean {
    return this.#bestRows === this.#largest
  }

  /** The least time for a row; a larger size must be clearly better than a smaller one. */
  #chooseBest(): void {
    this.#bestMsPerRow = Number.POSITIVE_INFINITY
    this.#sizes.forEach((rows, msPerRow) => {
      this.#largest = rows
      if (msPerRow >= this.#bestMsPerRow * (1 - worthWhile)) return
      this.#bestRows = rows
      this.#bestMsPerRow = msPerRow
    })
  }
}

const longestMemory = 50
const worthWhile = 0.03
const triesAgainAfter = 32
