/** What `sequence_batching` amounts to here. */
import type { Datatype } from '../../tensor/index.ts'
import { datatypeOf } from './data-type.ts'
import {
  ModelSequenceBatching_Control_Kind as Kind,
  type ModelSequenceBatching,
  type ModelSequenceBatching_Control,
  type ModelSequenceBatching_State,
} from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

/** The part of a `model.yaml` it amounts to; nothing where there is no such scheduling. */
export function sequencesOf(config: TritonConfig) {
  const { schedulingChoice, input, output, maxBatchSize } = config
  if (schedulingChoice.case !== 'sequenceBatching') return {}
  const batching = schedulingChoice.value
  const idleMs = Number(batching.maxSequenceIdleMicroseconds) / 1000
  // what lacks inputs or outputs is completed, and then rows are taken where they can be
  const completed = maxBatchSize === 0 && (input.length === 0 || output.length === 0)
  return {
    sequences: {
      ...strategyOf(batching),
      ...(idleMs > 0 && { idleTimeoutMs: Math.min(longestMs, Math.ceil(idleMs)) }),
      ...(!completed && { maxBatchSize }),
      controls: batching.controlInput.flatMap(({ name, control }) =>
        control.map((one) => ({ input: name, ...controlOf(one) })),
      ),
      state: batching.state.map((state) => ({
        ...stateOf(state),
        ...(output.some(({ name }) => name === state.outputName) && { visible: true }),
      })),
    },
  }
}

function strategyOf({ strategyChoice }: ModelSequenceBatching) {
  if (strategyChoice.case !== 'oldest') {
    const { maxQueueDelayMicroseconds = 0n, minimumSlotUtilization = 0 } =
      strategyChoice.value ?? {}
    return {
      strategy: 'direct',
      maxDelayMs: Number(maxQueueDelayMicroseconds) / 1000,
      minimumUtilization: minimumSlotUtilization,
    }
  }
  const { value } = strategyChoice
  return {
    strategy: 'oldest',
    maxDelayMs: Number(value.maxQueueDelayMicroseconds) / 1000,
    preferred: value.preferredBatchSize,
    preserveOrdering: value.preserveOrdering,
    ...(value.maxCandidateSequences > 0 && { maxSequences: value.maxCandidateSequences }),
  }
}

const meanings = {
  [Kind.CONTROL_SEQUENCE_START]: 'start',
  [Kind.CONTROL_SEQUENCE_END]: 'end',
  [Kind.CONTROL_SEQUENCE_READY]: 'ready',
  [Kind.CONTROL_SEQUENCE_CORRID]: 'id',
} as const

function controlOf(control: ModelSequenceBatching_Control) {
  const { kind, dataType, int32FalseTrue, fp32FalseTrue, boolFalseTrue } = control
  const means = meanings[kind as keyof typeof meanings]
  if (means === 'id') return { means, ...datatyped(datatypeOf(dataType)) }
  if (int32FalseTrue.length > 0) return { means, ...datatyped('INT32'), values: int32FalseTrue }
  if (fp32FalseTrue.length > 0) return { means, ...datatyped('FP32'), values: fp32FalseTrue }
  return { means, ...datatyped('BOOL'), values: boolFalseTrue }
}

function stateOf(state: ModelSequenceBatching_State) {
  const [initial] = state.initialState
  const { stateData, dims = [] } = initial ?? {}
  return {
    input: state.inputName,
    output: state.outputName,
    ...datatyped(datatypeOf(state.dataType)),
    shape: state.dims.map(Number),
    ...(initial !== undefined && {
      initial: {
        shape: dims.map(Number),
        ...(stateData?.case === 'dataFile' && { file: stateData.value }),
      },
    }),
  }
}

const datatyped = (datatype: Datatype | undefined) => (datatype === undefined ? {} : { datatype })

const longestMs = 2 ** 31 - 1
