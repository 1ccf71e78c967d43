/** Triton's statistics extension. */
import type { BatchStatistics, Duration, VersionStatistics } from '../../../statistics.ts'

export const statisticsOf = (versions: readonly VersionStatistics[]) => ({
  model_stats: versions.map((version) => ({
    name: version.name,
    version: version.version,
    last_inference: version.lastInference,
    inference_count: version.inferenceCount,
    execution_count: version.executionCount,
    inference_stats: {
      success: durationOf(version.success),
      fail: durationOf(version.fail),
      queue: durationOf(version.queue),
      compute_input: durationOf(version.computeInput),
      compute_infer: durationOf(version.computeInfer),
      compute_output: durationOf(version.computeOutput),
      cache_hit: durationOf(version.cacheHit),
      cache_miss: durationOf(version.cacheMiss),
    },
    batch_stats: version.batches.map(batchOf),
  })),
})

const batchOf = (batch: BatchStatistics) => ({
  batch_size: batch.rows,
  compute_input: durationOf(batch.computeInput),
  compute_infer: durationOf(batch.computeInfer),
  compute_output: durationOf(batch.computeOutput),
})

const durationOf = ({ count, ns }: Duration) => ({ count, ns })
