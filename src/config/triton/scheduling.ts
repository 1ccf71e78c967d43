/**
 * What `max_batch_size`, `dynamic_batching` and `instance_group` amount to here: how requests wait,
 * share runs, and run.
 */
import {
  type ModelDynamicBatching,
  type ModelInstanceGroup,
  type ModelQueuePolicy,
  ModelQueuePolicy_TimeoutAction as TimeoutAction,
} from './generated/model_config_pb.ts'
import { raggedOf } from './ragged.ts'
import type { TritonConfig } from './triton-config.ts'

/**
 * Without `dynamic_batching` Triton runs each request alone. Here requests may share a run where a
 * trial has shown that it makes no difference to their answers.
 */
export function batchingOf(config: TritonConfig): { readonly batching?: object } {
  const { schedulingChoice, maxBatchSize } = config
  const bound = maxBatchSize > 0 ? { maxBatchSize } : {}
  switch (schedulingChoice.case) {
    case undefined: {
      const batching = { ...bound, ...raggedOf(config) }
      if (Object.keys(batching).length === 0) return {}
      return { batching: { ...batching, assumeJoinable: false } }
    }
    case 'dynamicBatching': {
      const { preserveOrdering } = schedulingChoice.value
      const batching = {
        ...bound,
        ...(takesRows(config) && companyOf(schedulingChoice.value)),
        ...(preserveOrdering && { preserveOrdering }),
        ...raggedOf(config),
      }
      return Object.keys(batching).length === 0 ? {} : { batching }
    }
    default:
      return {}
  }
}

export function queueOf({ schedulingChoice }: TritonConfig): { readonly queue?: object } {
  if (schedulingChoice.case !== 'dynamicBatching') return {}
  const { defaultQueuePolicy, priorityLevels } = schedulingChoice.value
  const { maxWaiting, ...policy } = policyOf(defaultQueuePolicy)
  const bound = maxWaiting === undefined ? {} : { maxWaiting }
  const queue =
    priorityLevels > 1n
      ? { ...policy, priorities: { ...prioritiesOf(schedulingChoice.value), ...bound } }
      : { ...bound, ...policy }
  return Object.keys(queue).length === 0 ? {} : { queue }
}

/** Nothing where no group says how many: as many as there is room for. */
export function executorsOf({ instanceGroup }: TritonConfig): { readonly executors?: number } {
  if (!instanceGroup.some(({ count }) => count > 0)) return {}
  const active = instanceGroup.filter(({ passive }) => !passive)
  const instances = active.reduce((sum, { count }) => sum + Math.max(1, count), 0)
  return { executors: Math.min(mostExecutors, Math.max(1, instances)) }
}

/** Of several groups, the most of each resource: executors here are all alike. */
export function rateLimitOf({ instanceGroup }: TritonConfig): { readonly rateLimit?: object } {
  const limiters = limitersOf(instanceGroup)
  const resources = new Map<string, { name: string; count: number; global: boolean }>()
  for (const { name, count, global } of limiters.flatMap((limiter) => limiter.resources)) {
    const most = Math.max(count, resources.get(name)?.count ?? 0)
    resources.set(name, { name, count: most, global })
  }
  const priority = Math.min(...limiters.map((limiter) => limiter.priority || 1))
  const rateLimit = {
    ...(resources.size > 0 && { resources: [...resources.values()] }),
    ...(priority > 1 && priority < Infinity && { priority }),
  }
  return Object.keys(rateLimit).length === 0 ? {} : { rateLimit }
}

export const limitersOf = (groups: readonly ModelInstanceGroup[]) =>
  groups.flatMap(({ rateLimiter }) => rateLimiter ?? [])

/** A configuration that lacks inputs or outputs is completed, and then has rows where it can. */
const takesRows = ({ maxBatchSize, input, output }: TritonConfig): boolean =>
  maxBatchSize > 0 || input.length === 0 || output.length === 0

const companyOf = (batching: ModelDynamicBatching) => ({
  ...(batching.maxQueueDelayMicroseconds > 0n && {
    maxDelayMs: millisecondsOf(batching.maxQueueDelayMicroseconds),
  }),
  ...(batching.preferredBatchSize.length > 0 && { preferred: batching.preferredBatchSize }),
})

/** 0 is no bound in Triton; here there is always one, the server's. */
function policyOf(policy: ModelQueuePolicy | undefined) {
  if (policy === undefined) return {}
  const { maxQueueSize, defaultTimeoutMicroseconds, allowTimeoutOverride, timeoutAction } = policy
  const waits = defaultTimeoutMicroseconds > 0n
  return {
    ...(maxQueueSize > 0 && { maxWaiting: maxQueueSize }),
    ...(waits && { timeoutMs: millisecondsOf(defaultTimeoutMicroseconds) }),
    ...(timeoutAction === TimeoutAction.DELAY && { onTimeout: 'delay' }),
    ...((waits || allowTimeoutOverride) && { timeoutOverride: allowTimeoutOverride }),
  }
}

/** A policy of a level takes the place of the default one as a whole. */
function prioritiesOf(batching: ModelDynamicBatching) {
  const { priorityLevels, defaultPriorityLevel, priorityQueuePolicy } = batching
  const policies = Object.entries(priorityQueuePolicy).map(([level, policy]) => [
    level,
    { maxWaiting: 'any', timeoutMs: 0, onTimeout: 'refuse', ...policyOf(policy) },
  ])
  return {
    levels: Number(priorityLevels),
    default: Number(defaultPriorityLevel),
    ...(policies.length > 0 && { policies: Object.fromEntries(policies) }),
  }
}

const millisecondsOf = (microseconds: bigint): number =>
  Math.min(longestMs, Number(microseconds) / 1000)

const longestMs = 2 ** 31 - 1
const mostExecutors = 1024
