/** Results for the tests of what reads them. */
import { type Measured, type MeasureOptions, measuredOf } from './measure/measured.ts'
import { Recorder } from './measure/recorder.ts'
import type { BenchResult } from './result.ts'

export function measuredOfRecorder(
  recorder: Recorder,
  { scheduledRate, ...options }: Partial<MeasureOptions> & { readonly scheduledRate?: number } = {},
): Measured {
  return measuredOf(
    { recorder, split: undefined, cores: 0.25, scheduledRate },
    { rows: 1, sloMs: undefined, isInProcess: false, isOpen: true, isEven: true, ...options },
  )
}

/** Latencies in milliseconds, one request a millisecond; `misses` after them. */
export function measuredFrom(
  latencies: readonly number[],
  misses: readonly string[] = [],
  sloMs?: number,
): Measured {
  const recorder = new Recorder({ slotMs: 250, sloMs, countedFrom: 0 })
  for (const [due, latency] of latencies.entries()) {
    const outcome = { ok: true } as const
    recorder.record({ due, sent: due + 0.1, done: due + latency, outcome, counted: true })
  }
  for (const [at, why] of misses.entries()) {
    const due = latencies.length + at
    const outcome = { ok: false, why } as const
    recorder.record({ due, sent: due, done: due + 1, outcome, counted: true })
  }
  return measuredOfRecorder(recorder, { sloMs, scheduledRate: 1000 })
}

export function resultFrom(measured: Measured, changes: Partial<BenchResult> = {}): BenchResult {
  return {
    target: {
      address: 'http://127.0.0.1:8000',
      protocol: 'oip-binary',
      model: 'churn',
      version: null,
      server: 'sluice 1.2.3',
      rows: 1,
      questions: 16,
      checked: false,
    },
    load: {
      ...{ kind: 'open', arrivals: 'poisson', rate: 1000, clients: null, perQuery: null },
      ...{ seconds: 10, warmUpSeconds: 1, timeoutMs: 500, maxInFlight: 512, seed: 4 },
    },
    environment: {
      ...{ date: '2026-01-02T03:04:05.678Z', sluice: '1.2.3', node: 'v24.0.0' },
      ...{ system: 'Linux', processor: 'One', cores: 2, memoryBytes: 2 ** 31, loadAverage: 0.5 },
    },
    slo: null,
    percentile: 0.99,
    measured,
    scenario: null,
    search: null,
    verdict: { kind: 'done', reasons: [] },
    ...changes,
  }
}
