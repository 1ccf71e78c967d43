/**
 * How much of what a model can do it is asked for, as one number: 0 where nothing comes, 1 where no
 * more can be answered in time. Pure.
 *
 *     demand    = rows a second * seconds a row takes in a run of as many rows as are worth while
 *     capacity  = executors * the share of their time that may be used
 *     factor    = demand / capacity, or the share of its time that the event loop is busy
 *
 * whichever is more: a model whose runs are short is held up by the event loop first, on which every
 * request is read and answered.
 *
 * Without a latency to keep all of their time may be used. With one, only so much that 99 of 100
 * requests wait no longer than it leaves beside the run itself. The wait of a queue that is fed at
 * random and served in equal pieces is longer than `x` of these with a probability of `exp(-t x)`,
 * where the share of the time that is used is `t / (exp(t) - 1)` (M/D/1: Cramer and Lundberg's
 * exponent); several executors are one that is as fast as all of them.
 */

export interface Demand {
  readonly rowsPerSecond: number
  /** A run of as many rows as are worth while. */
  readonly best: { readonly rows: number; readonly ms: number } | undefined
  readonly executors: number
  /** In which 99 of 100 requests should be answered. */
  readonly sloMs: number | undefined
}

export interface Machine {
  /** Runs that compute at once, for all models together. */
  readonly threads: number
  /** The share of its time that the event loop is busy. */
  readonly loopUsed: number
}

/** Of one model, by its versions. */
export function loadFactor(versions: readonly Demand[], { threads, loopUsed }: Machine): number {
  const asked = versions.filter(
    (version) => version.rowsPerSecond >= leastRate && executorsNeeded(version) > 0,
  )
  const needed = asked.reduce((sum, version) => sum + executorsNeeded(version), 0)
  const executors = Math.min(
    threads,
    asked.reduce((sum, version) => sum + version.executors, 0),
  )
  const [most] = asked.toSorted((a, b) => executorsNeeded(b) - executorsNeeded(a))
  if (most === undefined || executors === 0) return 0
  return Math.max(loopUsed, needed / (executors * usableShare({ ...most, executors })))
}

/** Threads that compute without a pause for what comes. */
export const executorsNeeded = ({ rowsPerSecond, best }: Demand): number =>
  best === undefined ? 0 : (rowsPerSecond * best.ms) / best.rows / 1000

/** The share of the executors' time that may be used so that 99 of 100 requests are in time. */
export function usableShare({ best, executors, sloMs }: Omit<Demand, 'rowsPerSecond'>): number {
  if (sloMs === undefined || best === undefined || best.ms === 0) return 1
  const pieces = (executors * (sloMs - best.ms)) / best.ms
  // of a latency that no run can keep nothing is expected, and nothing is divided by 0
  if (pieces <= 0) return leastShare
  const exponent = Math.log(100) / pieces
  return Math.max(leastShare, exponent / Math.expm1(exponent))
}

const leastShare = 0.05
/** A mean that falls off never comes to 0: a row in so many seconds is nobody who asks. */
const leastRate = 0.001
