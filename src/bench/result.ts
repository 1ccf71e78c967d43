/** What `sluice bench` found, as plain values: the JSON it prints, and what its other forms show. */
import type { Environment } from './environment.ts'
import type { Load } from './load/load.ts'
import type { Run } from './load/run-load.ts'
import type { Measured } from './measure/measured.ts'
import type { Plan } from './plan.ts'
import { type ScenarioResult, scenarioResult } from './scenario.ts'
import type { SearchEnd, Trial } from './search.ts'
import type { Protocol } from './target/driver.ts'
import type { OpenTarget } from './target/open-target.ts'
import { type Slo, type Verdict, verdictOf } from './verdict.ts'

export interface BenchResult {
  readonly target: {
    /** The path, or the server's address. */
    readonly address: string
    readonly protocol: Protocol
    readonly model: string
    readonly version: string | null
    /** As it says itself; null for a model in this process. */
    readonly server: string | null
    /** Rows a request, in the mean. */
    readonly rows: number
    /** How many different requests there are. */
    readonly questions: number
    readonly checked: boolean
  }
  readonly load: LoadFacts
  readonly environment: Environment
  readonly slo: Slo | null
  readonly percentile: number
  readonly measured: Measured
  readonly scenario: ScenarioResult | null
  /** The trials of a search, and what they came to; `measured` is the one that was confirmed. */
  readonly search: (SearchEnd & { readonly trials: readonly TrialFacts[] }) | null
  readonly verdict: Verdict
}

export interface LoadFacts {
  readonly kind: 'open' | 'closed'
  readonly arrivals: string | null
  readonly rate: number | null
  readonly clients: number | null
  readonly perQuery: number | null
  /** Null where the number of requests, or a trace, ended it. */
  readonly seconds: number | null
  readonly warmUpSeconds: number
  readonly timeoutMs: number
  readonly maxInFlight: number | null
  readonly seed: number
}

export interface TrialFacts extends Trial {
  readonly requests: number
  readonly missed: number
  /** At the percentile of the SLO; null where too many were missed. */
  readonly latencyMs: number | null
  readonly invalid: readonly string[]
}

export interface Finished {
  readonly plan: Plan
  readonly target: OpenTarget
  readonly environment: Environment
  readonly load: Load
  readonly run: Run
  readonly measured: Measured
  readonly search: BenchResult['search']
  readonly interrupted: boolean
}

export function resultOf(finished: Finished): BenchResult {
  const { plan, target, environment, load, run, measured, search, interrupted } = finished
  const { address, slo, percentile } = plan
  const scenario = plan.scenario && scenarioResult(plan.scenario, measured, run.recorder, slo?.ms)
  return {
    target: {
      address: address.kind === 'disk' ? address.path : address.base.replace(/\/$/, ''),
      protocol: target.driver.protocol,
      model: target.model,
      version: target.version ?? null,
      server: target.server ?? null,
      rows: rowsPerRequest(target),
      questions: target.questions.length,
      checked: plan.check !== undefined,
    },
    load: factsOf(load),
    environment,
    slo: slo ?? null,
    percentile,
    measured,
    scenario: scenario ?? null,
    search,
    verdict: verdictOf({
      measured,
      slo,
      percentile,
      scenario,
      search: search ?? undefined,
      interrupted,
    }),
  }
}

/** In the mean. */
export const rowsPerRequest = ({ questions }: Pick<OpenTarget, 'questions'>): number =>
  questions.reduce((sum, { rows }) => sum + rows, 0) / questions.length

function factsOf(load: Load): LoadFacts {
  const { durationMs, warmUpMs, timeoutMs, seed } = load
  const common = {
    seconds: durationMs === Infinity ? null : durationMs / 1000,
    warmUpSeconds: warmUpMs / 1000,
    timeoutMs,
    seed,
  }
  if (load.kind === 'closed') {
    const { clients, perQuery } = load
    return {
      kind: 'closed',
      arrivals: null,
      rate: null,
      clients,
      perQuery,
      maxInFlight: null,
      ...common,
    }
  }
  const { arrivals, rate = null, maxInFlight } = load
  const named = typeof arrivals === 'string' ? arrivals : `trace:${arrivals.file}`
  return {
    kind: 'open',
    arrivals: named,
    rate,
    clients: null,
    perQuery: null,
    maxInFlight,
    ...common,
  }
}
