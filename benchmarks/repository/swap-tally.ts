/** What all rounds of swaps come to: requests that were lost, answered wrongly, or late. Pure. */
import type { Summary } from '../verdict.ts'
import { type Answer, isShed, type Life, lateAmong, latenciesOf, stray } from './answers.ts'
import { counted } from './part.ts'

export interface SwapRound {
  readonly quiet: readonly Answer[]
  readonly swaps: readonly Answer[]
  /** Whether the machine was quiet enough for times to count. */
  readonly kept: boolean
}

/**
 * What is lost or wrong is no matter of noise, and counts in every round; but for requests that
 * were refused because too many were waiting, which count only where the machine was not taken by
 * others. Late is what takes longer than twice the p99 of the quiet phase of the same round.
 */
export function tally(
  name: string,
  rounds: readonly SwapRound[],
  lives: readonly Life[],
): readonly Summary[] {
  const all = rounds.flatMap(({ quiet, swaps }) => [...quiet, ...swaps])
  const kept = rounds.filter((round) => round.kept)
  const failures = (of: readonly SwapRound[]) =>
    of
      .flatMap(({ quiet, swaps }) => [...quiet, ...swaps])
      .filter(({ failed }) => failed !== undefined)
  const shed = failures(rounds.filter((round) => !round.kept)).filter(isShed).length
  const late = (phase: 'quiet' | 'swaps') =>
    kept.reduce((sum, r) => sum + lateAmong(r[phase], 2 * latenciesOf(r.quiet).p99Ms), 0)
  const strays = all.filter((answer) => strayOf(answer, lives) !== undefined).length
  const wrong = all.filter((answer) => answer.wrong !== undefined).length
  const asked = (phase: 'quiet' | 'swaps') => kept.reduce((sum, r) => sum + r[phase].length, 0)
  const row = (metric: string, value: number) => counted(name, { metric, value })
  const none = (metric: string, value: number) => counted(name, { metric, value, bar: 0 })
  return [
    row('requests', all.length),
    none('failed requests', failures(rounds).length - shed),
    row('refused in discarded rounds, too many waiting', shed),
    none('answers by a version that was not there', strays),
    none('answers with values of another version', wrong),
    row('requests during swaps, rounds kept', asked('swaps')),
    row('late ones of these (> 2x p99 quiet)', late('swaps')),
    row('requests while quiet, rounds kept', asked('quiet')),
    row('late ones of these', late('quiet')),
  ]
}

/** In words, of all that was asked. */
export const problemsOf = (
  rounds: readonly SwapRound[],
  lives: readonly Life[],
): readonly string[] =>
  rounds
    .flatMap(({ quiet, swaps }) => [...quiet, ...swaps])
    .map((answer) => answer.failed ?? answer.wrong ?? strayOf(answer, lives))
    .filter((problem) => problem !== undefined)

const strayOf = (answer: Answer, lives: readonly Life[]) =>
  answer.failed === undefined ? stray(answer, lives) : undefined
