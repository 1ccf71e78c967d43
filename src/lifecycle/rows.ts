/** What is told of a model: each of its versions, oldest first, and what is wrong with all of it. */
import type { ServingError } from '../errors.ts'
import type { VersionRow } from '../repository/index.ts'
import { compareVersions } from '../version-order.ts'
import { rowOf, type Slot, wordsOf } from './slot.ts'
import type { VersionTable } from './version-table.ts'

export interface ModelFacts {
  readonly name: string
  readonly table: VersionTable
  /** Versions by their labels. */
  readonly labels: ReadonlyMap<string, string>
  /** Versions that were unloaded by wish. */
  readonly unloaded: readonly string[]
  readonly problem: ServingError | undefined
  /** Loads a version that sleeps. */
  readonly wake: (slot: Slot) => Promise<void>
}

export function rowsOf(facts: ModelFacts): readonly VersionRow[] {
  const { name, table, labels, unloaded, problem, wake } = facts
  const { stable } = table
  const rows = table.all().map((slot): VersionRow => {
    const own = [...labels].filter(([, version]) => version === slot.version)
    return {
      ...rowOf(name, slot, stable === undefined, () => wake(slot)),
      ...(slot.serving !== undefined && slot.serving === stable && { stable: true }),
      ...(own.length > 0 && { labels: own.map(([label]) => label) }),
    }
  })
  const gone = unloaded
    .filter((version) => table.get(version) === undefined)
    .map((version): VersionRow => ({ name, version, state: 'unloaded' }))
  const sorted = [...rows, ...gone].sort((a, b) => compareVersions(a.version, b.version))
  if (problem === undefined) return sorted
  return [...sorted, { name, version: '', state: 'failed', why: wordsOf(problem) }]
}
