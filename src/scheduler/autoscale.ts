/**
 * How many executors a version should have, as what comes asks for them. Pure: a state and what is
 * known now in, a decision and the next state out.
 *
 * - load: rows a second, over the last ten seconds, times what a row takes, at 70 % of the time
 * - burst: as many as would have kept up with the worst window of the traffic envelope
 * - panic: where requests wait longer than half of what they may, or what came in the last second
 *   asks for twice as many as there are, it goes up at once, and not down for a minute
 * - up at once; down one at a time, and to no fewer than the most that was needed in the last minute
 *
 * Sources: InferLine (SoCC 2020) for the envelope and the calm period; Knative's autoscaler for panic.
 */
import type {
  ExecutorFigures,
  ScalingDecision,
  ScalingInputs,
  WhyScaled,
} from '../executor-figures.ts'
import { type Envelope, look, neededForBursts } from './autoscale-envelope.ts'

export interface AutoscaleState {
  readonly envelope: Envelope
  /** Rows a second. */
  readonly fast: number
  readonly slow: number
  /** How long the first in line had waited, at the last looks. */
  readonly waits: readonly number[]
  /** Of the last while, each less than those before it: the first is the most. */
  readonly needs: readonly { readonly now: number; readonly executors: number }[]
  readonly calmFrom: number
  readonly lastChange: number
}

export const firstState: AutoscaleState = {
  envelope: [],
  fast: 0,
  slow: 0,
  waits: [],
  needs: [],
  calmFrom: Number.NEGATIVE_INFINITY,
  lastChange: Number.NEGATIVE_INFINITY,
}

export interface AutoscaleLook extends Omit<ExecutorFigures, 'limits'> {
  /** A moment of a clock that never jumps, in milliseconds. */
  readonly now: number
  /** How many there are. */
  readonly executors: number
  readonly minimum: number
  readonly maximum: number
  readonly sloMs: number | undefined
}

export function decide(
  state: AutoscaleState,
  seen: AutoscaleLook,
): { readonly decision: ScalingDecision; readonly state: AutoscaleState } {
  const measured = measure(state, seen)
  const { inputs, needed, panics } = assess(measured, seen)
  const { now, minimum, maximum } = seen
  if (needed === undefined) {
    const executors = within(seen.executors, minimum, maximum)
    return { decision: { executors, why: 'unknown', inputs }, state: measured }
  }
  const unsettled = panics || state.envelope.length === 0
  const calmFrom = unsettled ? now + calmMs : measured.calmFrom
  const needs = [
    ...measured.needs.filter((one) => one.now > now - calmMs && one.executors > needed),
    { now, executors: needed },
  ]
  const wanted = target({ ...measured, needs, calmFrom }, seen, panics)
  const executors = within(wanted, minimum, maximum)
  const why = whyOf({ executors, wanted, needed, panics, inputs }, seen)
  const lastChange = executors === seen.executors ? measured.lastChange : now
  return {
    decision: { executors, why, inputs },
    state: { ...measured, needs, calmFrom, lastChange },
  }
}

/** What came since the last look, in the means. */
function measure(state: AutoscaleState, { now, arrivedRows, oldestWaitMs }: AutoscaleLook) {
  const last = state.envelope.at(-1)
  const passedMs = last === undefined ? 0 : now - last.now
  const rate =
    last === undefined || passedMs <= 0 ? 0 : ((arrivedRows - last.rows) / passedMs) * 1000
  const towards = (mean: number, overMs: number) =>
    mean + (rate - mean) * -Math.expm1(-passedMs / overMs)
  return {
    ...state,
    envelope: look(state.envelope, { now, rows: arrivedRows }),
    fast: towards(state.fast, 1000),
    slow: towards(state.slow, 10_000),
    waits: [...state.waits, oldestWaitMs].slice(-looks),
  }
}

function assess(
  { envelope, fast, slow, waits }: AutoscaleState,
  { best, sloMs, executors }: AutoscaleLook,
) {
  const waitMs = waits.toSorted((a, b) => a - b)[Math.ceil(0.95 * waits.length) - 1] ?? 0
  const rates = { rowsPerSecond: fast, rowsPerTenSeconds: slow, waitMs }
  if (best === undefined) {
    const unknown = { rowMs: undefined, runMs: undefined, budgetMs: undefined }
    const inputs: ScalingInputs = {
      ...rates,
      ...unknown,
      neededForLoad: undefined,
      neededForBursts: undefined,
    }
    return { inputs, needed: undefined, panics: false }
  }
  const { ms: runMs } = best
  const rowMs = runMs / best.rows
  const budgetMs = budgetFor(runMs, sloMs)
  const neededForLoad = (slow * rowMs) / 1000 / usedShare
  const bursts = neededForBursts(envelope, rowMs, budgetMs)
  const soon = (fast * rowMs) / 1000 / usedShare
  const panics = waitMs > budgetMs / 2 || soon >= 2 * executors
  const needed = Math.ceil(Math.max(neededForLoad, bursts, panics ? soon : 0) - slack)
  const needs = { neededForLoad, neededForBursts: bursts }
  return { inputs: { ...rates, rowMs, runMs, budgetMs, ...needs }, needed, panics }
}

/** How long a request may wait for its run, in milliseconds. */
function budgetFor(runMs: number, sloMs: number | undefined): number {
  if (sloMs === undefined) return Math.max(4 * runMs, 20)
  // of a latency that a run takes up alone nothing is left to wait
  return Math.max(sloMs - runMs, runMs / 2)
}

function target(state: AutoscaleState, { now, executors }: AutoscaleLook, panics: boolean): number {
  const { needs, calmFrom, lastChange } = state
  const needed = needs.at(-1)!.executors
  if (needed > executors) return needed
  // what waits is more than what comes: one more, and a moment to see what it does
  if (panics) return now - lastChange >= settleMs ? executors + 1 : executors
  const mayGoDown = now >= calmFrom && now - lastChange >= stepDownMs
  return mayGoDown && needs[0]!.executors < executors ? executors - 1 : executors
}

interface Outcome {
  readonly executors: number
  readonly wanted: number
  readonly needed: number
  readonly panics: boolean
  readonly inputs: ScalingInputs
}

function whyOf(
  { executors, wanted, needed, panics, inputs }: Outcome,
  seen: AutoscaleLook,
): WhyScaled {
  const isMost = executors === seen.maximum && executors === seen.executors
  if (isMost && (wanted > executors || panics)) return 'ceiling'
  if (panics) return 'panic'
  if (executors === seen.minimum && needed <= seen.minimum) return 'floor'
  if (executors > needed) return 'calm'
  const { neededForBursts: bursts = 0, neededForLoad: load = 0 } = inputs
  return bursts > load ? 'burst' : 'load'
}

const within = (count: number, minimum: number, maximum: number): number =>
  Math.min(maximum, Math.max(minimum, count))

/** The share of their time that executors are used for by what comes on average. */
const usedShare = 0.7
/** An executor more is not worth a hundredth of one. */
const slack = 0.01
/** Of five seconds, four a second. */
const looks = 20
const calmMs = 60_000
const stepDownMs = 10_000
const settleMs = 1000
