/** What has been counted of each model version: the numbers that statistics endpoints print. */
export interface Statistics {
  /**
   * The versions that take requests or finish some, in the order of names; of one model, or one
   * version of it. Empty where there is none such.
   */
  modelStatistics(name?: string, version?: string): readonly VersionStatistics[]
}

/** Totals since the process began. They outlive unloading: a version loaded again goes on. */
export interface VersionStatistics {
  readonly name: string
  readonly version: string
  /** Wall time of the last answer, in milliseconds since 1970; 0 before the first. */
  readonly lastInference: number
  /** Rows answered, but for those of cached answers. */
  readonly inferenceCount: number
  /** Runs of the model: less than the rows where requests share runs. */
  readonly executionCount: number
  /**
   * Per request: `compute*` is the whole run, however many requests shared it, and none for cached
   * answers.
   */
  readonly success: Duration
  readonly fail: Duration
  readonly queue: Duration
  readonly computeInput: Duration
  readonly computeInfer: Duration
  readonly computeOutput: Duration
  /** Looking for answers that are kept; of misses, keeping them too. */
  readonly cacheHit: Duration
  readonly cacheMiss: Duration
  /** Per run, by its number of rows, smallest first. */
  readonly batches: readonly BatchStatistics[]
}

export interface BatchStatistics {
  readonly rows: number
  readonly computeInput: Duration
  readonly computeInfer: Duration
  readonly computeOutput: Duration
}

/** How often, and how many nanoseconds in all. */
export interface Duration {
  readonly count: number
  readonly ns: number
}
