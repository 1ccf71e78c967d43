/** Which rounds count: the machine has neighbours, and a round in which they moved says nothing. */

export interface Noise {
  /** Rates of bare runs right before and right after the round. */
  readonly calibrators: readonly [number, number]
  /** Of all processor time of the round, what the hypervisor gave to others. */
  readonly stealShare: number
}

const mostDifference = 0.1
const mostSteal = 0.02
const fewestRounds = 5

/** Why a round is discarded; undefined where it counts. */
export function disturbance({ calibrators, stealShare }: Noise): string | undefined {
  const difference = Math.max(...calibrators) / Math.min(...calibrators) - 1
  if (!(difference <= mostDifference)) {
    return `calibrators differ by ${(difference * 100).toFixed(0)} %`
  }
  if (!(stealShare <= mostSteal)) return `steal ${(stealShare * 100).toFixed(1)} %`
  return undefined
}

/** No claim is made of so few rounds: more than half are gone, or there were hardly any. */
export function tooFew(kept: number, rounds: number): boolean {
  return kept < fewestRounds || rounds - kept > rounds / 2
}
