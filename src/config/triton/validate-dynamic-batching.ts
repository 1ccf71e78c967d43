/** Triton's rules for `dynamic_batching`. */
import {
  type ModelDynamicBatching,
  type ModelQueuePolicy,
  ModelQueuePolicy_TimeoutAction,
} from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

export function* dynamicBatchingProblems(
  { name, maxBatchSize }: TritonConfig,
  batching: ModelDynamicBatching,
): Iterable<string> {
  for (const size of batching.preferredBatchSize) {
    if (size <= 0) yield `dynamic batching preferred size must be positive for ${name}`
    if (size > maxBatchSize) {
      yield `dynamic batching preferred size must be <= max batch size for ${name}`
    }
  }
  const { priorityLevels: levels, defaultPriorityLevel, priorityQueuePolicy } = batching
  const isLevel = (level: bigint) => level >= 1n && level <= levels
  if (levels !== 0n) {
    if (!isLevel(defaultPriorityLevel)) {
      yield `default priority level must be in range [1, ${levels}] for ${name}`
    }
    for (const level of Object.keys(priorityQueuePolicy)) {
      if (!isLevel(BigInt(level))) {
        yield `priority queue policy must have priority level in range [1, ${levels}] for ${name}`
      }
    }
  }
  if (!batching.preserveOrdering) return
  if (levels > 1n) {
    yield `Only one priority level is allowed when 'preserve_ordering' is true for ${name}`
  }
  const policies = [batching.defaultQueuePolicy, ...Object.values(priorityQueuePolicy)]
  if (policies.some(delays)) {
    yield `Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for ${name}`
  }
}

const delays = (policy: ModelQueuePolicy | undefined): boolean =>
  policy !== undefined &&
  policy.defaultTimeoutMicroseconds !== 0n &&
  policy.timeoutAction === ModelQueuePolicy_TimeoutAction.DELAY
