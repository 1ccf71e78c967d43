/** What is told of one version of a model, or of a model of which no version is known. */
import type { IndexEntry } from '../model-control.ts'
import type { ServedModel } from '../models.ts'

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

const loadedRow = ({ platform, provider, digest, memoryBytes, files }: ServedModel) => ({
  platform,
  provider,
  digest: `sha256:${digest}`,
  memory_bytes: memoryBytes,
  files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
})
