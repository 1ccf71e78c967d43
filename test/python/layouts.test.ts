/** Repositories laid out as in Triton's documentation, served as they are, asked by its own client. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { modelOf, nodeOf, rawTensor, tensorInfo } from '../../src/onnx/testing.ts'
import { modelFolder, plusModel, scatteredModel } from '../e2e/models.ts'
import { type Server, startServer } from '../e2e/server.ts'
import { type Line, runCases, testCases } from './cases.ts'

/** The cases of `layouts.py`, each of which is a test here. */
const cases = [
  'all models are ready',
  'metadata in the shapes of the configuration',
  'the configuration as it was written, and completed',
  'answers of every version',
  'a batch that is too large',
  'answers through a reshape',
  'models without a configuration',
  'a configuration that is sent',
  'models that are unloaded and loaded',
]

describe("repositories of Triton, asked by Triton's client", () => {
  let server: Server
  let lines: readonly Line[]

  before(async () => {
    const control = ['--model-control-mode', 'explicit', '--load-model', '*']
    server = await startServer([written(), unwritten(), ...control, '--log-level', 'warn'])
    lines = await runCases('layouts.py', [`127.0.0.1:${server.port}`])
  })
  after(() => server.process.end())

  testCases(cases, () => lines)

  it('tells that it has no GPU', () => {
    assert.match(
      server.process.stderr,
      /"model":"simple","warning":"instance_group asks for a GPU: it runs on the CPU/,
    )
  })
})

/** Models with a configuration. */
function written(): string {
  const row = Int32Array.from({ length: 16 }, (_, at) => at)
  return modelFolder({
    'simple/config.pbtxt': `
      name: "simple"
      platform: "onnxruntime_onnx"
      max_batch_size: 8
      input [
        { name: "INPUT0" data_type: TYPE_INT32 dims: [ 16 ] },
        { name: "INPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
      ]
      output [
        { name: "OUTPUT0" data_type: TYPE_INT32 dims: [ 16 ] },
        { name: "OUTPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
      ]
      version_policy: { specific { versions: [ 1, 3 ] } }
      instance_group [ { count: 2 kind: KIND_GPU } ]
      dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 100 }
      parameters { key: "intra_op_thread_count" value: { string_value: "1" } }
      model_warmup [
        {
          name: "zeros"
          batch_size: 4
          inputs { key: "INPUT0" value: { data_type: TYPE_INT32 dims: 16 zero_data: true } }
          inputs { key: "INPUT1" value: { data_type: TYPE_INT32 dims: 16 random_data: true } }
        },
        {
          name: "from a file"
          batch_size: 1
          inputs { key: "INPUT0" value: { data_type: TYPE_INT32 dims: 16 input_data_file: "row" } }
          inputs { key: "INPUT1" value: { data_type: TYPE_INT32 dims: 16 zero_data: true } }
        }
      ]`,
    'simple/warmup/row': new Uint8Array(row.buffer),
    'simple/1/model.onnx': simple(1),
    'simple/2/model.onnx': simple(2),
    'simple/3/model.onnx': simple(3),
    'classifier/config.pbtxt': `
      # the batch is no axis of clients
      name: "classifier"
      platform: "onnxruntime_onnx"
      max_batch_size : 0
      input [
        {
          name: "data_0"
          data_type: TYPE_FP32
          format: FORMAT_NCHW
          dims: [ 3, 2, 2 ]
          reshape { shape: [ 1, 3, 2, 2 ] }
        }
      ]
      output [
        {
          name: "fc6_1"
          data_type: TYPE_FP32
          dims: [ 4 ]
          reshape { shape: [ 1, 4, 1, 1 ] }
          label_filename: "labels.txt"
        }
      ]`,
    'classifier/labels.txt': 'TENCH\nGOLDFISH\nGREAT WHITE SHARK\nTIGER SHARK\n',
    'classifier/1/model.onnx': classifier(),
  })
}

/** Models that are completed from their files, each in its own place. */
function unwritten(): string {
  const scattered = Object.entries(scatteredModel(30, 2))
  return modelFolder({
    'auto/1/model.onnx': plusModel(10),
    'named/config.pbtxt': 'backend: "onnxruntime"\ndefault_model_filename: "net.onnx"\n',
    'named/7/net.onnx': plusModel(20),
    // weights beside a model lie in a folder that is called as the model's file
    ...Object.fromEntries(
      scattered.map(([name, bytes]) => [`scattered/1/model.onnx/${name}`, bytes]),
    ),
  })
}

/** Sums and differences, `scale` times. */
function simple(scale: number): Uint8Array {
  const info = (name: string) => tensorInfo(name, 'INT32', ['batch', 16])
  return modelOf({
    node: [
      nodeOf('Add', ['INPUT0', 'INPUT1'], ['sum']),
      nodeOf('Sub', ['INPUT0', 'INPUT1'], ['difference']),
      nodeOf('Mul', ['sum', 'scale'], ['OUTPUT0']),
      nodeOf('Mul', ['difference', 'scale'], ['OUTPUT1']),
    ],
    initializer: [rawTensor('scale', 'INT32', [1], new Uint8Array(Int32Array.of(scale).buffer))],
    input: [info('INPUT0'), info('INPUT1')],
    output: [info('OUTPUT0'), info('OUTPUT1')],
  })
}

/** A product with 0/8, 1/8, 2/8 and so on. */
function classifier(): Uint8Array {
  const weights = Float32Array.from({ length: 48 }, (_, at) => at / 8)
  const shapes = BigInt64Array.of(1n, 12n, 1n, 4n, 1n, 1n)
  const shape = (name: string, from: number, to: number) =>
    rawTensor(name, 'INT64', [to - from], new Uint8Array(shapes.slice(from, to).buffer))
  return modelOf({
    node: [
      nodeOf('Reshape', ['data_0', 'flat'], ['row']),
      nodeOf('MatMul', ['row', 'weights'], ['scores']),
      nodeOf('Reshape', ['scores', 'image'], ['fc6_1']),
    ],
    initializer: [
      rawTensor('weights', 'FP32', [12, 4], new Uint8Array(weights.buffer)),
      shape('flat', 0, 2),
      shape('image', 2, 6),
    ],
    input: [tensorInfo('data_0', 'FP32', [1, 3, 2, 2])],
    output: [tensorInfo('fc6_1', 'FP32', [1, 4, 1, 1])],
  })
}
