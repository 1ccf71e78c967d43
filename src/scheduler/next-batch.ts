/** What of a line runs next, and whether it runs now. A decision: nothing is taken out. */
import type { WhyLeft } from '../events.ts'
import { handOverIn } from './ahead-policy.ts'
import { type BatchRules, type Costs, formBatch } from './batch-policy.ts'
import type { SchedulingRules } from './rules.ts'
import type { Waiting } from './waiting.ts'
import type { WaitingLine } from './waiting-line.ts'

export interface Situation {
  readonly now: number
  /** As in `RunSource.start`. */
  readonly ahead?: number | undefined
  /** The longest run that there is time for where it would be. */
  readonly longestRunMs?: number
  /** Whether requests share runs. */
  readonly joins: boolean
  /** Whether the number of rows tells what a run takes, so that the best one can be learned. */
  readonly learns: boolean
  /** Whether nothing is kept waiting for company. */
  readonly draining: boolean
  /** Whether other models have something to run. */
  readonly contended: boolean
}

export interface Batch {
  readonly members: readonly Waiting[]
  readonly rows: number
  readonly left: WhyLeft
  /** Undefined where nothing is known of such a run. */
  readonly expectedMs: number | undefined
}

export type NextBatch =
  | ({ readonly kind: 'run' } & Batch)
  /** Waits for company, whether there is a thread or not. */
  | { readonly kind: 'wait'; readonly until: number }
  /** The thread is busy for long enough that more may join. */
  | { readonly kind: 'hold'; readonly until: number }
  | { readonly kind: 'nothing' }

export function nextBatch(
  line: WaitingLine,
  rules: SchedulingRules,
  situation: Situation,
): NextBatch {
  const { now, ahead, joins, learns, draining, contended } = situation
  const head = line.head(joins ? mostCandidates : 1)
  const [first] = head
  if (first === undefined) return { kind: 'nothing' }
  const costsOf = (shape: string) => (learns ? line.costs.of(shape) : unlearned)
  if (!joins) {
    const { shape, rows } = first
    const expectedMs = costsOf(shape).predict(rows)
    return { kind: 'run', members: head, rows, left: 'alone', expectedMs }
  }
  const moment = { now, startsIn: ahead ?? 0 }
  const decision = formBatch(head, rulesFor(line, first, rules, situation), costsOf, moment)
  if (decision.kind === 'wait') return decision
  const { take, rows, left } = decision
  const members = take.map((place) => head[place]!)
  const costs = costsOf(members[0]!.shape)
  const expectedMs = costs.predict(rows)
  // where others want the place, who waits for company loses the turn
  if (ahead !== undefined && !contended) {
    const inMs = handOverIn(ahead, expectedMs ?? 0, left === 'idle' && rows < costs.limit)
    if (inMs > 0) return { kind: 'hold', until: now + inMs }
  }
  const why = draining && left === 'idle' ? 'drain' : left
  return { kind: 'run', members, rows, left: why, expectedMs }
}

const unlearned: Costs = {
  predict: () => undefined,
  best: (available) => available,
  limit: Infinity,
}

function rulesFor(
  line: WaitingLine,
  first: Waiting,
  { batch, sloMs = Infinity }: SchedulingRules,
  { longestRunMs = Infinity, draining, contended }: Situation,
): BatchRules {
  const patienceMs = contended ? Math.max(shortMs, 2 * line.estimate(first)) : Infinity
  const maxRunMs = Math.min(batch.maxRunMs, longestRunMs, patienceMs, sloMs / 2)
  return { ...batch, maxRunMs, maxDelayMs: draining ? 0 : batch.maxDelayMs }
}

/** Where other models wait, joining leads to no run that is longer than that and than two of one. */
const shortMs = 8
/** What is looked at of a long line. */
const mostCandidates = 1024
