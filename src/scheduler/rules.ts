/** What a model's configuration says of how its requests are scheduled, in the scheduler's words. */

import type { Scheduling } from '../call.ts'
import type { ModelConfig } from '../config/index.ts'
import type { BatchRules } from './batch-policy.ts'

export interface SchedulingRules {
  readonly maxWaiting: number
  readonly maxWaitingBytes: number
  readonly batch: BatchRules
  /** On how many threads its runs may be at once; undefined: on all. */
  readonly executors: number | undefined
  /** In which a request should be answered. */
  readonly sloMs: number | undefined
  readonly preserveOrdering: boolean
  /** The place of a request among others. */
  levelOf(scheduling: Scheduling): LevelRules
}

export interface LevelRules {
  /** 1 is served first. */
  readonly level: number
  readonly maxWaiting: number
  /** How long a request may wait to be begun; Infinity where it does not matter. */
  readonly timeoutMs: number
  /** Whether it is served after all others then, or refused. */
  readonly delayable: boolean
}

/** For models that do not say. */
export interface QueueDefaults {
  readonly maxWaiting: number
  readonly maxWaitingBytes: number
  /** Of those that say nothing of joining. */
  readonly maxBatchSize?: number | undefined
  readonly maxDelayMs?: number | undefined
  readonly executors?: number | undefined
}

export function schedulingRules(config: ModelConfig, defaults: QueueDefaults): SchedulingRules {
  const { queue, executors, slo } = config
  const batching = typeof config.batching === 'string' ? undefined : config.batching
  const usually: Partial<QueueDefaults> = config.batching === 'auto' ? defaults : {}
  const { maxBatchSize = 'auto', maxDelayMs = 0 } = batching ?? usually
  const { preferred = [] } = batching ?? {}
  const usual = levelRules(queue, {})
  const preserveOrdering = batching?.preserveOrdering ?? false
  return {
    maxWaiting: queue.maxWaiting ?? defaults.maxWaiting,
    maxWaitingBytes: queue.maxWaitingBytes ?? defaults.maxWaitingBytes,
    batch: {
      maxRows: maxBatchSize === 'auto' ? Infinity : maxBatchSize,
      preferred: [...preferred].sort((a, b) => a - b),
      maxDelayMs,
      maxRunMs: batching?.maxBatchMs ?? (maxBatchSize === 'auto' ? longestMs : Infinity),
      inOrder: preserveOrdering,
    },
    executors: typeof executors === 'number' ? executors : usualExecutors(config, defaults),
    sloMs: slo?.p99Ms,
    preserveOrdering,
    levelOf: ({ priority, queueTimeoutMs }) =>
      priority === undefined && queueTimeoutMs === undefined
        ? usual
        : levelRules(queue, { priority, queueTimeoutMs }),
  }
}

/** Runs that share all threads are slower beside each other than one after the other. */
const usualExecutors = ({ onnx }: ModelConfig, { executors }: QueueDefaults) =>
  onnx.profile === 'latency' ? 1 : executors

interface Wish {
  readonly priority?: number | undefined
  readonly queueTimeoutMs?: number | undefined
}

function levelRules(
  queue: ModelConfig['queue'],
  { priority = 0, queueTimeoutMs }: Wish,
): LevelRules {
  const { priorities } = queue
  const asked = priority > 0 && priority <= (priorities?.levels ?? 0)
  const level = asked ? priority : (priorities?.default ?? 1)
  const own = priorities?.policies[level]
  const timeoutMs = own?.timeoutMs ?? queue.timeoutMs ?? 0
  const mayLower = own?.timeoutOverride ?? queue.timeoutOverride ?? timeoutMs === 0
  const wished = mayLower ? queueTimeoutMs || Infinity : Infinity
  const maxWaiting = own?.maxWaiting ?? priorities?.maxWaiting ?? 'any'
  return {
    level,
    maxWaiting: maxWaiting === 'any' ? Infinity : maxWaiting,
    timeoutMs: Math.min(timeoutMs || Infinity, wished),
    delayable: (own?.onTimeout ?? queue.onTimeout) === 'delay',
  }
}

/**
 * The longest run that joining leads to where nobody says how many rows it should have: on a processor
 * larger runs are hardly cheaper by the row, and whoever comes next waits for all of one.
 */
const longestMs = 100
