/**
 * What the executors of loaded versions are asked for and can do: read when somebody asks, by
 * metrics, by the admin API, and by what decides how many there are.
 */

export interface ExecutorFigures {
  /** Rows of all requests that came, also of those that were refused. Only grows. */
  readonly arrivedRows: number
  /** How long the first request in line has waited, in milliseconds; 0 where none does. */
  readonly oldestWaitMs: number
  /**
   * A run of as many rows as are worth while, for requests of the shape that ran last: what it takes
   * is known from the runs there were. Undefined before the first.
   */
  readonly best: { readonly rows: number; readonly ms: number } | undefined
  /** The most rows that are worth while in one run, for each shape of requests that came. */
  readonly limits: readonly { readonly shape: string; readonly rows: number }[]
}

/** The executors of one version. */
export interface LoadedExecutors {
  readonly model: string
  readonly version: string
  /** In which a request should be answered, where its configuration says so. */
  readonly sloMs: number | undefined
  /** On how many threads its runs may be at once. */
  readonly executors: number
  figures(): ExecutorFigures
}

/** Of all versions in memory. */
export interface Fleet {
  /** Runs that compute at once, for all models together. */
  readonly threads: number
  loaded(): readonly LoadedExecutors[]
  /** Those whose number is decided as they are asked for, and why it is what it is. */
  explain(): readonly ScalingExplained[]
}

/** The last decision about the executors of one version, and what it went by. */
export interface ScalingExplained {
  readonly model: string
  readonly version: string
  readonly executors: number
  readonly minimum: number
  readonly maximum: number
  /** It is only told what would be done. */
  readonly dryRun: boolean
  /** Undefined before the first. */
  readonly decision: ScalingDecision | undefined
}

export interface ScalingDecision {
  /** How many there should be. */
  readonly executors: number
  readonly why: WhyScaled
  readonly inputs: ScalingInputs
}

/**
 * - load: what comes fits so many
 * - burst: what came in a short time would wait too long with fewer
 * - panic: requests wait too long, or twice as many would be needed
 * - calm: fewer would do, and have not for long enough yet
 * - floor: no fewer are allowed · ceiling: no more are
 * - unknown: nothing has run yet
 */
export const WHY_SCALED = ['load', 'burst', 'panic', 'calm', 'floor', 'ceiling', 'unknown'] as const
export type WhyScaled = (typeof WHY_SCALED)[number]

/** What a decision went by. Rates are in rows a second, times in milliseconds. */
export interface ScalingInputs {
  /** Over the last second, and over the last ten: the newest count most. */
  readonly rowsPerSecond: number
  readonly rowsPerTenSeconds: number
  /** What a row takes in a run of as many as are worth while. */
  readonly rowMs: number | undefined
  /** Such a run. */
  readonly runMs: number | undefined
  /** The longest that 19 of 20 looks at the line have found its first request waiting, lately. */
  readonly waitMs: number
  /** How long a request may wait. */
  readonly budgetMs: number | undefined
  /** How many would be needed for what comes, and for the worst of the last bursts. */
  readonly neededForLoad: number | undefined
  readonly neededForBursts: number | undefined
}
