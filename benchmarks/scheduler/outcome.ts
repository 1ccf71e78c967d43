/** What came of a load: good answers, refusals, and what must not be. Pure. */
import type { Sample } from '../question.ts'
import { quantile } from '../statistics.ts'

/** One element for each request, in the same order in all lists; times in milliseconds. */
export interface Load {
  readonly seconds: number
  /** Since the start. */
  readonly dueMs: readonly number[]
  /** From when it was due until it was sent. */
  readonly sentLateMs: readonly number[]
  /** From when it was due until it was answered. */
  readonly latencyMs: readonly number[]
  /** Of HTTP; 0 where the connection broke, 1 where the answer was wrong. */
  readonly status: readonly number[]
}

const refusals = new Set([429, 503, 504])

/** Of the requests that were answered; `figures` say the rest. Fails where an answer was wrong. */
export function sampleOfLoad(load: Load, withinMs = Number.POSITIVE_INFINITY): Sample {
  const { latencyMs, sentLateMs, status, seconds } = load
  const wrong = status.filter((one) => one === 1).length
  if (wrong > 0) throw new Error(`${wrong} of ${status.length} answers were wrong under load`)
  const answered = latencyMs.filter((_, i) => status[i] === 200)
  const refusedMs = latencyMs.flatMap((ms, i) =>
    refusals.has(status[i]!) ? [ms - sentLateMs[i]!] : [],
  )
  const good = answered.filter((ms) => ms <= withinMs).length
  const failed = status.length - answered.length - refusedMs.length
  return {
    requests: answered.length,
    seconds,
    p50Ms: quantileOf(answered, 0.5),
    p99Ms: quantileOf(answered, 0.99),
    sentLateP99Ms: quantileOf(sentLateMs, 0.99),
    figures: {
      asked: status.length,
      good,
      late: answered.length - good,
      refused: refusedMs.length,
      refusedP50Ms: quantileOf(refusedMs, 0.5),
      refusedP99Ms: quantileOf(refusedMs, 0.99),
      failed,
    },
  }
}

/** NaN of nothing: no claim is made of it. */
const quantileOf = (values: readonly number[], q: number) =>
  values.length === 0 ? Number.NaN : quantile(values, q)
