/** Which versions of those on disk are served, and the names they go by. */
import type { ModelConfig } from '../config/index.ts'
import { fail, type ServingError } from '../errors.ts'
import type { ModelSpec, VersionSpec } from '../model-spec.ts'
import { compareVersions } from '../version-order.ts'

export interface WantedVersions {
  /** Oldest first. */
  readonly wanted: readonly VersionSpec[]
  /** Asked for by number, and not there. Oldest first. */
  readonly missing: readonly string[]
}

/**
 * - latest: the highest numbers, and for each of them that has `failed` one more below, a few at
 *   most: a server that starts beside a newest version that is broken serves the one before
 * - all
 * - specific: these numbers and no others
 */
export function wantedVersions(
  { versions, config }: Pick<ModelSpec, 'versions' | 'config'>,
  failed: ReadonlySet<string> = new Set(),
): WantedVersions {
  const sorted = versions.toSorted((a, b) => compareVersions(a.version, b.version))
  const policy = config.versions
  if ('all' in policy) return { wanted: sorted, missing: [] }
  if ('latest' in policy) {
    return { wanted: latest(sorted, policy.latest, failed), missing: [] }
  }
  const asked = new Set(policy.specific.map(String))
  const wanted = sorted.filter(({ version }) => asked.delete(version))
  return { wanted, missing: [...asked].sort(compareVersions) }
}

/** What is wrong with a model of which this is wanted. */
export function problemOf({ wanted, missing }: WantedVersions): ServingError | undefined {
  if (missing.length > 0) {
    const problem = `versions are to be served that are not there: ${missing.join(', ')}`
    return fail('MODEL_UNREADABLE', { problem })
  }
  if (wanted.length > 0) return undefined
  return fail('MODEL_UNREADABLE', { problem: 'no version is available' })
}

function latest(
  sorted: readonly VersionSpec[],
  count: number,
  failed: ReadonlySet<string>,
): readonly VersionSpec[] {
  let sound = 0
  const enough = sorted
    .slice(-count - STEPS_BACK)
    .toReversed()
    .findIndex(({ version }) => {
      if (!failed.has(version)) sound += 1
      return sound === count
    })
  return sorted.slice(enough === -1 ? -count - STEPS_BACK : -enough - 1)
}

/** How many versions that are broken are stepped over. */
const STEPS_BACK = 4

type VersionLabels = ModelConfig['versionLabels']

/** Versions by their labels, also of versions that are not served. */
export const labelsOf = (versionLabels: VersionLabels): ReadonlyMap<string, string> =>
  new Map(Object.entries(versionLabels).map(([label, version]) => [label, `${version}`]))

/** What to tell of labels that lead nowhere. `wanted` are the numbers of what is to be served. */
export function labelWarnings(
  labels: ReadonlyMap<string, string>,
  wanted: readonly string[],
): readonly string[] {
  return [...labels]
    .filter(([, version]) => !wanted.includes(version))
    .map(
      ([label, version]) =>
        `the label "${label}" leads nowhere: version ${version} is not among those served (${wanted.join(', ') || 'none'})`,
    )
}
