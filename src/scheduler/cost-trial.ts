/**
 * Whether runs of another size take less time for a row than runs of the size in use.
 *
 * The first few come one after the other, which is enough where the difference is large. From then on
 * runs of both sizes take turns and each is held against the one before it, so that both saw the same
 * moment: a machine that became slower misleads nobody. It is over once the median is clear of the
 * noise.
 */
import { ENOUGH } from './cost-sizes.ts'
import { Recent } from './recent.ts'

export interface TrialOptions {
  readonly rows: number
  /** The size in use. */
  readonly against: number
  /** The share of its time for a row below which this one is better. */
  readonly worth: number
  /** There was never a run of this size. */
  readonly isNew: boolean
}

export class CostTrial {
  readonly rows: number
  readonly isNew: boolean
  readonly #options: TrialOptions
  /** Its times for a row, each to that of the size in use. */
  readonly #ratios = new Recent(MOST_RUNS)
  /** What the size in use took for a row since the last run of this one. */
  #against: number | undefined
  #passed = 0

  constructor(options: TrialOptions) {
    this.rows = options.rows
    this.isNew = options.isNew
    this.#options = options
  }

  /** Whether the next run should be of this size. */
  get isDue(): boolean {
    return this.#against !== undefined || (this.isNew && this.#ratios.count < ENOUGH)
  }

  /** That it was passed over so often that there is hardly ever so much that waits. */
  get isStuck(): boolean {
    return this.#passed > PATIENCE
  }

  /** Whether a run of so many rows is one of this size rather than of the one in use. */
  covers(rows: number): boolean {
    const { against } = this.#options
    return isAbout(this.rows, rows) && (this.rows < against || rows > against)
  }

  /** `usual`: what runs of the size in use took for a row lately. */
  add(msPerRow: number, usual: number): void {
    this.#ratios.add(msPerRow / (this.#against ?? usual))
    this.#against = undefined
    this.#passed = 0
  }

  /** A run of another size; with its time for a row, where it was of the size in use. */
  passOver(msPerRow?: number): void {
    this.#against = msPerRow ?? this.#against
    this.#passed += 1
  }

  /** `deviation`: of runs of one size, as a share of what they take. */
  verdict(deviation: number): 'better' | 'no better' | 'open' {
    const { count, median } = this.#ratios
    if (count < ENOUGH) return 'open'
    // of the median of so many: 1.25 times that of their mean
    const error = (1.25 * Math.max(deviation, deviationOf(this.#ratios))) / Math.sqrt(count)
    const difference = median - this.#options.worth
    if (count < MOST_RUNS && Math.abs(difference) < SURE * error) return 'open'
    return difference < 0 ? 'better' : 'no better'
  }
}

/** Whether a run that was meant to have so many rows may have come out like this. */
export const isAbout = (meant: number, rows: number): boolean =>
  rows <= meant && rows > meant * 0.75

/** What the standard deviation would be, were there no wild values; never less than a clock's noise. */
export const deviationOf = (values: Recent): number =>
  Math.max(LEAST_NOISE, (values.quantile(0.75) - values.quantile(0.25)) / 1.35)

/** Errors of the median by which a difference is clear. */
const SURE = 2
const LEAST_NOISE = 0.03
/** Runs after which the median decides, whatever the noise. */
const MOST_RUNS = 256
const PATIENCE = 64
