/** Which versions of those on disk are served, and the names they go by. */
import type { ModelConfig } from '../config/index.ts'
import type { ModelSpec, VersionSpec } from '../model-spec.ts'
import { compareVersions } from './version-order.ts'

export interface WantedVersions {
  /** Oldest first. */
  readonly wanted: readonly VersionSpec[]
  /** Asked for by number, and not there. Oldest first. */
  readonly missing: readonly string[]
}

/**
 * - latest: the highest numbers, whether they can be loaded or not: a newest version that is broken
 *   is to be seen, not passed over
 * - all
 * - specific: these numbers and no others
 */
export function wantedVersions({
  versions,
  config,
}: Pick<ModelSpec, 'versions' | 'config'>): WantedVersions {
  const sorted = versions.toSorted((a, b) => compareVersions(a.version, b.version))
  const policy = config.versions
  if ('all' in policy) return { wanted: sorted, missing: [] }
  if ('latest' in policy) return { wanted: sorted.slice(-policy.latest), missing: [] }
  const asked = new Set(policy.specific.map(String))
  const wanted = sorted.filter(({ version }) => asked.delete(version))
  return { wanted, missing: [...asked].sort(compareVersions) }
}

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
