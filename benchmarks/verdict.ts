/**
 * From rounds to an answer. A claim needs its whole interval on the right side of the bar; where
 * the interval holds the bar, or too few rounds were kept, the answer is `inconclusive`.
 *
 * Metrics that share a `claim` are alternatives: one that meets its bar is enough.
 */
import { tooFew } from './gate.ts'
import type { Metric } from './question.ts'
import type { Round } from './rounds.ts'
import { type Estimate, estimate } from './statistics.ts'

export type Verdict = 'met' | 'missed' | 'inconclusive' | 'recorded'

export interface Summary extends Partial<Estimate> {
  readonly question: string
  readonly metric: string
  readonly claim: string
  readonly unit: string
  readonly better: 'less' | 'more'
  readonly bar: number | null
  readonly kept: number
  readonly rounds: number
  readonly verdict: Verdict
}

export function summarize(question: string, metric: Metric, rounds: readonly Round[]): Summary {
  const kept = rounds.filter((round) => round.discarded === null)
  const values = kept.map((round) => metric.value(round.samples))
  const found = values.length > 0 ? estimate(values) : undefined
  return {
    question,
    metric: metric.name,
    claim: `${question}: ${metric.claim ?? metric.name}`,
    unit: metric.unit,
    better: metric.better,
    bar: metric.bar ?? null,
    ...found,
    kept: kept.length,
    rounds: rounds.length,
    verdict: found && !tooFew(kept.length, rounds.length) ? judge(metric, found) : 'inconclusive',
  }
}

/** A bar that nothing could be held against: it stays open. */
export function unanswered(
  question: string,
  { metric, better, bar }: Pick<Summary, 'metric' | 'better' | 'bar'>,
): Summary {
  return {
    ...{ question, metric, claim: `${question}: ${metric}`, unit: '', better, bar },
    ...{ kept: 0, rounds: 0, verdict: 'inconclusive' },
  }
}

export function judge(
  { better, bar }: Pick<Metric, 'better' | 'bar'>,
  { low, high }: Estimate,
): Verdict {
  if (bar === undefined) return 'recorded'
  const [best, worst] = better === 'less' ? [low, high] : [-high, -low]
  const limit = better === 'less' ? bar : -bar
  if (worst <= limit) return 'met'
  return best > limit ? 'missed' : 'inconclusive'
}

/** The verdict of every claim that has a bar: the best one among its alternatives. */
export function claims(summaries: readonly Summary[]): ReadonlyMap<string, Verdict> {
  const order: readonly Verdict[] = ['met', 'inconclusive', 'missed']
  const verdicts = new Map<string, Verdict>()
  for (const { claim, verdict, bar } of summaries) {
    if (bar === null) continue
    const other = verdicts.get(claim) ?? verdict
    verdicts.set(claim, order.indexOf(other) < order.indexOf(verdict) ? other : verdict)
  }
  return verdicts
}

/** 1 where a bar is missed, else 4 where something stays open, else 0. */
export function exitCode(summaries: readonly Summary[]): 0 | 1 | 4 {
  const verdicts = [...claims(summaries).values()]
  if (verdicts.includes('missed')) return 1
  return verdicts.includes('inconclusive') ? 4 : 0
}

/** What is worse than in an earlier run: both intervals agree on it. */
export function worse(earlier: readonly Summary[], now: readonly Summary[]): readonly Summary[] {
  return now.filter((mine) => {
    const old = earlier.find((o) => o.question === mine.question && o.metric === mine.metric)
    if (old?.low === undefined || old.high === undefined) return false
    if (mine.low === undefined || mine.high === undefined) return false
    return mine.better === 'less' ? mine.low > old.high : mine.high < old.low
  })
}
