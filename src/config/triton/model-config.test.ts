import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServingError } from '../../errors.ts'
import { layeredModelConfig } from '../index.ts'
import { checksumsOf } from './checksums.ts'
import { modelConfigOfTriton } from './model-config.ts'
import { configOf, plainConfig } from './testing.ts'

const noFiles = (path: string): string => assert.fail(`${path} is read`)

const amountsTo = (text: string, readText = noFiles) =>
  modelConfigOfTriton(configOf(text), readText)
const yamlOf = (text: string) => amountsTo(text).config
const warningsOf = (text: string) => amountsTo(text).warnings
const refusalOf = (text: string) => amountsTo(text).refusal

function failureOf(act: () => unknown): ServingError {
  try {
    act()
  } catch (thrown) {
    assert.ok(thrown instanceof ServingError)
    return thrown
  }
  assert.fail('nothing is refused')
}

describe('as a model.yaml, a config.pbtxt', () => {
  it('that asks for nothing special amounts to nothing', () => {
    assert.deepEqual(modelConfigOfTriton(plainConfig('', 0), noFiles), {
      config: {},
      modelFilename: undefined,
      warnings: [],
      refusal: undefined,
    })
  })

  const cases: readonly (readonly [text: string, yaml: unknown])[] = [
    ['version_policy { latest { num_versions: 3 } }', { versions: { latest: 3 } }],
    ['version_policy { all { } }', { versions: { all: true } }],
    ['response_cache { enable: true }', { cache: {} }],
    ['response_cache { enable: false }', {}],
    ['version_policy { specific { versions: [ 1, 4 ] } }', { versions: { specific: [1, 4] } }],
    ['optimization { graph { level: -1 } }', { onnx: { graphOptimization: 'basic' } }],
    ['optimization { graph { level: 1 } }', { onnx: { graphOptimization: 'extended' } }],
    ['optimization { graph { level: 2 } }', { onnx: { graphOptimization: 'off' } }],
    ['optimization { graph { level: 0 } }', {}],
    ['optimization { graph { level: 7 } }', {}],
    [
      'optimization { execution_accelerators { cpu_execution_accelerator { name: "openvino" parameters { key: "threads" value: "2" } } } }',
      { onnx: { providers: [{ name: 'openvino', options: { threads: '2' } }], strict: false } },
    ],
  ]
  for (const [text, yaml] of cases) {
    it(`with ${text}`, () => assert.deepEqual(yamlOf(text), yaml))
  }

  const parameters: readonly (readonly [key: string, value: string, onnx: unknown])[] = [
    ['intra_op_thread_count', '4', { intraOpThreads: 4 }],
    ['intra_op_thread_count', '0', undefined],
    ['inter_op_thread_count', '2', { interOpThreads: 2 }],
    ['inter_op_thread_count', '-1', undefined],
    ['execution_mode', '0', { executionMode: 'sequential' }],
    ['execution_mode', '1', { executionMode: 'parallel' }],
    ['enable_mem_arena', '0', { cpuMemoryArena: false }],
    ['enable_mem_arena', 'True', { cpuMemoryArena: true }],
    ['enable_mem_pattern', '1', { memoryPattern: true }],
    [
      'session.use_device_allocator_for_initializers',
      '1',
      { session: { 'session.use_device_allocator_for_initializers': '1' } },
    ],
    ['anything_else', 'x', undefined],
  ]
  for (const [key, value, onnx] of parameters) {
    it(`with the parameter ${key} ${value}`, () => {
      const text = `parameters { key: "${key}" value { string_value: "${value}" } }`
      assert.deepEqual(yamlOf(text), onnx === undefined ? {} : { onnx })
    })
  }

  it('passes the schema of a model.yaml', () => {
    const text = `
      version_policy { specific { versions: 2 } }
      optimization { graph { level: 1 } execution_accelerators { cpu_execution_accelerator { name: "openvino" } } }
      parameters { key: "intra_op_thread_count" value { string_value: "3" } }
      parameters { key: "execution_mode" value { string_value: "1" } }
      parameters { key: "session.x" value { string_value: "y" } }
      dynamic_batching { default_queue_policy { max_queue_size: 5 } }
      output { name: "y" data_type: TYPE_FP32 dims: 2 label_filename: "labels.txt" }
    `
    const value = amountsTo(text, () => 'cat\ndog\n').config
    const config = layeredModelConfig([{ name: 'config.pbtxt', value }])
    assert.deepEqual(config.versions, { specific: [2] })
    assert.equal(config.onnx.graphOptimization, 'extended')
    assert.equal(config.onnx.executionMode, 'parallel')
    assert.equal(config.onnx.intraOpThreads, 3)
    assert.deepEqual(config.onnx.session, { 'session.x': 'y' })
    assert.equal(config.queue.maxWaiting, 5)
    assert.deepEqual(config.labels, ['cat', 'dog'])
  })

  it('yields to a model.yaml in what is cached', () => {
    const value = amountsTo('response_cache { enable: true }').config
    const under = (yaml: unknown) =>
      layeredModelConfig([
        { name: 'config.pbtxt', value },
        { name: 'model.yaml', value: yaml },
      ]).cache
    assert.deepEqual(under({}), {})
    assert.deepEqual(under({ cache: { ttlMs: 7 } }), { ttlMs: 7 })
    assert.equal(under({ cache: 'off' }), 'off')
  })

  it('names the file of its model', () => {
    assert.equal(amountsTo('default_model_filename: "net.onnx"').modelFilename, 'net.onnx')
  })

  const wrong: readonly (readonly [text: string, problem: string])[] = [
    [
      'parameters { key: "execution_mode" value { string_value: "2" } }',
      'Invalid configuration value provided. Expected values for  execution_mode are 0 or 1 but got 2 .',
    ],
    [
      'parameters { key: "intra_op_thread_count" value { string_value: "many" } }',
      "failed to convert intra_op_thread_count 'many' to integral number",
    ],
    [
      'parameters { key: "enable_mem_arena" value { string_value: "yes" } }',
      "failed to convert enable_mem_arena 'yes' to boolean value",
    ],
    [
      'optimization { execution_accelerators { cpu_execution_accelerator { name: "tpu" } } }',
      "unknown Execution Accelerator 'tpu' is requested",
    ],
    ...['../model.onnx', '/model.onnx', 'a/../../b', 'C:\\\\model.onnx'].map(
      (path): readonly [string, string] => [
        `default_model_filename: "${path}"`,
        `default_model_filename "${path.replaceAll('\\\\', '\\')}" leaves the folder of its version`,
      ],
    ),
  ]
  for (const [text, problem] of wrong) {
    it(`is refused: ${problem}`, () => {
      const error = failureOf(() => amountsTo(text))
      assert.equal(error.reason, 'MODEL_UNSUPPORTED')
      assert.equal(error.message, problem)
    })
  }
})

