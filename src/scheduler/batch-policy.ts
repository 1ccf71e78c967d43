/**
 * Which of the requests that wait share the next run, or how long they wait for company. Pure.
 *
 * The first that may leave takes those of its shape along. Work-conserving unless a delay is asked for: what has
 * queued by the time a thread is free is taken, as many rows as make a run of them worth while. The
 * rules of a delay are those of Triton's dynamic batcher.
 */
import type { WhyLeft } from '../events.ts'

export interface Candidate {
  readonly rows: number
  /** Only requests of one shape share a run. */
  readonly shape: string
  /** Shares no run. */
  readonly uneven: boolean
  readonly arrived: number
  readonly answerBy: number
  readonly beginBy: number
}

export interface BatchRules {
  /** The most rows of a run, whatever is learned. */
  readonly maxRows: number
  /** Numbers of rows that need not wait for more, ascending. */
  readonly preferred: readonly number[]
  /** How long the oldest may wait for others although it could run, in milliseconds. */
  readonly maxDelayMs: number
  /** The longest run that joining may lead to, in milliseconds. */
  readonly maxRunMs: number
  /** Requests of another shape are not overtaken. */
  readonly inOrder: boolean
}

/** What is known of the time that runs of one shape take. */
export interface Costs {
  /** In milliseconds; undefined where nothing is known. */
  predict(rows: number): number | undefined
  /** How many of so many rows that wait one run should take. */
  best(available: number): number
  /** More rows than that would not be faster. */
  readonly limit: number
}

export type Decision =
  | {
      readonly kind: 'run'
      /** Of all that are taken. */
      readonly rows: number
      /** Places in the list of candidates, ascending. */
      readonly take: readonly number[]
      readonly left: WhyLeft
    }
  | { readonly kind: 'wait'; readonly until: number }

export interface Moment {
  readonly now: number
  /** Until a run that is formed now begins, in milliseconds. */
  readonly startsIn: number
}

/**
 * `waiting`: at least one, in the order in which they are served. The first shape of which a run may
 * leave now; where all of them wait for company, until the first need not any more.
 */
export function formBatch(
  waiting: readonly Candidate[],
  rules: BatchRules,
  costsOf: (shape: string) => Costs,
  moment: Moment,
): Decision {
  let until = Infinity
  for (const group of groups(waiting, rules.inOrder)) {
    const costs = costsOf(waiting[group[0]!]!.shape)
    const decision = formOf(group, waiting, { rules, costs, moment })
    if (decision.kind === 'run') return decision
    until = Math.min(until, decision.until)
  }
  return { kind: 'wait', until }
}

function formOf(group: readonly number[], waiting: readonly Candidate[], limits: Limits): Decision {
  const { rules, costs } = limits
  const { now } = limits.moment
  const available = group.reduce((sum, place) => sum + waiting[place]!.rows, 0)
  const most = Math.min(available, rules.maxRows)
  // which need not be the first: an urgent one came later
  const oldest = Math.min(...group.map((place) => waiting[place]!.arrived))
  const leaveAt = oldest + rules.maxDelayMs
  const overdue = rules.maxDelayMs > 0 && now >= leaveAt
  const preferred = overdue ? undefined : rules.preferred.findLast((rows) => rows <= most)
  const worthWhile = Math.min(most, costs.best(most))
  const batch = fill(group, waiting, preferred ?? worthWhile, limits)
  const { take, rows, stopped } = batch
  const run = (left: WhyLeft): Decision => ({ kind: 'run', take, rows, left })

  if (stopped === 'deadline') return run(stopped)
  if (preferred !== undefined && rows >= preferred) return run('preferred')
  if (stopped === 'full' || rows >= Math.min(rules.maxRows, costs.limit)) return run('full')
  if (rules.maxDelayMs === 0) return run('idle')
  const until = Math.min(leaveAt, latestStart(batch, waiting, costs))
  return overdue || until <= now ? run('delay') : { kind: 'wait', until }
}

interface Batch {
  readonly take: readonly number[]
  readonly rows: number
  /** What kept the next one out, where there is a next one. */
  readonly stopped: 'full' | 'deadline' | undefined
}

/** Places of those that may share a run, by their shape. */
function groups(waiting: readonly Candidate[], inOrder: boolean): Iterable<readonly number[]> {
  const groups = new Map<string, number[]>()
  for (const [place, { shape, uneven }] of waiting.entries()) {
    const key = uneven ? `${shape} alone ${place}` : shape
    const group = groups.get(key)
    if (group !== undefined) group.push(place)
    else if (inOrder && groups.size > 0) break
    else groups.set(key, [place])
  }
  return groups.values()
}

interface Limits {
  readonly rules: BatchRules
  readonly costs: Costs
  readonly moment: Moment
}

/** The first, and as many of those behind it as the rows, the time of the run and deadlines allow. */
function fill(
  group: readonly number[],
  waiting: readonly Candidate[],
  target: number,
  { rules, costs, moment: { now, startsIn } }: Limits,
): Batch {
  const take: number[] = []
  let rows = 0
  let answerBy = Infinity
  for (const place of group) {
    const candidate = waiting[place]!
    const together = rows + candidate.rows
    const soonest = Math.min(answerBy, candidate.answerBy)
    if (take.length > 0) {
      const ms = costs.predict(together) ?? 0
      if (together > target || ms > rules.maxRunMs) return { take, rows, stopped: 'full' }
      if (now + startsIn + ms > soonest) return { take, rows, stopped: 'deadline' }
    }
    take.push(place)
    rows = together
    answerBy = soonest
  }
  return { take, rows, stopped: undefined }
}

/** When it must run so that each of them is begun and answered in time. */
function latestStart({ take, rows }: Batch, waiting: readonly Candidate[], costs: Costs): number {
  const ms = costs.predict(rows) ?? 0
  let latest = Infinity
  for (const place of take) {
    const { answerBy, beginBy } = waiting[place]!
    latest = Math.min(latest, beginBy, answerBy - ms)
  }
  return latest - timerMs
}

/** By how much a timer may be late. */
const timerMs = 1
