/**
 * How many rows one run should have at most, learned by trying.
 *
 * One size is in use until another is shown to take less time for a row. Twice as many rows are tried
 * as long as that gains, then sizes between, then fewer. After a size was found no better, a number of
 * full runs goes by before the next is tried, twice as many each time up to a bound; then sizes that
 * were rejected are tried again in their turn, so that what a noisy moment taught is unlearned. Runs
 * are counted, no clock is read.
 */
import { type CostPoint, type CostSizes, ENOUGH } from './cost-sizes.ts'
import { CostTrial, deviationOf, isAbout } from './cost-trial.ts'
import { Recent } from './recent.ts'

export class CostLimit {
  readonly #sizes: CostSizes
  /** Of full runs, the time of each to what they usually take. */
  readonly #noise = new Recent(NOISE_RUNS)
  #limit = 1
  #trial: CostTrial | undefined
  /** Which of the factors is next. */
  #turn = 0
  /** Full runs to come before the next trial, and after that one. */
  #rest = 0
  #nextRest = LEAST_REST

  /** Begins with the best of the sizes that are known. */
  constructor(sizes: CostSizes) {
    this.#sizes = sizes
    this.#begin()
  }

  get rows(): number {
    return this.#limit
  }

  /** The rows of the next run, of so many that wait. */
  best(available: number): number {
    const trial = this.#trial
    const rows = trial?.isDue && trial.rows <= available ? trial.rows : this.#limit
    return Math.max(1, Math.min(rows, available))
  }

  /** After the run was added to the sizes. */
  record(rows: number, ms: number): void {
    const full = this.#sizes.between(this.#limit)
    if (full === undefined) {
      this.#begin() // no run ever came out as large
      return
    }
    const [msPerRow, usual] = [ms / rows, full / this.#limit]
    if (this.#trial?.covers(rows)) {
      this.#trial.add(msPerRow, usual)
      this.#judge(this.#trial)
      return
    }
    const isFull = isAbout(this.#limit, rows)
    if (isFull) this.#noise.add(msPerRow / usual)
    this.#trial?.passOver(isFull ? msPerRow : undefined)
    if (this.#trial?.isStuck) this.#reject(this.#trial)
    else if (this.#trial === undefined && isFull) this.#wait()
  }

  #begin(): void {
    this.#limit = bestOf(this.#sizes.points())
    this.#turn = 0
    const next = this.#next()
    const isKnown = this.#sizes.isKnown(this.#limit)
    this.#trial = isKnown && next?.isNew ? next : undefined
    this.#rest = isKnown ? LEAST_REST : 0
  }

  #wait(): void {
    this.#rest -= 1
    if (this.#rest <= 0) this.#trial = this.#next()
  }

  #judge(trial: CostTrial): void {
    const verdict = trial.verdict(this.#noise.count < ENOUGH ? 0 : deviationOf(this.#noise))
    if (verdict === 'better') this.#accept(trial)
    else if (verdict === 'no better') this.#reject(trial)
  }

  #accept({ rows }: CostTrial): void {
    this.#limit = rows
    this.#nextRest = LEAST_REST
    // what gained is gone on with
    this.#trial = this.#next()
  }

  #reject({ isNew }: CostTrial): void {
    this.#turn += 1
    const next = this.#next()
    // what was never tried is tried at once
    this.#trial = isNew && next?.isNew ? next : undefined
    if (this.#trial !== undefined) return
    this.#rest = this.#nextRest
    this.#nextRest = Math.min(MOST_REST, this.#nextRest * 2)
  }

  /** The first from this turn on that is another size. */
  #next(): CostTrial | undefined {
    for (let step = 0; step < FACTORS.length; step++) {
      const factor = FACTORS[this.#turn % FACTORS.length]!
      const rows = Math.ceil(this.#limit * factor)
      if (rows !== this.#limit) {
        const worth = factor === HALF ? 1 / WORTH : WORTH
        return new CostTrial({
          rows,
          against: this.#limit,
          worth,
          isNew: !this.#sizes.isKnown(rows),
        })
      }
      this.#turn += 1
    }
    return undefined
  }
}

/** Going up, the last size that was worth its while; 1 where none is known. */
function bestOf([first, ...larger]: readonly CostPoint[]): number {
  if (first === undefined) return 1
  let best = first
  for (const point of larger) {
    if (point.ms / point.rows < (best.ms / best.rows) * WORTH) best = point
  }
  return best.rows
}

/** The half is gone back to unless it is worse: of two that are alike the smaller answers sooner. */
const HALF = 0.5
/** Sizes that are tried, to the one in use, in this order. */
const FACTORS = [2, 1.5, 1.25, 1.125, HALF, 0.75, 0.875]
/**
 * A larger size must take this share of the time for a row or less. Where a run has a fixed cost and
 * doubling would no longer gain so much, no size at all would gain more than 4 %.
 */
const WORTH = 0.98
const NOISE_RUNS = 32
const LEAST_REST = 64
const MOST_REST = 512
