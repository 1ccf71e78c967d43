/** What makes the answers of two versions the same, whichever server has loaded them. */
import { hash } from 'node:crypto'
import type { CachedVersion } from './response-cache.ts'

/**
 * SHA-256 in hex over everything that an answer may depend on besides the request. A key of the
 * configuration counts unless it is known to change no answer.
 */
export function scopeOf({ model, version, digest, provider, config }: CachedVersion): string {
  const counted = Object.entries(config)
    .filter(([key]) => !changesNoAnswer.includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return hash('sha256', JSON.stringify([model, version, digest, provider, counted]))
}

const changesNoAnswer: readonly string[] = [
  'cache',
  'executors',
  'name',
  'queue',
  'rollout',
  'slo',
  'versionLabels',
  'versions',
  'warmUp',
]
