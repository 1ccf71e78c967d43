/** What one run showed, as plain values: for people, programs and the page alike. */
import type { Run } from '../load/run-load.ts'
import { ownFailure } from '../target/own-failure.ts'
import type { ServerSplit } from '../target/server-split.ts'
import type { Recorder } from './recorder.ts'
import { whyUnsteady } from './steadiness.ts'
import { whyInvalid } from './validity.ts'

/** Latencies are in milliseconds from when a request was due; null is later than any answer came. */
export interface Measured {
  /** What was counted, without the warm-up: answered and missed. */
  readonly requests: number
  readonly answered: number
  readonly missed: number
  readonly misses: readonly { readonly why: string; readonly count: number }[]
  readonly warmUpRequests: number
  readonly seconds: number
  /** A second. Scheduled is null in a closed loop. */
  readonly rate: {
    readonly scheduled: number | null
    readonly sent: number
    readonly answered: number
    readonly rows: number
    /** Answers within the SLO; null where there is none. */
    readonly goodput: number | null
  }
  readonly latencyMs: Latency
  /** How late requests were sent; null in a closed loop. */
  readonly lateMs: { readonly p50: number; readonly p99: number; readonly max: number } | null
  readonly withinSlo: number | null
  readonly server: ServerSplit | null
  /** CPU time of this process over wall time. */
  readonly generatorCores: number
  /** Why the figures are not those of the target; empty where they are. */
  readonly invalid: readonly string[]
  /** Why the figures may change with time; empty where nothing says so. */
  readonly unsteady: readonly string[]
  readonly histogram: readonly { readonly upToMs: number; readonly count: number }[]
  readonly percentiles: readonly { readonly q: number; readonly ms: number | null }[]
  readonly slots: readonly MeasuredSlot[]
  readonly slotSeconds: number
}

export type Latency = Readonly<
  Record<'p50' | 'p90' | 'p95' | 'p99' | 'p999', number | null> & {
    /** Of the answers. */
    mean: number | null
    max: number | null
  }
>

export interface MeasuredSlot {
  /** Its beginning, since counting began. */
  readonly atSeconds: number
  readonly sent: number
  readonly answered: number
  readonly missed: number
  readonly p50: number | null
  readonly p99: number | null
}

export interface MeasureOptions {
  /** Rows a request, in the mean. */
  readonly rows: number
  readonly sloMs: number | undefined
  /** The model runs in this process too, whose CPU time says nothing of the generator then. */
  readonly isInProcess: boolean
  readonly isOpen: boolean
  /** Whether the load is the same all the time. */
  readonly isEven: boolean
}

export function measuredOf(
  { recorder, split, cores, scheduledRate }: Run,
  { rows, sloMs, isInProcess, isOpen, isEven }: MeasureOptions,
): Measured {
  const { latency, lateness, requests, missed } = recorder
  const seconds = recorder.spanMs / 1000
  const perSecond = (count: number) => (seconds > 0 ? count / seconds : 0)
  const late = (q: number) => lateness.atRank(Math.max(1, Math.ceil(q * lateness.count))) ?? 0
  const lateMs = isOpen ? { p50: late(0.5), p99: late(0.99), max: lateness.max } : null
  return {
    requests,
    answered: latency.count,
    missed,
    misses: recorder.misses,
    warmUpRequests: recorder.warmUp,
    seconds,
    rate: {
      scheduled: scheduledRate ?? null,
      sent: perSecond(requests),
      answered: perSecond(latency.count),
      rows: perSecond(latency.count * rows),
      goodput: sloMs === undefined ? null : perSecond(recorder.withinSlo),
    },
    latencyMs: latencyOf(recorder),
    lateMs,
    withinSlo: sloMs === undefined ? null : recorder.withinSlo,
    server: split ?? null,
    generatorCores: cores,
    invalid: whyInvalid({
      lateP99Ms: lateMs?.p99,
      cores: isInProcess ? undefined : cores,
      seconds,
      failures: recorder.misses.map(({ why }) => why).filter((why) => why.startsWith(ownFailure)),
    }),
    unsteady: isEven ? whyUnsteady(recorder.slots, isOpen) : [],
    histogram: [...latency.buckets()].map(({ to, count }) => ({ upToMs: to, count })),
    percentiles: shownPercentiles.map((q) => ({ q, ms: recorder.quantile(q) ?? null })),
    slots: recorder.slots.map((slot, at) => ({
      atSeconds: (at * recorder.slotMs) / 1000,
      sent: slot.sent,
      answered: slot.answered,
      missed: slot.missed,
      p50: slot.latency.atRank(Math.ceil(0.5 * slot.answered)) ?? null,
      p99: slot.latency.atRank(Math.ceil(0.99 * slot.answered)) ?? null,
    })),
    slotSeconds: recorder.slotMs / 1000,
  }
}

function latencyOf(recorder: Recorder): Latency {
  const { latency } = recorder
  const q = (share: number) => recorder.quantile(share) ?? null
  const hasAnswers = latency.count > 0
  return {
    p50: q(0.5),
    p90: q(0.9),
    p95: q(0.95),
    p99: q(0.99),
    p999: q(0.999),
    mean: hasAnswers ? latency.mean : null,
    max: hasAnswers ? latency.max : null,
  }
}

/** Closer to each other the nearer they are to 1, for a curve. */
const shownPercentiles = Array.from({ length: 41 }, (_, at) => 1 - 10 ** (-at / 8))
