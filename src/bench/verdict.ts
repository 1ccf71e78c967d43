/** What a run comes to: one line, and the exit code. */
import { isSure, queriesNeeded } from './measure/early-stopping.ts'
import type { Measured } from './measure/measured.ts'
import type { ScenarioResult } from './scenario.ts'
import type { SearchEnd } from './search.ts'
import { ownFailure } from './target/own-failure.ts'
import { wrongAnswer } from './target/rehearse.ts'

export interface Slo {
  readonly ms: number
  /** 0.99 for the 99th percentile. */
  readonly percentile: number
}

export interface Verdict {
  /** done: it is what was asked for · failed · inconclusive: it says nothing of the target */
  readonly kind: 'done' | 'failed' | 'inconclusive'
  /** The first is the one that decides. */
  readonly reasons: readonly string[]
}

export interface Findings {
  readonly measured: Measured
  readonly slo: Slo | undefined
  /** The share of requests that must be answered where there is no SLO. */
  readonly percentile: number
  readonly scenario: ScenarioResult | undefined
  readonly search: SearchEnd | undefined
  readonly interrupted: boolean
}

export const exitCodes = { done: 0, failed: 1, inconclusive: 4 } as const

export function verdictOf(findings: Findings): Verdict {
  const { measured, slo, percentile, scenario, search, interrupted } = findings
  const { requests, answered, missed, misses, invalid } = measured
  const wrong = misses.find(({ why }) => why.startsWith(wrongAnswer))
  if (wrong !== undefined) return { kind: 'failed', reasons: [wrong.why] }
  if (interrupted) return { kind: 'inconclusive', reasons: ['it was interrupted'] }
  if (requests === 0) return { kind: 'inconclusive', reasons: ['no request was counted'] }
  if (answered === 0 && !misses[0]!.why.startsWith(ownFailure)) {
    return { kind: 'failed', reasons: [`no request was answered: ${misses[0]?.why}`] }
  }
  if (search !== undefined) return verdictOfSearch(search, slo!)
  if (invalid.length > 0) return { kind: 'inconclusive', reasons: invalid }
  if (slo !== undefined) {
    const { held, words } = sloHeld(measured, slo)
    if (!held) return { kind: 'failed', reasons: [words] }
    if (scenario?.sure === false) return { kind: 'inconclusive', reasons: [scenario.why] }
    return { kind: 'done', reasons: [words] }
  }
  if (missed / requests > 1 - percentile + 1e-12) {
    const share = ((100 * missed) / requests).toFixed(1)
    return {
      kind: 'failed',
      reasons: [`${share} % of the requests were missed: ${misses[0]?.why}`],
    }
  }
  if (scenario?.sure === false) return { kind: 'inconclusive', reasons: [scenario.why] }
  return { kind: 'done', reasons: [] }
}

/** Whether so many requests, misses counted, were answered within the bound; and how sure that is. */
export function sloHeld(
  { requests, withinSlo }: Pick<Measured, 'requests' | 'withinSlo'>,
  { ms, percentile }: Slo,
): { readonly held: boolean; readonly words: string } {
  const over = requests - (withinSlo ?? 0)
  const held = requests > 0 && over <= requests * (1 - percentile) + 1e-9
  const p = `${Number((percentile * 100).toFixed(4))} %`
  const share = requests === 0 ? 0 : (100 * (requests - over)) / requests
  const met = `${share.toFixed(share > 99 ? 3 : 1)} % of the requests were answered within ${ms} ms`
  if (!held) return { held, words: `the SLO is missed: ${met}, ${p} were asked for` }
  const confidence = isSure(requests, over, percentile)
    ? 'with 99 % confidence'
    : `for 99 % confidence ${queriesNeeded(over, percentile)} requests are needed`
  return { held, words: `the SLO holds: ${met} (${confidence})` }
}

function verdictOfSearch({ rate, limit }: SearchEnd, { ms }: Slo): Verdict {
  if (limit === 'generator') {
    const least = rate === undefined ? '' : `, at least ${rate.toFixed(1)} a second hold`
    return {
      kind: 'inconclusive',
      reasons: [`the load generator, not the target, ended the search${least}`],
    }
  }
  if (limit === 'unsteady') {
    return { kind: 'inconclusive', reasons: ['no rate held twice'] }
  }
  if (rate === undefined) {
    return { kind: 'failed', reasons: [`the SLO of ${ms} ms holds at no rate`] }
  }
  return { kind: 'done', reasons: [`the SLO of ${ms} ms holds up to ${rate.toFixed(1)} a second`] }
}
