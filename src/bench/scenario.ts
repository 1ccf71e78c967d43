/**
 * MLPerf's scenarios: how queries are made, what is measured, and what its rules ask for.
 * Source: mlcommons/inference_policies, inference_rules.adoc, "Scenarios"; loadgen/mlperf.conf.
 */
import { estimateRank, isSure, queriesNeeded } from './measure/early-stopping.ts'
import type { Measured } from './measure/measured.ts'
import type { Recorder } from './measure/recorder.ts'

export const SCENARIOS = ['single-stream', 'multi-stream', 'server', 'offline'] as const
export type Scenario = (typeof SCENARIOS)[number]

export interface ScenarioRules {
  /** The percentile of its figure; undefined where that is a rate. */
  readonly percentile: number | undefined
  readonly perQuery: number
  /** What a submission must run at least. */
  readonly seconds: number
  readonly samples: number
}

export const scenarioRules: Readonly<Record<Scenario, ScenarioRules>> = {
  'single-stream': { percentile: 0.9, perQuery: 1, seconds: 600, samples: 64 },
  'multi-stream': { percentile: 0.99, perQuery: 8, seconds: 600, samples: 662 * 8 },
  server: { percentile: 0.99, perQuery: 1, seconds: 600, samples: 662 },
  offline: { percentile: undefined, perQuery: 1, seconds: 600, samples: 24_576 },
}

/** The bound of `server` where none is given, in milliseconds. */
export const usualServerBoundMs = 10

export interface ScenarioResult {
  readonly scenario: Scenario
  /** In milliseconds for the streams, else a second; null where there were too few queries. */
  readonly value: number | null
  readonly unit: 'ms' | 'queries/s' | 'samples/s'
  /** Whether early stopping allows the claim; of `offline` there is none to make. */
  readonly sure: boolean
  /** What stands behind it, or what is missing. */
  readonly why: string
  /** What a submission would need beside. */
  readonly rules: readonly string[]
}

/** `recorder` is that of `measured`. */
export function scenarioResult(
  scenario: Scenario,
  measured: Measured,
  recorder: Pick<Recorder, 'latency' | 'requests'>,
  sloMs: number | undefined,
): ScenarioResult {
  const { percentile = 0.99, perQuery, seconds, samples } = scenarioRules[scenario]
  const sent = perQuery > 1 ? measured.requests * perQuery : measured.rate.rows * measured.seconds
  const rules = [
    ...(measured.seconds >= seconds ? [] : [`a submission runs ${seconds} s or longer`]),
    ...(sent >= samples ? [] : [`a submission has ${samples} samples`]),
  ]
  const p = `${percentile * 100} %`
  if (scenario === 'offline') {
    const { rows } = measured.rate
    return { scenario, rules, value: rows, unit: 'samples/s', sure: true, why: 'all samples' }
  }
  const { requests } = recorder
  if (scenario === 'server') {
    const over = requests - (measured.withinSlo ?? 0)
    const sure = isSure(requests, over, percentile)
    const share = requests === 0 ? 0 : 1 - over / requests
    const told = `${over} of ${requests} queries were not within ${sloMs} ms`
    const why = sure
      ? `${told}: with 99 % confidence ${p} are`
      : share < percentile
        ? `${told}: that is more than ${p} allow`
        : `${told}: for 99 % confidence that ${p} are, ${queriesNeeded(over, percentile)} are needed`
    const value = sure ? (measured.rate.scheduled ?? measured.rate.sent) : null
    return { scenario, rules, value, unit: 'queries/s', sure, why }
  }
  const rank = estimateRank(requests, percentile)
  const needed = queriesNeeded(1, percentile)
  const value = rank === undefined ? undefined : recorder.latency.atRank(requests - rank + 1)
  const why =
    rank === undefined
      ? `${requests} queries are too few, ${needed} are needed`
      : value === undefined
        ? 'more queries were missed than the percentile allows'
        : `with 99 % confidence ${p} of all queries are no slower (${requests} queries)`
  return { scenario, rules, value: value ?? null, unit: 'ms', sure: value !== undefined, why }
}
