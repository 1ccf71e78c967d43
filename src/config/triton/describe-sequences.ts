/** What is in effect of sequences, in Triton's words: clients look whether a model wants them. */
import { clone, create, type MessageInitShape } from '@bufbuild/protobuf'
import type { ModelConfig as ModelYaml } from '../model.ts'
import { dataTypeOf } from './data-type.ts'
import {
  ModelSequenceBatching_Control_Kind as Kind,
  type ModelSequenceBatching_ControlInputSchema,
  ModelSequenceBatchingSchema,
} from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

type Sequences = NonNullable<ModelYaml['sequences']>

/** As a `config.pbtxt` has told it, with the time that `model.yaml` sets; or all that that says. */
export function describeSequences(config: TritonConfig, sequences: Sequences): void {
  const idle = BigInt(sequences.idleTimeoutMs) * 1000n
  const { schedulingChoice } = config
  if (schedulingChoice.case === 'sequenceBatching') {
    const value = clone(ModelSequenceBatchingSchema, schedulingChoice.value)
    // a part of a millisecond more is no other time
    if ((value.maxSequenceIdleMicroseconds + 999n) / 1000n !== BigInt(sequences.idleTimeoutMs)) {
      value.maxSequenceIdleMicroseconds = idle
    }
    config.schedulingChoice = { case: 'sequenceBatching', value }
    return
  }
  const { maxBatchSize = 0 } = sequences
  if (config.maxBatchSize > 0 && maxBatchSize > 0) config.maxBatchSize = maxBatchSize
  config.schedulingChoice = {
    case: 'sequenceBatching',
    value: create(ModelSequenceBatchingSchema, {
      strategyChoice: strategyOf(sequences),
      maxSequenceIdleMicroseconds: idle,
      controlInput: sequences.controls.map(controlOf),
      state: sequences.state.map(({ input, output, datatype, shape }) => ({
        inputName: input,
        outputName: output,
        ...(datatype !== undefined && { dataType: dataTypeOf(datatype) }),
        ...(shape !== undefined && { dims: shape.map(BigInt) }),
      })),
    }),
  }
}

function strategyOf(sequences: Sequences) {
  const { strategy, maxSequences, preferred, preserveOrdering } = sequences
  const maxQueueDelayMicroseconds = BigInt(Math.round(sequences.maxDelayMs * 1000))
  if (strategy === 'direct') {
    const minimumSlotUtilization = sequences.minimumUtilization
    const value = { maxQueueDelayMicroseconds, minimumSlotUtilization }
    return { case: 'direct' as const, value }
  }
  const value = {
    maxQueueDelayMicroseconds,
    preferredBatchSize: [...preferred],
    preserveOrdering,
    ...(maxSequences !== undefined && { maxCandidateSequences: maxSequences }),
  }
  return { case: 'oldest' as const, value }
}

type Control = MessageInitShape<typeof ModelSequenceBatching_ControlInputSchema>

function controlOf({ input, means, datatype, values }: Sequences['controls'][number]): Control {
  const kind = kinds[means]
  if (means === 'id') {
    const dataType = datatype === undefined ? {} : { dataType: dataTypeOf(datatype) }
    return { name: input, control: [{ kind, ...dataType }] }
  }
  if (datatype === 'BOOL') {
    return { name: input, control: [{ kind, boolFalseTrue: values.map(Boolean) }] }
  }
  const told = values.map(Number)
  const whole = told.every(Number.isInteger) && datatype !== 'FP32'
  return {
    name: input,
    control: [{ kind, ...(whole ? { int32FalseTrue: told } : { fp32FalseTrue: told }) }],
  }
}

const kinds = {
  start: Kind.CONTROL_SEQUENCE_START,
  end: Kind.CONTROL_SEQUENCE_END,
  ready: Kind.CONTROL_SEQUENCE_READY,
  id: Kind.CONTROL_SEQUENCE_CORRID,
} as const
