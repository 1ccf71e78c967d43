/** Samples of every version, labelled with its model and number. */
import type { Buckets } from './buckets.ts'
import { type Family, histogramSamples, type Labels, type Sample } from './family.ts'
import type { Tally } from './tally.ts'
import type { VersionTally } from './version-tally.ts'

export const modelLabels = ['model', 'version'] as const

export function eachVersion(
  tally: Tally,
  samples: (version: VersionTally, labels: Labels) => readonly Sample[],
): Sample[] {
  return tally
    .versions()
    .flatMap((version) => samples(version, { model: version.model, version: version.version }))
}

type OfVersion<Value> = (version: VersionTally) => Value

/** Makes families of one value of each version. */
export const valuesOfEach =
  (tally: Tally) =>
  (name: string, type: 'counter' | 'gauge', help: string, of: OfVersion<number>): Family => ({
    name,
    type,
    help,
    labels: modelLabels,
    samples: () => eachVersion(tally, (version, labels) => [{ labels, value: of(version) }]),
  })

/** Makes families of one histogram of each version. */
export const histogramsOfEach =
  (tally: Tally) =>
  (name: string, help: string, of: OfVersion<Buckets>): Family => ({
    name,
    type: 'histogram',
    help,
    labels: modelLabels,
    samples: () =>
      eachVersion(tally, (version, labels) => histogramSamples(name, labels, of(version))),
  })
