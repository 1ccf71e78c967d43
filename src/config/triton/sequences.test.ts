import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toJsonString } from '@bufbuild/protobuf'
import { layeredModelConfig } from '../load-model.ts'
import { ModelConfigSchema } from './generated/model_config_pb.ts'
import { inEffect } from './in-effect.ts'
import { modelConfigOfTriton } from './model-config.ts'
import { parseTritonConfig } from './parse.ts'

const sequencesOf = (text: string) => {
  const value = modelConfigOfTriton(parseTritonConfig(text, 'config.pbtxt'), () => '').config
  return layeredModelConfig([{ name: 'config.pbtxt', value }]).sequences
}

const whole = `max_batch_size: 6
  input { name: "x" data_type: TYPE_FP32 dims: 2 } output { name: "y" data_type: TYPE_FP32 dims: 2 }`

describe('sequence_batching is read', () => {
  it('with what Triton does where nothing is said', () => {
    const { strategy, idleTimeoutMs, maxBatchSize, maxSequences, maxDelayMs, ...rest } =
      sequencesOf(`${whole} sequence_batching { }`)!
    assert.deepEqual(
      { strategy, idleTimeoutMs, maxBatchSize, maxSequences, maxDelayMs },
      {
        strategy: 'direct',
        idleTimeoutMs: 1000,
        maxBatchSize: 6,
        maxSequences: undefined,
        maxDelayMs: 0,
      },
    )
    assert.equal(rest.minimumUtilization, 0)
    assert.deepEqual([rest.controls, rest.state], [[], []])
  })

  it('as direct, with its delay and the share of rows that need not wait', () => {
    const told = sequencesOf(`${whole} sequence_batching {
      max_sequence_idle_microseconds: 2500001
      direct { max_queue_delay_microseconds: 1500 minimum_slot_utilization: 0.75 } }`)!
    assert.equal(told.strategy, 'direct')
    assert.equal(told.idleTimeoutMs, 2501)
    assert.equal(told.maxDelayMs, 1.5)
    assert.equal(told.minimumUtilization, 0.75)
  })

  it('as oldest, with its candidates, preferred sizes, delay and order', () => {
    const told = sequencesOf(`${whole} sequence_batching { oldest {
      max_candidate_sequences: 9 preferred_batch_size: [ 2, 4 ]
      max_queue_delay_microseconds: 300 preserve_ordering: true } }`)!
    assert.equal(told.strategy, 'oldest')
    assert.equal(told.maxSequences, 9)
    assert.deepEqual(told.preferred, [2, 4])
    assert.equal(told.maxDelayMs, 0.3)
    assert.equal(told.preserveOrdering, true)
  })

  it('with controls of every kind and type', () => {
    const told = sequencesOf(`${whole} sequence_batching {
      control_input { name: "S" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 3, 7 ] } }
      control_input { name: "E" control { kind: CONTROL_SEQUENCE_END fp32_false_true: [ 0.5, 1.5 ] } }
      control_input { name: "R" control { kind: CONTROL_SEQUENCE_READY bool_false_true: [ false, true ] } }
      control_input { name: "I" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_STRING } } }`)!
    assert.deepEqual(told.controls, [
      { input: 'S', means: 'start', datatype: 'INT32', values: [3, 7] },
      { input: 'E', means: 'end', datatype: 'FP32', values: [0.5, 1.5] },
      { input: 'R', means: 'ready', datatype: 'BOOL', values: [false, true] },
      { input: 'I', means: 'id', datatype: 'BYTES', values: [0, 1] },
    ])
  })

  it('with states that begin with zeros, or with a file', () => {
    const told = sequencesOf(`${whole} sequence_batching {
      state { input_name: "h" output_name: "h2" data_type: TYPE_FP32 dims: [ -1, 3 ]
        initial_state { name: "zeros" data_type: TYPE_FP32 dims: [ 5, 3 ] zero_data: true } }
      state { input_name: "c" output_name: "y" data_type: TYPE_INT64 dims: 4
        use_same_buffer_for_input_output: true
        initial_state { name: "c0" data_type: TYPE_INT64 dims: 4 data_file: "c0.bin" } } }`)!
    assert.deepEqual(told.state, [
      {
        input: 'h',
        output: 'h2',
        datatype: 'FP32',
        shape: [-1, 3],
        initial: { value: 0, shape: [5, 3] },
        visible: false,
      },
      {
        input: 'c',
        output: 'y',
        datatype: 'INT64',
        shape: [4],
        initial: { value: 0, shape: [4], file: 'c0.bin' },
        visible: true,
      },
    ])
  })

  it('without a batch size where that is read from the model', () => {
    assert.equal(sequencesOf('sequence_batching { }')!.maxBatchSize, undefined)
    assert.equal(sequencesOf(`${whole.replace('6', '0')} sequence_batching { }`)!.maxBatchSize, 0)
  })

  it('under a model.yaml that says otherwise', () => {
    const value = modelConfigOfTriton(
      parseTritonConfig(`${whole} sequence_batching { oldest { } }`, 'config.pbtxt'),
      () => '',
    ).config
    const { sequences } = layeredModelConfig([
      { name: 'config.pbtxt', value },
      { name: 'model.yaml', value: { sequences: { idleTimeoutMs: 70_000 } } },
    ])
    assert.equal(sequences!.strategy, 'oldest')
    assert.equal(sequences!.idleTimeoutMs, 70_000)
  })
})