describe('labels of a config.pbtxt', () => {
  const output = (name: string, file: string) =>
    `output { name: "${name}" data_type: TYPE_FP32 dims: 2 label_filename: "${file}" }`

  it('are the lines of the file, however they end', () => {
    const read = (path: string) => (path === 'labels.txt' ? 'cat\r\ndog\n\nowl\n' : noFiles(path))
    const { config, warnings } = amountsTo(output('y', 'labels.txt'), read)
    assert.deepEqual(config, { labels: ['cat', 'dog', '', 'owl'] })
    assert.deepEqual(warnings, [])
  })

  it('are none where the file is empty', () => {
    assert.deepEqual(amountsTo(output('y', 'labels.txt'), () => '').config, {})
  })

  it('of several outputs are the classes of none, with a warning', () => {
    const { config, warnings } = amountsTo(output('a', 'a.txt') + output('b', 'b.txt'), () => 'x\n')
    assert.deepEqual(config, {})
    assert.deepEqual(warnings, ['label_filename of several outputs ("a", "b") has no effect yet'])
  })

  it('that cannot be read, or lie elsewhere, are refused by the names of output and file', () => {
    const read = () => {
      throw new Error('/secret/path')
    }
    const missing = failureOf(() => amountsTo(output('y', 'labels.txt'), read))
    assert.equal(missing.message, 'label_filename "labels.txt" of output "y" cannot be read')
    const outside = failureOf(() => amountsTo(output('y', '../labels.txt'), noFiles))
    assert.equal(
      outside.message,
      'label_filename "../labels.txt" of output "y" leaves the model\'s folder',
    )
  })
})

