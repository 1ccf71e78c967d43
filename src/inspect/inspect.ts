/**
 * Says of every model at some paths whether it would be served, by the same steps as serving it:
 * what is found, which versions are wanted, and what each of them is. Nothing is loaded into a runtime.
 */
import { ServingError } from '../errors.ts'
import { wantedVersions } from '../lifecycle/index.ts'
import type { ModelSpec } from '../model-spec.ts'
import { discover, type Layout, type ReadModel } from '../repository/index.ts'
import { inspectVersion, problemOf, type VersionInspection } from './inspect-version.ts'

export interface Inspection {
  readonly name: string
  /** In whose words it lies there. */
  readonly layout: Layout
  /** Every version there is, oldest first. */
  readonly versions: readonly string[]
  /** Names of versions. */
  readonly labels: Readonly<Record<string, number>>
  /** The versions that are to be served, oldest first. */
  readonly wanted: readonly VersionInspection[]
  /** Whether all of them would be. */
  readonly served: boolean
  /** Why not. */
  readonly problems: readonly string[]
  /** What its user should know although it would be served. */
  readonly notes: readonly string[]
}

/** One model after the other, since each is held whole in memory. `onModel` tells of progress. */
export async function inspectModels(
  paths: readonly string[],
  onModel: (name: string, place: number, count: number) => void = () => {},
): Promise<readonly Inspection[]> {
  const found = await discover(paths)
  const inspections: Inspection[] = []
  for (const [index, model] of found.entries()) {
    onModel(model.name, index + 1, found.length)
    inspections.push(await inspectModel(model))
  }
  return inspections
}

async function inspectModel({ name, layout, spec }: ReadModel): Promise<Inspection> {
  const about = { name, layout, versions: [], labels: {}, wanted: [], notes: [] }
  if (spec instanceof ServingError) return { ...about, served: false, problems: [problemOf(spec)] }
  const { wanted, missing } = wantedVersions(spec)
  const inspected: VersionInspection[] = []
  for (const version of wanted) inspected.push(await inspectVersion(spec, version))
  const problems = [
    ...missing.map((version) => `version ${version} is to be served and is not there`),
    ...(wanted.length === 0 && missing.length === 0 ? ['it has no version'] : []),
    ...inspected.flatMap((one) => problemsWithin(one, inspected.length)),
  ]
  return {
    ...about,
    versions: spec.versions.map(({ version }) => version),
    labels: spec.config.versionLabels,
    wanted: inspected,
    served: problems.length === 0,
    problems,
    notes: notesOf(spec, inspected),
  }
}

function problemsWithin({ version, problems }: VersionInspection, count: number) {
  return count === 1 ? problems : problems.map((problem) => `version ${version}: ${problem}`)
}

const notesOf = ({ warnings }: ModelSpec, wanted: readonly VersionInspection[]) => [
  ...new Set([...warnings, ...wanted.flatMap(({ notes }) => notes)]),
]
