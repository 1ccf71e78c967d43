/** Sequences of one version, as its configuration asks. */
import type { Clock } from '../clock.ts'
import type { ModelConfig } from '../config/index.ts'
import type { Events } from '../events.ts'
import type { Predictor } from '../predictor.ts'
import type { Signature } from '../signature.ts'
import type { SequencePlan, SequencesConfig } from './plan.ts'
import { Sequences } from './sequences.ts'

export interface SequencedVersion {
  readonly model: string
  readonly version: string
  /** Runs one request of several rows on the model as it is, which no other request joins. */
  readonly inner: Predictor
  /** What clients see: of the plan, with what the configuration adds to it. */
  readonly signature: Signature
  readonly plan: SequencePlan
  readonly config: Pick<ModelConfig, 'executors' | 'queue'>
  readonly sequences: SequencesConfig
  /** For models that do not say. */
  readonly queue: QueueDefaults
  readonly clock: Clock
  readonly events: Events
}

export interface QueueDefaults {
  readonly maxWaiting: number
  readonly maxWaitingBytes: number
}

export function sequenced({ config, sequences, queue, ...version }: SequencedVersion): Sequences {
  const { strategy, maxDelayMs, minimumUtilization, preferred, preserveOrdering } = sequences
  const { maxRows } = version.plan
  const direct = strategy === 'direct'
  return new Sequences({
    ...version,
    rules: {
      strategy,
      maxRows,
      // with a share of 0 Triton never waits
      maxDelayMs: direct && minimumUtilization === 0 ? 0 : maxDelayMs,
      minimumUtilization,
      preferred,
      preserveOrdering,
    },
    batches: typeof config.executors === 'number' ? config.executors : 1,
    seats: direct ? maxRows : (sequences.maxSequences ?? maxRows),
    idleTimeoutMs: sequences.idleTimeoutMs,
    limits: {
      maxWaiting: config.queue.maxWaiting ?? queue.maxWaiting,
      maxWaitingBytes: config.queue.maxWaitingBytes ?? queue.maxWaitingBytes,
      timeoutMs: config.queue.timeoutMs || Infinity,
      maxStateBytes: sequences.maxStateBytes,
    },
  })
}
