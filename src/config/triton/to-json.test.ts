import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configOf } from './testing.ts'
import { tritonConfigJson } from './to-json.ts'

const printed = (text: string) => JSON.stringify(tritonConfigJson(configOf(text)))

describe('a configuration of Triton is printed', () => {
  it('with fields in the order of the schema, whatever their values, and messages where given', () => {
    assert.equal(
      printed(''),
      '{"name":"","platform":"","backend":"","runtime":"","max_batch_size":0,"input":[],"output":[],"batch_input":[],"batch_output":[],"instance_group":[],"default_model_filename":"","cc_model_filenames":{},"metric_tags":{},"parameters":{},"model_warmup":[]}',
    )
  })

  it('as Triton prints the configuration of a model of ONNX Runtime on a CPU', () => {
    const text = `
      name: "densenet_onnx" platform: "onnxruntime_onnx" backend: "onnxruntime"
      version_policy { latest { num_versions: 1 } }
      input { name: "data_0" data_type: TYPE_FP32 dims: [ 1, 3, 224, 224 ] }
      output { name: "fc6_1" data_type: TYPE_FP32 dims: [ 1, 1000, 1, 1 ] }
      optimization { input_pinned_memory { enable: true } output_pinned_memory { enable: true } }
      instance_group { name: "densenet_onnx" kind: KIND_CPU count: 2 }
      default_model_filename: "model.onnx"
    `
    assert.equal(
      printed(text),
      '{"name":"densenet_onnx","platform":"onnxruntime_onnx","backend":"onnxruntime","runtime":"","version_policy":{"latest":{"num_versions":1}},"max_batch_size":0,"input":[{"name":"data_0","data_type":"TYPE_FP32","format":"FORMAT_NONE","dims":[1,3,224,224],"is_shape_tensor":false,"allow_ragged_batch":false,"optional":false,"is_non_linear_format_io":false}],"output":[{"name":"fc6_1","data_type":"TYPE_FP32","dims":[1,1000,1,1],"label_filename":"","is_shape_tensor":false,"is_non_linear_format_io":false}],"batch_input":[],"batch_output":[],"optimization":{"priority":"PRIORITY_DEFAULT","input_pinned_memory":{"enable":true},"output_pinned_memory":{"enable":true},"gather_kernel_buffer_threshold":0,"eager_batching":false},"instance_group":[{"name":"densenet_onnx","kind":"KIND_CPU","count":2,"gpus":[],"secondary_devices":[],"profile":[],"passive":false,"host_policy":""}],"default_model_filename":"model.onnx","cc_model_filenames":{},"metric_tags":{},"parameters":{},"model_warmup":[]}',
    )
  })

  it('with whole numbers as numbers, wherever they are, and as strings where a number is too small', () => {
    const { dynamic_batching: batching, version_policy: policy } = tritonConfigJson(
      configOf(`
        version_policy { specific { versions: [ 3, 9007199254740992 ] } }
        dynamic_batching {
          max_queue_delay_microseconds: 100
          priority_queue_policy { key: 2 value { default_timeout_microseconds: 7 } }
        }
      `),
    ) as Record<string, Record<string, unknown>>
    assert.deepEqual(policy?.specific, { versions: [3, '9007199254740992'] })
    assert.equal(batching?.max_queue_delay_microseconds, 100)
    assert.deepEqual(batching?.priority_queue_policy, {
      2: {
        timeout_action: 'REJECT',
        default_timeout_microseconds: 7,
        allow_timeout_override: false,
        max_queue_size: 0,
      },
    })
  })

  it('with choices only where one is made, and numbers of enums that are not known', () => {
    const config = configOf(`
      model_warmup { inputs { key: "a" value { zero_data: false } } inputs { key: "b" value { } } }
      instance_group { kind: 17 }
    `)
    const { model_warmup: warmUp, instance_group: groups } = tritonConfigJson(config) as {
      model_warmup: [{ inputs: unknown }]
      instance_group: [{ kind: unknown }]
    }
    assert.deepEqual(warmUp[0].inputs, {
      a: { data_type: 'TYPE_INVALID', dims: [], zero_data: false },
      b: { data_type: 'TYPE_INVALID', dims: [] },
    })
    assert.equal(groups[0].kind, 17)
  })
})
