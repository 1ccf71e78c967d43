/**
 * The metrics of answers that are kept. Those of a model have Triton's names and meaning: durations
 * are totals in microseconds, to look an answer up, and of misses to keep it too.
 * https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
 */
import type { Family } from './family.ts'
import { eachVersion, modelLabels } from './per-version.ts'
import type { Tally } from './tally.ts'
import type { VersionTally } from './version-tally.ts'

export function cacheFamilies(tally: Tally): readonly Family[] {
  const { cache } = tally
  return [
    perModel(
      'nv_cache_num_hits_per_model',
      'Requests answered without a run of their own.',
      ({ cacheHit }) => cacheHit.count,
    ),
    perModel(
      'nv_cache_num_misses_per_model',
      'Requests whose answer was not kept.',
      ({ cacheMiss }) => cacheMiss.count,
    ),
    perModel(
      'nv_cache_hit_duration_per_model',
      'Total time to look up answers that were kept, in microseconds.',
      ({ cacheHit }) => Math.floor(cacheHit.ms * 1000),
    ),
    perModel(
      'nv_cache_miss_duration_per_model',
      'Total time to look up answers that were not kept, and to keep them, in microseconds.',
      ({ cacheMiss }) => Math.floor(cacheMiss.ms * 1000),
    ),
    ofAll('sluice_cache_bytes', 'gauge', 'Memory that kept answers take.', () => cache.bytes),
    ofAll('sluice_cache_entries', 'gauge', 'Answers that are kept.', () => cache.entries),
    ofAll(
      'sluice_cache_evictions_total',
      'counter',
      'Answers that made room for others.',
      () => cache.evicted,
    ),
  ]

  function perModel(name: string, help: string, of: (version: VersionTally) => number): Family {
    return {
      name,
      type: 'counter',
      help,
      labels: modelLabels,
      samples: () => eachVersion(tally, (version, labels) => [{ labels, value: of(version) }]),
    }
  }
}

const ofAll = (name: string, type: Family['type'], help: string, value: () => number): Family => ({
  name,
  type,
  help,
  labels: [],
  samples: () => [{ labels: {}, value: value() }],
})
