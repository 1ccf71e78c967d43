/** Looks for the highest rate at which an SLO holds. Pure: from the trials so far to the next one. */

export interface Trial {
  /** A second. */
  readonly rate: number
  /** `invalid`: the generator could not make this load. */
  readonly verdict: 'held' | 'missed' | 'invalid'
  /** With a schedule of its own, once the search has found the rate. */
  readonly confirming: boolean
}

export type Step =
  | { readonly kind: 'try'; readonly rate: number; readonly confirming: boolean }
  | { readonly kind: 'end'; readonly end: SearchEnd }

export interface SearchEnd {
  /** The highest rate that held and was confirmed; undefined where none was. */
  readonly rate: number | undefined
  /**
   * What lies above it: a rate at which the SLO is missed, one that the generator could not make, or
   * nothing certain, since what held once did not hold again, or no end was found.
   */
  readonly limit: 'slo' | 'generator' | 'unsteady'
}

export interface SearchOptions {
  /** The first rate. */
  readonly start: number
  /** How close the rate that holds and the one that does not shall be: 0.05 for 5 %. */
  readonly precision: number
  readonly mostTrials: number
}

export function nextStep(trials: readonly Trial[], options: SearchOptions): Step {
  const { start, precision, mostTrials } = options
  const last = trials.at(-1)
  const ceiling = ceilingOf(trials)
  const floor = trials
    .filter(({ verdict, rate }) => verdict === 'held' && rate < (ceiling?.rate ?? Infinity))
    .reduce<number | undefined>((most, { rate }) => Math.max(most ?? 0, rate), undefined)

  if (last?.confirming === true && last.verdict === 'held') {
    return end(last.rate, ceiling?.by ?? 'unsteady')
  }
  const vain = trials.filter((trial) => trial.confirming && trial.verdict === 'invalid').length
  if (vain >= 2 * chances) return end(undefined, 'generator')
  if (trials.length >= mostTrials) {
    return end(undefined, last?.verdict === 'invalid' ? 'generator' : 'unsteady')
  }
  if (last?.verdict === 'invalid' && ceiling?.rate !== last.rate) {
    return { kind: 'try', rate: last.rate, confirming: last.confirming }
  }
  if (ceiling === undefined) {
    return { kind: 'try', rate: floor === undefined ? start : floor * 2, confirming: false }
  }
  if (last?.confirming === true) {
    // what held once did not again: a little below, it is asked for that alone
    return { kind: 'try', rate: last.rate / (1 + precision), confirming: true }
  }
  if (floor === undefined) {
    const rate = ceiling.rate / 2
    if (rate < start / 2 ** 12) return end(undefined, ceiling.by)
    return { kind: 'try', rate, confirming: false }
  }
  if (ceiling.rate / floor <= 1 + precision) return { kind: 'try', rate: floor, confirming: true }
  return { kind: 'try', rate: Math.sqrt(floor * ceiling.rate), confirming: false }
}

interface Ceiling {
  readonly rate: number
  readonly by: 'slo' | 'generator'
}

/** The lowest rate that is too high, and why. At each rate the generator gets a few chances. */
function ceilingOf(trials: readonly Trial[]): Ceiling | undefined {
  const tooHigh = trials.flatMap(({ rate, verdict }): readonly Ceiling[] => {
    if (verdict === 'missed') return [{ rate, by: 'slo' }]
    const times = trials.filter((t) => t.verdict === 'invalid' && t.rate === rate).length
    return verdict === 'invalid' && times >= chances ? [{ rate, by: 'generator' }] : []
  })
  return tooHigh.sort((a, b) => a.rate - b.rate)[0]
}

/** A machine that does something else for a moment makes it late, too. */
const chances = 3

const end = (rate: number | undefined, limit: SearchEnd['limit']): Step => ({
  kind: 'end',
  end: { rate, limit },
})

/** How long a trial must be for the percentile to mean something, in milliseconds. */
export const leastTrialMs = (rate: number, percentile: number): number =>
  (1000 * Math.ceil(1 / (1 - percentile) - 1e-9)) / rate
