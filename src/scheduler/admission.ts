/**
 * Whether a request is let in to wait: pure. What would be answered too late is refused at once, so
 * that its client can do something better with the time, and nothing is computed for nobody.
 */
import { fail, type ServingError } from '../errors.ts'
import type { WhyShed } from '../events.ts'

/** What is before a request that comes now. */
export interface Backlog {
  /** Requests that wait, and the memory of their inputs. */
  readonly waiting: number
  readonly bytes: number
  /** Of these, those of the level of this request. */
  readonly waitingInLevel: number
  /** How long until it would begin to run, and how long that takes, as far as is known. */
  readonly waitMs: number
  readonly runMs: number
  /** By how much the answers before came later than was reckoned, but for the latest of them. */
  readonly overrunMs: number
}

export interface Bounds {
  readonly maxWaiting: number
  readonly maxBytes: number
  readonly maxWaitingInLevel: number
}

export interface Applicant {
  readonly model: string
  readonly bytes: number
  /** Until it should be answered, in milliseconds; Infinity where it does not matter. */
  readonly leftMs: number
}

export interface Refusal {
  readonly why: WhyShed
  readonly error: ServingError
}

/** Undefined where it may wait. */
export function refusalFor(
  { model, bytes, leftMs }: Applicant,
  backlog: Backlog,
  bounds: Bounds,
): Refusal | undefined {
  const { waitMs, runMs, overrunMs } = backlog
  const retry = waitMs > 0 ? { retryAfterMs: waitMs } : {}
  const predictedMs = waitMs + runMs + overrunMs
  if (predictedMs > leftMs * certainty) {
    return {
      why: 'late',
      error: fail('DEADLINE_UNREACHABLE', { model, predictedMs, leftMs, ...retry }),
    }
  }
  const full = (limit: number): Refusal => ({
    why: 'full',
    error: fail('QUEUE_FULL', { model, limit, ...retry }),
  })
  if (backlog.waiting >= bounds.maxWaiting) return full(bounds.maxWaiting)
  if (backlog.waitingInLevel >= bounds.maxWaitingInLevel) return full(bounds.maxWaitingInLevel)
  if (backlog.bytes + bytes > bounds.maxBytes && backlog.waiting > 0) {
    const limit = bounds.maxBytes
    return { why: 'bytes', error: fail('QUEUE_BYTES_FULL', { model, limit, ...retry }) }
  }
  return undefined
}

/** The share of the time left that a prediction may fill: runs vary, and the answer is to be sent. */
const certainty = 0.92 // as Clipper's (NSDI 2017) task executor