describe('what is in effect of sequences is told in the words of Triton', () => {
  const batchingOf = (text: string, yaml: object = {}) => {
    const written = parseTritonConfig(text, 'config.pbtxt')
    const value = modelConfigOfTriton(written, () => '').config
    const config = layeredModelConfig([
      { name: 'config.pbtxt', value },
      { name: 'model.yaml', value: yaml },
    ])
    const told = inEffect(written, config)
    const { sequenceBatching } = JSON.parse(toJsonString(ModelConfigSchema, told))
    return { rows: told.maxBatchSize, batching: sequenceBatching }
  }

  it('as it was written, but for the time that a model.yaml sets', () => {
    const text = `${whole} sequence_batching { max_sequence_idle_microseconds: 2500001
      state { input_name: "h" output_name: "h2" data_type: TYPE_FP32 dims: 3
        initial_state { name: "zeros" data_type: TYPE_FP32 dims: 3 zero_data: true } } }`
    const { rows, batching } = batchingOf(text)
    assert.equal(rows, 6)
    assert.equal(batching.maxSequenceIdleMicroseconds, '2500001')
    assert.equal(batching.state[0].initialState[0].name, 'zeros')
    const later = batchingOf(text, { sequences: { idleTimeoutMs: 9 } })
    assert.equal(later.batching.maxSequenceIdleMicroseconds, '9000')
    assert.equal(later.batching.state[0].initialState[0].name, 'zeros')
  })

  it('where only a model.yaml says it', () => {
    const controls = [
      { input: 'S', means: 'start', values: [2, 3] },
      { input: 'E', means: 'end', datatype: 'FP32', values: [0, 1] },
      { input: 'R', means: 'ready', datatype: 'BOOL', values: [false, true] },
      { input: 'I', means: 'id', datatype: 'BYTES' },
    ]
    const state = [{ input: 'h', output: 'h2', datatype: 'FP16', shape: [-1, 3] }]
    const sequences = { strategy: 'oldest', maxBatchSize: 3, maxSequences: 12, maxDelayMs: 1.5 }
    const { rows, batching } = batchingOf('', { sequences: { ...sequences, controls, state } })
    assert.equal(rows, 0, 'the model has told of no axis for them')
    assert.deepEqual(batching, {
      maxSequenceIdleMicroseconds: '1000000',
      oldest: { maxCandidateSequences: 12, maxQueueDelayMicroseconds: '1500' },
      controlInput: [
        { name: 'S', control: [{ int32FalseTrue: [2, 3] }] },
        { name: 'E', control: [{ kind: 'CONTROL_SEQUENCE_END', fp32FalseTrue: [0, 1] }] },
        { name: 'R', control: [{ kind: 'CONTROL_SEQUENCE_READY', boolFalseTrue: [false, true] }] },
        { name: 'I', control: [{ kind: 'CONTROL_SEQUENCE_CORRID', dataType: 'TYPE_STRING' }] },
      ],
      state: [{ inputName: 'h', outputName: 'h2', dataType: 'TYPE_FP16', dims: ['-1', '3'] }],
    })
    const direct = batchingOf('', { sequences: { minimumUtilization: 0.5, maxDelayMs: 2 } })
    assert.deepEqual(direct.batching.direct, {
      maxQueueDelayMicroseconds: '2000',
      minimumSlotUtilization: 0.5,
    })
  })
})
