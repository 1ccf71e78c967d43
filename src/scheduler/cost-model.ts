/**
 * What a run of one version takes, by its number of rows and for one shape of requests: learned from
 * the runs there were. Memory is bounded, nothing is random, and no clock is read.
 */
import { CostLimit } from './cost-limit.ts'
import { type Line, lineThrough, type Run } from './cost-line.ts'
import { type CostPoint, CostSizes, ENOUGH } from './cost-sizes.ts'
import { Recent } from './recent.ts'

export type { CostPoint }

export class CostModel {
  readonly #sizes = new CostSizes()
  readonly #limit: CostLimit
  readonly #lately: Run[] = []
  readonly #exceeded = new Recent(LATELY)
  #next = 0
  #line: Line | undefined
  /** Runs since the line was drawn. */
  #sinceLine = Infinity

  /** `points`: what was known before, such as from `points()`. */
  constructor(points: readonly CostPoint[] = []) {
    for (const { rows, ms } of points) {
      for (let run = 0; run < ENOUGH; run++) this.#add(rows, ms)
    }
    this.#limit = new CostLimit(this.#sizes)
  }

  /** A run of so many rows took so long, in milliseconds. */
  record(rows: number, ms: number): void {
    if (!(rows >= 1 && ms >= 0 && ms < Infinity)) return
    const predicted = this.predict(rows)
    if (predicted !== undefined) this.#exceeded.add(Math.max(0, ms - predicted))
    this.#add(rows, ms)
    this.#limit.record(rows, ms)
  }

  /**
   * What a run of so many rows will take, in milliseconds: as those of this size took lately, or
   * between what smaller and larger ones took, or by a line through the last runs. Undefined where
   * nothing is known.
   */
  predict(rows: number): number | undefined {
    const between = this.#sizes.between(rows)
    if (between !== undefined) return between
    const line = this.#lineNow()
    if (line !== undefined) return Math.max(0, line.fixed + line.perRow * rows)
    const near = this.#sizes.nearest(rows) ?? this.#lately[0]
    return near && (near.ms / near.rows) * rows
  }

  /** Of 20 runs, 19 exceed what was predicted by no more than this, in milliseconds. */
  get spreadMs(): number {
    return this.#exceeded.count === 0 ? 0 : this.#exceeded.quantile(0.95)
  }

  /**
   * How many of so many rows that wait one run should take: as many as make it take the least time for
   * a row, or now and then another number that is to be tried.
   */
  best(available: number): number {
    return this.#limit.best(available)
  }

  /** The most rows that are worth while in one run, as far as is known. */
  get limit(): number {
    return this.#limit.rows
  }

  /** What is known of the sizes that were run, ascending: to be kept, and begun with. */
  points(): readonly CostPoint[] {
    return this.#sizes.points()
  }

  #add(rows: number, ms: number): void {
    this.#sizes.add(rows, ms)
    this.#lately[this.#next] = { rows, ms }
    this.#next = (this.#next + 1) % LATELY
    this.#sinceLine += 1
  }

  #lineNow(): Line | undefined {
    if (this.#sinceLine >= LINE_EVERY) {
      this.#sinceLine = 0
      this.#line = lineThrough(this.#lately)
    }
    return this.#line
  }
}

/** Runs that the line goes through. */
const LATELY = 50
/** Runs after which it is drawn again. */
const LINE_EVERY = 10
