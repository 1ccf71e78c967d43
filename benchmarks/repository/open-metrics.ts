/** The figures of an open loop: a phase in which something happens against a phase in which not. */
import { type Metric, type Sample, type Samples, sampleOf } from '../question.ts'

/** `bar`: at most this many times the p99 of the quiet phase. */
export function openMetrics(quiet: string, busy: string, bar?: number): readonly Metric[] {
  const of = (phase: string, key: Key) => (samples: Samples) => sampleOf(samples, phase)[key]!
  const ms = (name: string, value: Metric['value']): Metric => ({
    ...{ name, unit: 'ms', better: 'less', value },
  })
  const ratio = (name: string, key: Key): Metric => ({
    ...{ name: `${name} ${busy} / ${quiet}`, unit: '', better: 'less' },
    value: (samples) => of(busy, key)(samples) / of(quiet, key)(samples),
  })
  return [
    { ...ratio('p99', 'p99Ms'), ...(bar !== undefined && { bar }) },
    ratio('p50', 'p50Ms'),
    ms(`p99 ${quiet}`, of(quiet, 'p99Ms')),
    ms(`p99 ${busy}`, of(busy, 'p99Ms')),
    ms(`p50 ${quiet}`, of(quiet, 'p50Ms')),
    ms(
      `loop delay p99 ${busy} - ${quiet}`,
      (samples) => of(busy, 'loopP99Ms')(samples) - of(quiet, 'loopP99Ms')(samples),
    ),
    ms(`driver sent late, p99 ${quiet}`, of(quiet, 'sentLateP99Ms')),
    ms(`driver sent late, p99 ${busy}`, of(busy, 'sentLateP99Ms')),
  ]
}

type Key = keyof { [K in keyof Sample as Sample[K] extends number | undefined ? K : never]: true }
