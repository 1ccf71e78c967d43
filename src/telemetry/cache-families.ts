/**
 * The metrics of answers that are kept. Those of a model have Triton's names and meaning: durations
 * are totals in microseconds, to look an answer up, and of misses to keep it too.
 * https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
 */
import type { Family } from './family.ts'
import { valuesOfEach } from './per-version.ts'
import type { Tally } from './tally.ts'

export function cacheFamilies(tally: Tally): readonly Family[] {
  const { cache } = tally
  const one = valuesOfEach(tally)
  return [
    one(
      'nv_cache_num_hits_per_model',
      'counter',
      'Requests answered without a run of their own.',
      ({ cacheHit }) => cacheHit.count,
    ),
    one(
      'nv_cache_num_misses_per_model',
      'counter',
      'Requests whose answer was not kept.',
      ({ cacheMiss }) => cacheMiss.count,
    ),
    one(
      'nv_cache_hit_duration_per_model',
      'counter',
      'Total time to look up answers that were kept, in microseconds.',
      ({ cacheHit }) => Math.floor(cacheHit.ms * 1000),
    ),
    one(
      'nv_cache_miss_duration_per_model',
      'counter',
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
}

const ofAll = (name: string, type: Family['type'], help: string, value: () => number): Family => ({
  name,
  type,
  help,
  labels: [],
  samples: () => [{ labels: {}, value: value() }],
})
