/** How requests are scheduled here, in the words of Triton: what `model.yaml` says has its say. */
import { create } from '@bufbuild/protobuf'
import type { ModelConfig as ModelYaml } from '../model.ts'
import {
  type ModelConfig,
  type ModelDynamicBatching,
  type ModelQueuePolicy,
  ModelQueuePolicySchema,
  ModelQueuePolicy_TimeoutAction as TimeoutAction,
} from './generated/model_config_pb.ts'

/** Changes the configuration. Sequences and ensembles have a schedule of their own. */
export function putSchedulingInEffect(effective: ModelConfig, yaml: ModelYaml): void {
  putExecutors(effective, yaml)
  const { schedulingChoice, maxBatchSize } = effective
  if (schedulingChoice.case !== 'dynamicBatching') return
  if (yaml.batching === 'off') {
    effective.schedulingChoice = { case: undefined }
    return
  }
  if (maxBatchSize > 0) putBatching(schedulingChoice.value, yaml.batching)
  putQueue(schedulingChoice.value, yaml.queue)
}

function putExecutors(effective: ModelConfig, { executors }: ModelYaml): void {
  const [first] = effective.instanceGroup
  const active = effective.instanceGroup.filter(({ passive }) => !passive)
  const told = active.reduce((sum, { count }) => sum + count, 0)
  if (typeof executors !== 'number' || first === undefined || told === executors) return
  effective.instanceGroup = [first]
  first.count = executors
  first.passive = false
}

function putBatching(told: ModelDynamicBatching, batching: ModelYaml['batching']): void {
  if (typeof batching !== 'object') return
  told.maxQueueDelayMicroseconds = microseconds(batching.maxDelayMs)
  told.preserveOrdering = batching.preserveOrdering
  if (batching.preferred.length > 0) told.preferredBatchSize = [...batching.preferred]
}

type Queue = ModelYaml['queue']

interface Policy extends Pick<Queue, 'timeoutMs' | 'onTimeout' | 'timeoutOverride'> {
  readonly maxWaiting?: number | 'any' | undefined
}

function putQueue(told: ModelDynamicBatching, queue: Queue): void {
  const { priorities, timeoutMs, onTimeout, timeoutOverride } = queue
  const maxWaiting = priorities === undefined ? queue.maxWaiting : priorities.maxWaiting
  const usual = { maxWaiting, timeoutMs, onTimeout, timeoutOverride }
  if (Object.values(usual).some((value) => value !== undefined)) {
    told.defaultQueuePolicy = policyOf(usual)
  }
  if (priorities === undefined) return
  told.priorityLevels = BigInt(priorities.levels)
  told.defaultPriorityLevel = BigInt(priorities.default)
  told.priorityQueuePolicy = Object.fromEntries(
    Object.entries(priorities.policies).map(([level, own]) => [
      level,
      policyOf({
        maxWaiting: own.maxWaiting ?? maxWaiting,
        timeoutMs: own.timeoutMs ?? timeoutMs,
        onTimeout: own.onTimeout ?? onTimeout,
        timeoutOverride: own.timeoutOverride ?? timeoutOverride,
      }),
    ]),
  )
}

const policyOf = ({ maxWaiting, timeoutMs = 0, onTimeout, timeoutOverride }: Policy) =>
  create(ModelQueuePolicySchema, {
    maxQueueSize: typeof maxWaiting === 'number' ? maxWaiting : 0,
    defaultTimeoutMicroseconds: microseconds(timeoutMs),
    timeoutAction: onTimeout === 'delay' ? TimeoutAction.DELAY : TimeoutAction.REJECT,
    allowTimeoutOverride: timeoutOverride ?? false,
  }) satisfies ModelQueuePolicy

const microseconds = (ms: number): bigint => BigInt(Math.round(ms * 1000))
