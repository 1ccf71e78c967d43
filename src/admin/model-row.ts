/** What is told of one version of a model, or of a model of which no version is known. */
import type { IndexEntry } from '../model-control.ts'
import type { JoiningStatus, ServedModel } from '../models.ts'

export function modelRow(entry: IndexEntry) {
  if (!('state' in entry)) return { name: entry.name }
  const { name, version, state, why, stable, labels = [], asleep, served } = entry
  return {
    name,
    ...(version !== '' && { version }),
    state,
    why,
    ...(asleep && { loaded_when_asked: true }),
    ...(stable && { stable }),
    ...(labels.length > 0 && { labels }),
    ...(served !== undefined && loadedRow(served)),
  }
}

function loadedRow(served: ServedModel) {
  const { platform, provider, digest, memoryBytes, files } = served
  const joining = served.joining?.()
  return {
    platform,
    provider,
    digest: `sha256:${digest}`,
    memory_bytes: memoryBytes,
    files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    ...(joining !== undefined && { batching: batchingRow(joining) }),
  }
}

/** `shape` is left out where requests have one shape only. */
const batchingRow = ({ joined, why, limits }: JoiningStatus) =>
  joined
    ? { joined, limits: limits.map(({ shape, rows }) => ({ shape: shape || undefined, rows })) }
    : { joined, why }
