/** What a part of this benchmark gives, and figures that no interval belongs to. */
import type { Question } from '../question.ts'
import type { Round } from '../rounds.ts'
import { estimate } from '../statistics.ts'
import { judge, type Summary } from '../verdict.ts'

export interface Part {
  readonly name: string
  readonly notes: Question['notes']
  readonly rounds: readonly Round[]
  readonly summaries: readonly Summary[]
}

/** Says how a round went. */
export type Progress = (part: string, round: Round) => void

export interface Counted {
  readonly metric: string
  readonly value: number
  readonly unit?: string
  /** At most. */
  readonly bar?: number
}

/** A single figure of no round: met or missed as it is, whatever the noise of the machine was. */
export function counted(question: string, { metric, value, unit = '', bar }: Counted): Summary {
  return {
    ...{ question, metric, claim: `${question}: ${metric}`, unit, better: 'less' as const },
    ...{ bar: bar ?? null, median: value, kept: 0, rounds: 0 },
    verdict: bar === undefined ? 'recorded' : value <= bar ? 'met' : 'missed',
  }
}

export interface Estimated {
  readonly metric: string
  readonly unit: string
  /** One of each round. */
  readonly values: readonly number[]
  /** At most. */
  readonly bar?: number
}

/** A figure of rounds that all count: of memory, which neighbours do not take away. */
export function estimated(question: string, { metric, unit, values, bar }: Estimated): Summary {
  const found = estimate(values)
  const rounds = values.length
  return {
    ...{ question, metric, claim: `${question}: ${metric}`, unit, better: 'less' as const },
    ...{ bar: bar ?? null, ...found, kept: rounds, rounds },
    verdict: judge({ better: 'less', ...(bar !== undefined && { bar }) }, found),
  }
}
