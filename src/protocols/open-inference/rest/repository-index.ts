/** What there is in the repositories, in the words of Triton. */
import type { IndexEntry } from '../../../model-control.ts'
import type { ModelState, ModelStatus } from '../../../models.ts'

/** Models that were never loaded have a name and nothing else. */
export interface RepositoryIndexEntry {
  readonly name: string
  readonly version?: string
  readonly state?: string
  readonly reason?: string
}

export function repositoryIndex(
  entries: readonly IndexEntry[],
  readyOnly: boolean,
): readonly RepositoryIndexEntry[] {
  const told = entries.map(entryOf)
  return readyOnly ? told.filter(({ state }) => state === 'READY') : told
}

const entryOf = (entry: IndexEntry): RepositoryIndexEntry =>
  'state' in entry ? statusEntry(entry) : { name: entry.name }

function statusEntry({ name, version, state, why, asleep }: ModelStatus): RepositoryIndexEntry {
  const reason = why ?? (asleep ? 'loaded when it is asked' : wordOf[state])
  return {
    name,
    ...(version !== '' && { version }),
    // whoever looks here for whom to ask may ask it
    state: asleep ? 'READY' : stateOf[state],
    ...(reason !== undefined && { reason }),
  }
}

const stateOf: Readonly<Record<ModelState, string>> = {
  queued: 'LOADING',
  loading: 'LOADING',
  warming: 'LOADING',
  ready: 'READY',
  draining: 'UNLOADING',
  unloaded: 'UNAVAILABLE',
  failed: 'UNAVAILABLE',
}

const wordOf: Partial<Record<ModelState, string>> = { unloaded: 'unloaded' }
