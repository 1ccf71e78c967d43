/** What stands before the executors of a version that answers by what came before. */
import type { InUse } from '../cache/index.ts'
import type { Clock } from '../clock.ts'
import type { ModelConfig } from '../config/index.ts'
import { fail } from '../errors.ts'
import type { Events } from '../events.ts'
import type { ModelSpec } from '../model-spec.ts'
import type { Predictor } from '../predictor.ts'
import { readInitialStates } from '../repository/index.ts'
import type { QueueDefaults } from '../scheduler/index.ts'
import { planSequences, type SequencePlan, type Sequences, sequenced } from '../sequences/index.ts'
import type { Signature } from '../signature.ts'

/** Undefined where requests are answered by themselves. Fails with MODEL_UNSUPPORTED. */
export async function planOf(
  spec: Pick<ModelSpec, 'name' | 'folder' | 'config'>,
  signature: Signature,
): Promise<SequencePlan | undefined> {
  const { name: model, config } = spec
  if (config.sequences === undefined) return undefined
  if (config.cache !== 'off') {
    const problem = `answers of model '${model}' follow from what came before, so that they cannot be kept`
    throw fail('MODEL_UNSUPPORTED', { problem, hint: 'leave out cache' })
  }
  const files = await readInitialStates(spec)
  return planSequences({ model, signature, config: config.sequences, files })
}

/** What the configuration asks for and sequences have no use for. */
export function unheededBySequences({ batching, queue, slo }: ModelConfig): readonly string[] {
  const asked = [
    ...(typeof batching === 'object' ? ['batching'] : []),
    ...(queue.priorities !== undefined ? ['queue.priorities'] : []),
    ...(queue.onTimeout === 'delay' ? ['queue.onTimeout'] : []),
    ...(slo !== undefined ? ['slo'] : []),
  ]
  return asked.map((key) => `${key} has no effect where requests belong to sequences`)
}

/** Of a model whose executors get whole runs, which wait elsewhere. */
export const underSequences = (config: ModelConfig): ModelConfig => ({
  ...config,
  batching: 'off',
  queue: {},
  slo: undefined,
})

/** More runs than batches never wait. */
export const mostRuns = ({ executors }: ModelConfig): number =>
  typeof executors === 'number' ? executors : 1

export interface VersionSequences {
  readonly model: string
  readonly version: string
  readonly config: ModelConfig
  readonly plan: SequencePlan
  /** Of the plan, with what the configuration adds to it. */
  readonly signature: Signature
  readonly queue: QueueDefaults
  readonly clock: Clock
  readonly events: Events
}

export interface SequencesInUse extends InUse {
  readonly sequences: Sequences
}

/** Sequences over executors: idle, drained and ended together. */
export function sequencesOver(executors: InUse, version: VersionSequences): SequencesInUse {
  const { config } = version
  const sequences = sequenced({ ...version, sequences: config.sequences!, inner: executors })
  return {
    signature: sequences.signature,
    sequences,
    get idle() {
      return sequences.idle && executors.idle
    },
    get lastUsed() {
      return Math.max(sequences.lastUsed, executors.lastUsed)
    },
    predict: (request, call) => sequences.predict(request, call),
    stream: (request, call) => sequences.stream(request, call),
    async whenIdle() {
      await sequences.whenIdle()
      await executors.whenIdle()
    },
    async drain() {
      await sequences.drain()
      await executors.drain()
    },
    endAll(why) {
      sequences.endAll(why)
      executors.endAll(why)
    },
  }
}

/** A sequence of one request each, for whoever only wants to know whether it is answered. */
export function eachAlone(inner: Predictor, plan: SequencePlan): Predictor {
  const told = plan.controls.find(({ means }) => means === 'id')
  const id = told?.datatype === 'BYTES' ? 'trial' : 1n
  const scheduling = { sequence: { id, start: true, end: true } }
  return {
    signature: inner.signature,
    predict(request, call) {
      call.scheduling = scheduling
      return inner.predict(request, call)
    },
    stream(request, call) {
      call.scheduling = scheduling
      return inner.stream(request, call)
    },
  }
}
