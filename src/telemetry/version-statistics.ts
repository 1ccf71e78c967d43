/** The totals of a version in the words of statistics endpoints. */
import type { BatchStatistics, Duration, VersionStatistics } from '../statistics.ts'
import type { TimingTally, VersionTally } from './version-tally.ts'

export function statisticsOf(tally: VersionTally): VersionStatistics {
  const { timing, cached, cacheHit, cacheMiss } = tally
  return {
    name: tally.model,
    version: tally.version,
    lastInference: tally.lastInference,
    inferenceCount: tally.successRows,
    executionCount: tally.executions,
    success: duration(tally.success, tally.successMs),
    fail: duration(failed(tally), tally.failureMs),
    queue: duration(timing.count + cached.count, timing.queueMs + cached.queueMs),
    computeInput: duration(timing.count, timing.inputMs),
    computeInfer: duration(timing.count, timing.runMs),
    computeOutput: duration(timing.count, timing.outputMs),
    cacheHit: duration(cacheHit.count, cacheHit.ms),
    cacheMiss: duration(cacheMiss.count, cacheMiss.ms),
    batches: [...tally.batches].sort(([a], [b]) => a - b).map(batchStatistics),
  }
}

export function failed(tally: VersionTally): number {
  let count = 0
  for (const failures of tally.failures.values()) count += failures
  return count
}

function batchStatistics([rows, timing]: readonly [number, TimingTally]): BatchStatistics {
  return {
    rows,
    computeInput: duration(timing.count, timing.inputMs),
    computeInfer: duration(timing.count, timing.runMs),
    computeOutput: duration(timing.count, timing.outputMs),
  }
}

const duration = (count: number, ms: number): Duration => ({ count, ns: Math.round(ms * 1e6) })
