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
  /** Whether requests share runs. */
  readonly joins: boolean
  /** Whether the number of rows tells what a run takes, so that the best one can be learned. */
  readonly learns: boolean
  /** Whether nothing is kept waiting for company. */
  readonly draining: boolean
  /** Whether other models have something to run. */
  readonly contended: boolean
  /** Whether requests came to them lately, so that others may soon. */
  readonly shared: boolean
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
  /** The thread is busy for long enough that more may join, or others go first. */
  | { readonly kind: 'hold'; readonly until: number }
  | { readonly kind: 'nothing' }

export function nextBatch(
  line: WaitingLine,
  rules: SchedulingRules,
  situation: Situation,
): NextBatch {
  const { now, ahead, joins, learns, draining } = situation
  const head = line.head(joins ? mostCandidates : 1)
  const [first] = head
  if (first === undefined) return { kind: 'nothing' }
  const costsOf = costsIn(line, learns)
  if (!joins) {
    const { shape, rows } = first
    const expectedMs = costsOf(shape).predict(rows)
    const alone = { members: head, rows, left: 'alone', expectedMs } as const
    return handedOver(alone, false, situation)
  }
  const moment = { now, startsIn: ahead ?? 0 }
  const decision = formBatch(head, rulesFor(line, first, rules, situation), costsOf, moment)
  if (decision.kind === 'wait') return decision
  const { take, rows, left } = decision
  const members = take.map((place) => head[place]!)
  const costs = costsOf(members[0]!.shape)
  const expectedMs = costs.predict(rows)
  const why = draining && left === 'idle' ? 'drain' : left
  const grows = left === 'idle' && rows < costs.limit
  return handedOver({ members, rows, left: why, expectedMs }, grows, situation)
}

/** What is known of runs, where the number of rows tells what they take. */
export const costsIn =
  ({ costs }: WaitingLine, learns: boolean) =>
  (shape: string): Costs =>
    learns ? costs.of(shape) : unlearned

/** To a thread, now or when it has nearly done what it has. */
function handedOver(batch: Batch, grows: boolean, situation: Situation): NextBatch {
  const { now, ahead, contended, shared } = situation
  // where others want the place, who waits loses the turn; where they may want it soon, they are let in
  if (ahead !== undefined && !contended) {
    const inMs = handOverIn(ahead, batch.expectedMs ?? 0, grows || shared)
    if (inMs > 0) return { kind: 'hold', until: now + inMs }
  }
  return { kind: 'run', ...batch }
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
  { draining, contended, shared }: Situation,
): BatchRules {
  const patienceMs = contended || shared ? patienceOf(line, first) : Infinity
  const maxRunMs = Math.min(batch.maxRunMs, patienceMs, sloMs / 2)
  return { ...batch, maxRunMs, maxDelayMs: draining ? 0 : batch.maxDelayMs }
}

/** The longest run beside other models: that of one, or of two where it does the work of three. */
function patienceOf(line: WaitingLine, { shape, rows }: Waiting): number {
  const oneMs = line.estimate({ shape, rows })
  const pays = line.estimate({ shape, rows: 3 * rows }) <= 2 * oneMs
  return Math.max(shortMs, pays ? 2 * oneMs : oneMs)
}

/** No model minds a run that is as short as that, in milliseconds. */
const shortMs = 8
/** What is looked at of a long line. */
const mostCandidates = 1024
