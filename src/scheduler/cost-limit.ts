/**
 * How many rows one run should have at most, learned by trying.
 *
 * One size holds the place until another is shown to take less time for a row. Others are tried in
 * turn: twice as many rows as long as that gains, then half, then sizes between. A trial is held
 * against what the holder takes now, so that a machine that became slower or faster misleads nobody,
 * and ends as soon as the difference is clear beside the noise. After a rejection it waits for a
 * number of full runs, twice as many each time up to a bound, and then tries the next: what a noisy
 * moment taught is unlearned. It counts runs and reads no clock.
 */
import { type CostPoint, type CostSizes, ENOUGH } from './cost-sizes.ts'
import { Recent } from './recent.ts'

export class CostLimit {
  readonly #sizes: CostSizes
  #limit: number
  /** Which of the factors is next. */
  #turn = 0
  #trial: Trial | undefined
  /** What the last full run took for a row. */
  #held: number | undefined
  /** Of full runs, the time each took to what they take. */
  readonly #noise = new Recent(NOISE_RUNS)
  /** Full runs to come before the next trial, and after it. */
  #rest = 0
  #nextRest = LEAST_REST

  /** Begins with the best of the sizes that are known. */
  constructor(sizes: CostSizes) {
    this.#sizes = sizes
    this.#limit = bestOf(sizes.points())
    this.#trial = this.#trialFrom(0)
  }

  get rows(): number {
    return this.#limit
  }

  /** The rows of the next run, of so many that wait. */
  best(available: number): number {
    const trial = this.#trial
    const isDue = trial !== undefined && trial.since > 0 && trial.rows <= available
    return Math.max(1, Math.min(isDue ? trial.rows : this.#limit, available))
  }

  /** After the run was added to the sizes. */
  record(rows: number, ms: number): void {
    const held = this.#sizes.between(this.#limit)
    if (held === undefined) this.#beginAnew()
    else {
      const msPerRow = ms / rows
      this.#held ??= held / this.#limit
      if (this.#trial !== undefined && isOf(this.#trial, rows, this.#limit)) this.#try(this.#trial, msPerRow)
      else this.#pass(rows, msPerRow)
    }
  }

  /** Nothing of this size ever came: of those that did, the best. */
  #beginAnew(): void {
    const limit = bestOf(this.#sizes.points())
    if (limit === this.#limit) return
    this.#limit = limit
    this.#held = undefined
    this.#trial = this.#trialFrom(0)
  }

  #try(trial: Trial, msPerRow: number): void {
    trial.since = 0
    trial.ratios.add(msPerRow / this.#held!)
    const verdict = judge(trial, this.#noise)
    if (verdict === 'better') this.#accept(trial)
    else if (verdict === 'worse') this.#reject(trial)
  }

  #pass(rows: number, msPerRow: number): void {
    const isFull = isAbout(this.#limit, rows)
    if (isFull) {
      this.#noise.add(msPerRow / this.#held!)
      this.#held = msPerRow
    }
    const trial = this.#trial
    if (trial === undefined) {
      if (isFull && --this.#rest <= 0) this.#trial = this.#trialFrom(this.#turn)
    } else {
      trial.since += 1
      // so many never wait, or requests never come out as that many
      if (trial.since > PATIENCE) this.#reject(trial)
    }
  }

  #accept({ rows }: Trial): void {
    this.#limit = rows
    this.#held = undefined
    this.#nextRest = LEAST_REST
    // what gained is gone on with
    this.#trial = this.#trialFrom(this.#turn)
  }

  #reject({ isNew }: Trial): void {
    this.#turn = (this.#turn + 1) % FACTORS.length
    const next = this.#trialFrom(this.#turn)
    // what was never tried is tried at once
    this.#trial = isNew && next?.isNew === true ? next : undefined
    if (this.#trial !== undefined) return
    this.#rest = this.#nextRest
    this.#nextRest = Math.min(MOST_REST, this.#nextRest * 2)
  }

  /** The first from this turn on that is another size. */
  #trialFrom(turn: number): Trial | undefined {
    for (let step = 0; step < FACTORS.length; step++) {
      this.#turn = (turn + step) % FACTORS.length
      const factor = FACTORS[this.#turn]!
      const rows = Math.ceil(this.#limit * factor)
      if (rows === this.#limit) continue
      const isNew = !this.#sizes.isKnown(rows)
      const worth = factor === 0.5 ? 1 / WORTH : WORTH
      return { rows, worth, isNew, since: 0, ratios: new Recent(MOST_RUNS) }
    }
    return undefined
  }
}

/** Another size beside the one that holds the place. */
interface Trial {
  readonly rows: number
  /** The share of the holder's time for a row below which it takes the place. */
  readonly worth: number
  readonly isNew: boolean
  /** Other runs since the last of its own. */
  since: number
  /** Its time for a row, each to that of the holder's run before it: both saw the same moment. */
  readonly ratios: Recent
}

/** By the median, once it is clear of the noise or there is no more patience. */
function judge({ ratios, worth }: Trial, noise: Recent): 'better' | 'worse' | 'open' {
  const { count, median } = ratios
  if (count < ENOUGH) return 'open'
  const deviation = Math.max(LEAST_NOISE, deviationOf(ratios), deviationOf(noise))
  // of the median of so many: 1.25 times that of the mean
  const error = (1.25 * deviation) / Math.sqrt(count)
  if (count < MOST_RUNS && Math.abs(median - worth) < SURE * error) return 'open'
  return median < worth ? 'better' : 'worse'
}

/** What the standard deviation would be, were there no wild values. */
const deviationOf = (values: Recent): number =>
  values.count === 0 ? 0 : (values.quantile(0.75) - values.quantile(0.25)) / 1.35

/** Going up, the last size that was worth its while. */
function bestOf(points: readonly CostPoint[]): number {
  const [first, ...larger] = points
  if (first === undefined) return 1
  let best = first
  for (const point of larger) {
    if (point.ms / point.rows < (best.ms / best.rows) * WORTH) best = point
  }
  return best.rows
}

/** Going up, what is no larger than the holder is of the holder. */
const isOf = ({ rows: meant }: Trial, rows: number, limit: number): boolean =>
  isAbout(meant, rows) && (meant < limit || rows > limit)

/** Whether a run that was meant to have so many rows may have come out like this. */
const isAbout = (meant: number, rows: number): boolean => rows <= meant && rows > meant * 0.75

/** In which order others are tried; the half is taken back also where it is no worse. */
const FACTORS = [2, 1.5, 1.25, 1.125, 0.5, 0.75, 0.875]
/**
 * Each doubling must take this share of the time for a row or less. With 0.98 a fixed cost whose
 * further halving would gain less leaves at most 4 % to be gained by any size.
 */
const WORTH = 0.98
/** Errors of the median by which a difference is clear. */
const SURE = 2
const LEAST_NOISE = 0.03
/** Runs of a trial, after which the median decides whatever the noise. */
const MOST_RUNS = 256
const NOISE_RUNS = 32
const PATIENCE = 64
const LEAST_REST = 64
const MOST_REST = 512
