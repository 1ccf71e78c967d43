/** Samples of every version, labelled with its model and number. */
import type { Labels, Sample } from './family.ts'
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
