/** A metric: a name, a meaning, and the samples it has now. */
import type { Buckets } from './buckets.ts'

export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly help: string
  /** In the order of the samples; without the `le` of histograms. */
  readonly labels: readonly string[]
  /** Read at each scrape. */
  samples(): readonly Sample[]
}

export interface Sample {
  /** Where it is not the family's name: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string
  readonly labels: Labels
  /** Labels that many samples share: formatted once. */
  readonly sharedLabels?: Labels
  readonly value: number
}

export type Labels = Readonly<Record<string, string | number>>

/** The samples of one series of a histogram. */
export function histogramSamples(name: string, labels: Labels, buckets: Buckets): Sample[] {
  let below = 0
  const samples: Sample[] = buckets.bounds.map((bound, i) => {
    below += buckets.counts[i]!
    return {
      metricName: `${name}_bucket`,
      labels: { le: bound },
      sharedLabels: labels,
      value: below,
    }
  })
  samples.push(
    {
      metricName: `${name}_bucket`,
      labels: { le: '+Inf' },
      sharedLabels: labels,
      value: buckets.count,
    },
    { metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: buckets.sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: buckets.count },
  )
  return samples
}