describe('what a config.pbtxt asks for in vain', () => {
  const cases: readonly (readonly [text: string, warning: RegExp])[] = [
    ['instance_group { kind: KIND_GPU }', /^instance_group asks for a GPU: it runs on the CPU/],
    ['instance_group { gpus: 0 }', /^instance_group asks for a GPU/],
    [
      'optimization { execution_accelerators { gpu_execution_accelerator { name: "tensorrt" } } }',
      /^gpu_execution_accelerator has no effect on the CPU/,
    ],
    [
      'parameters { key: "memory.enable_memory_arena_shrinkage" value { string_value: "cpu:0" } }',
      /^memory\.enable_memory_arena_shrinkage has no effect/,
    ],
    ['metric_tags { key: "a" value: "b" }', /^metric_tags has no effect yet/],
  ]
  for (const [text, warning] of cases) {
    it(`is told: ${text}`, () => {
      const [first, ...more] = warningsOf(text)
      assert.match(`${first}`, warning)
      assert.deepEqual(more, [])
    })
  }

  it('is not told where clients cannot miss it', () => {
    const text = `
      dynamic_batching { preferred_batch_size: 4 max_queue_delay_microseconds: 100 preserve_ordering: true }
      instance_group { count: 4 kind: KIND_CPU host_policy: "cpu" }
      response_cache { enable: false }
    `
    assert.deepEqual(warningsOf(text), [])
  })
})

describe('a model is refused by name', () => {
  const cases: readonly (readonly [text: string, what: string])[] = [
    ['backend: "python"', 'the backend "python"'],
    ['default_model_filename: "model.py"', 'the backend "python"'],
    ['platform: "tensorrt_plan"', 'the backend "tensorrt"'],
    ['platform: "pytorch_libtorch"', 'the backend "pytorch"'],
    ['platform: "ensemble"', 'an ensemble of models (ensemble_scheduling)'],
    ['ensemble_scheduling { }', 'an ensemble of models (ensemble_scheduling)'],
    [
      'sequence_batching { iterative_sequence: true }',
      'requests that are run until they are done (sequence_batching.iterative_sequence)',
    ],
    [
      'sequence_batching { state { } state { use_growable_memory: true } }',
      'states in memory that grows on a GPU (sequence_batching.state.use_growable_memory)',
    ],
    [
      'model_transaction_policy { decoupled: true }',
      'any number of answers to a request (model_transaction_policy.decoupled)',
    ],
    [
      'model_operations { op_library_filename: "ops.so" }',
      'a library of operators (model_operations.op_library_filename)',
    ],
    [
      'model_repository_agents { agents { name: "decrypt" } }',
      'the repository agent "decrypt" (model_repository_agents)',
    ],
  ]
  for (const [text, what] of cases) {
    it(`for ${what}`, () => {
      const refusal = refusalOf(text)
      assert.equal(refusal?.reason, 'NOT_BUILT')
      assert.equal(refusal.message, `${what} is not built yet`)
    })
  }

  it('and not where the field asks for nothing', () => {
    for (const text of [
      'model_transaction_policy { decoupled: false }',
      'instance_group { rate_limiter { priority: 2 } }',
      'model_operations { }',
      'model_repository_agents { }',
      'model_repository_agents { agents { name: "checksum" } }',
      'dynamic_batching { }',
      'response_cache { enable: true }',
      'backend: "onnxruntime"',
      'default_model_filename: "other.onnx"',
    ]) {
      assert.equal(refusalOf(text), undefined, text)
    }
  })
})

describe('the checksums of a config.pbtxt', () => {
  const agent = (key: string) =>
    `model_repository_agents { agents { name: "checksum" parameters { key: "${key}" value: "D41D8CD98F00B204E9800998ECF8427E" } } }`

  const cases: readonly (readonly [key: string, problem: string])[] = [
    ['1/model.onnx', 'failed to parse key: 1/model.onnx'],
    ['SHA256:1/model.onnx', 'Unsupported checksum algorithm: SHA256'],
    ['MD5:../model.onnx', 'checksum of "../model.onnx", which leaves the model\'s folder'],
  ]
  for (const [key, problem] of cases) {
    it(`are refused: ${problem}`, () => {
      assert.equal(failureOf(() => amountsTo(agent(key))).message, problem)
    })
  }

  it('are told by the paths of files', () => {
    assert.deepEqual(
      [...checksumsOf(configOf(agent('md5:1/model.onnx')))],
      [['1/model.onnx', 'd41d8cd98f00b204e9800998ecf8427e']],
    )
    assert.equal(checksumsOf(plainConfig()).size, 0)
  })
})
