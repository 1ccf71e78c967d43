import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServingError } from '../../errors.ts'
import { configOf, plainConfig } from './testing.ts'
import type { TritonConfig } from './triton-config.ts'
import { validateTritonConfig } from './validate.ts'

/** What is wrong, or undefined. */
function problemOf(config: TritonConfig, name = 'm'): string | undefined {
  try {
    validateTritonConfig(config, { name })
    return undefined
  } catch (thrown) {
    assert.ok(thrown instanceof ServingError)
    assert.equal(thrown.reason, 'MODEL_UNSUPPORTED')
    return thrown.message
  }
}

type Case = readonly [text: string, problem: string]

function refuses(cases: readonly Case[], configure: (text: string) => TritonConfig = plainConfig) {
  for (const [text, problem] of cases) {
    it(problem, () => assert.equal(problemOf(configure(text)), problem))
  }
}

const tensors = (input: string, output = 'name: "y" data_type: TYPE_FP32 dims: 2', batch = 8) =>
  configOf(`max_batch_size: ${batch} input { ${input} } output { ${output} }`)

describe('a configuration of Triton passes', () => {
  const good: readonly string[] = [
    '',
    'dynamic_batching { }',
    'dynamic_batching { preferred_batch_size: [ 1, 8 ] }',
    'dynamic_batching { priority_levels: 3 default_priority_level: 3 priority_queue_policy { key: 1 value { } } }',
    'dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: DELAY } }',
    'sequence_batching { direct { minimum_slot_utilization: 1 } }',
    'sequence_batching { oldest { preferred_batch_size: 8 } }',
    'sequence_batching { control_input { name: "START" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } } control_input { name: "ID" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 } } }',
    'instance_group { kind: KIND_GPU gpus: [ 0, 1 ] }',
    'instance_group { count: 3 } instance_group { kind: KIND_CPU }',
    'response_cache { enable: true }',
    'version_policy { all { } }',
    'version_policy { specific { versions: [ 1, 3 ] } }',
    'model_metrics { metric_control { metric_identifier { family: "f" } histogram_options { buckets: 1 } } }',
    'batch_input { kind: BATCH_ELEMENT_COUNT target_name: "n" data_type: TYPE_FP32 source_input: "x" }',
    'batch_output { target_name: "y" kind: BATCH_SCATTER_WITH_INPUT_SHAPE source_input: "x" }',
  ]
  for (const text of good) {
    it(text === '' ? 'that says little' : `with ${text}`, () => {
      assert.equal(problemOf(plainConfig(text)), undefined)
    })
  }

  it('that says nothing at all, under any name', () => {
    assert.equal(problemOf(configOf(''), 'anything'), undefined)
  })

  it('of another backend, whatever its platform is', () => {
    assert.equal(problemOf(configOf('backend: "python"')), undefined)
    assert.equal(problemOf(configOf('backend: "mine" platform: "yours"')), undefined)
    assert.equal(problemOf(configOf('platform: "tensorrt_plan"')), undefined)
    assert.equal(
      problemOf(configOf('backend: "tensorflow" platform: "tensorflow_graphdef"')),
      undefined,
    )
  })

  it('with a shape that is another reading of the same elements', () => {
    for (const [dims, shape, batch] of [
      ['[ 2, 4, -1, 6 ]', '[ 8, -1, 1, 6 ]', 0],
      ['[ 4 ]', '[ 2, 2 ]', 0],
      ['1', '[ ]', 8],
      ['[ -1, -1 ]', '[ -1, 1, -1 ]', 0],
    ] as const) {
      const input = `name: "x" data_type: TYPE_FP32 dims: ${dims} reshape { shape: ${shape} }`
      assert.equal(problemOf(tensors(input, undefined, batch)), undefined, `${dims} as ${shape}`)
    }
  })
})

describe('of a configuration as a whole is refused', () => {
  refuses(
    [
      ['max_batch_size: -1', "'max_batch_size' must be non-negative value for m"],
      ['platform: "caffe2_netdef"', "unexpected platform type 'caffe2_netdef' for m"],
      ['default_model_filename: "net.bin"', "unexpected platform type '' for m"],
      [
        'platform: "ensemble" backend: "onnxruntime"',
        "Ensemble model 'm' must have platform type 'ensemble' and empty backend type",
      ],
      [
        'platform: "tensorrt_plan" backend: "onnxruntime"',
        "unexpected 'platform' and 'backend' pair, got:tensorrt_plan, onnxruntime",
      ],
      [
        'name: "other"',
        "unexpected directory name 'm' for model 'other', directory name must equal model name",
      ],
      ['version_policy { }', "must specify 'version policy' for m"],
      [
        'version_policy { latest { } }',
        "'num_versions' of the version policy must be at least 1 for m",
      ],
      [
        'version_policy { specific { versions: [ 1, 0 ] } }',
        "'versions' of the version policy must be one or more versions from 1 on for m",
      ],
      [
        'platform: "ensemble"',
        'ensemble scheduling must be set for ensemble m whose platform is ensemble',
      ],
      [
        'model_transaction_policy { decoupled: true } response_cache { enable: true }',
        "Response Cache does not currently support model m with 'decoupled' transaction policy. Please disable the response cache.",
      ],
      ['model_metrics { metric_control { } }', "metric control must specify 'metric_identifier'"],
      [
        'model_metrics { metric_control { metric_identifier { } } }',
        "metric identifier must specify non-empty 'family'",
      ],
      [
        'model_metrics { metric_control { metric_identifier { family: "f" } } }',
        "metric control must specify 'histogram_options'",
      ],
      [
        'model_metrics { metric_control { metric_identifier { family: "f" } histogram_options { } } }',
        "histogram options must specify non-empty 'buckets'",
      ],
    ],
    configOf,
  )
})

describe('of dynamic batching is refused', () => {
  const preserved = 'dynamic_batching { preserve_ordering: true'
  const delay = '{ timeout_action: DELAY default_timeout_microseconds: 1 }'
  refuses([
    [
      'dynamic_batching { preferred_batch_size: [ 4, 0 ] }',
      'dynamic batching preferred size must be positive for m',
    ],
    [
      'dynamic_batching { preferred_batch_size: [ 9 ] }',
      'dynamic batching preferred size must be <= max batch size for m',
    ],
    [
      'dynamic_batching { priority_levels: 3 default_priority_level: 4 }',
      'default priority level must be in range [1, 3] for m',
    ],
    [
      'dynamic_batching { priority_levels: 2 }',
      'default priority level must be in range [1, 2] for m',
    ],
    [
      'dynamic_batching { priority_levels: 3 default_priority_level: 1 priority_queue_policy { key: 4 value { } } }',
      'priority queue policy must have priority level in range [1, 3] for m',
    ],
    [
      'dynamic_batching { priority_levels: 1 default_priority_level: 1 priority_queue_policy { key: 0 value { } } }',
      'priority queue policy must have priority level in range [1, 1] for m',
    ],
    [
      `${preserved} priority_levels: 2 default_priority_level: 1 }`,
      "Only one priority level is allowed when 'preserve_ordering' is true for m",
    ],
    [
      `${preserved} default_queue_policy ${delay} }`,
      "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for m",
    ],
  ])

  it('a delay of one priority where the order is kept', () => {
    assert.equal(
      problemOf(
        plainConfig(
          `${preserved} priority_levels: 1 default_priority_level: 1 priority_queue_policy { key: 1 value ${delay} } }`,
        ),
      ),
      "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for m",
    )
  })
})

describe('of sequence batching is refused', () => {
  const control = (name: string, kind: string, more = 'int32_false_true: [ 0, 1 ]') =>
    `control_input { name: "${name}" control { kind: CONTROL_SEQUENCE_${kind} ${more} } }`
  const batching = (...controls: readonly string[]) => `sequence_batching { ${controls.join(' ')} }`
  refuses([
    [
      `${batching()} response_cache { enable: true }`,
      'Response Cache does not currently support model m with sequence batching scheduler. Please disable the response cache.',
    ],
    [batching(control('', 'START')), 'sequence batching control tensor must have a name for m'],
    [
      batching(control('A', 'START'), control('A', 'READY')),
      "sequence batching control tensor 'A' is specified for multiple control kinds for m",
    ],
    ...['START', 'END', 'READY'].map(
      (kind): Case => [
        batching(control('A', kind), control('B', kind)),
        `sequence batching specifies multiple CONTROL_SEQUENCE_${kind} tensors for m`,
      ],
    ),
    [
      batching(control('A', 'START', '')),
      "sequence batching must specify either 'int32_false_true', 'fp32_false_true' or 'bool_false_true' for CONTROL_SEQUENCE_START for m",
    ],
    [
      batching(control('A', 'END', 'fp32_false_true: [ 0, 1 ] bool_false_true: [ false, true ]')),
      "sequence batching specifies more than one from 'int32_false_true', 'fp32_false_true' and 'bool_false_true' for CONTROL_SEQUENCE_END for m",
    ],
    ...(['int32', 'fp32'] as const).map(
      (type): Case => [
        batching(control('A', 'READY', `${type}_false_true: [ 0, 1, 2 ]`)),
        `sequence batching control '${type}_false_true' must have exactly 2 entries for CONTROL_SEQUENCE_READY for m`,
      ],
    ),
    [
      batching(control('A', 'READY', 'bool_false_true: true')),
      "sequence batching control 'bool_false_true' must have exactly 2 entries for CONTROL_SEQUENCE_READY for m",
    ],
    [
      batching(control('A', 'CORRID')),
      "sequence batching must not specify either 'int32_false_true', 'fp32_false_true' or 'bool_false_true' for CONTROL_SEQUENCE_CORRID for m",
    ],
    [
      batching(control('A', 'CORRID', 'data_type: TYPE_FP32')),
      'unexpected data type for control CONTROL_SEQUENCE_CORRID for m. Allowed data types are TYPE_UINT64, TYPE_INT64, TYPE_UINT32, TYPE_INT32 and TYPE_STRING',
    ],
    [
      batching(
        control('A', 'CORRID', 'data_type: TYPE_INT32'),
        control('B', 'CORRID', 'data_type: TYPE_INT32'),
      ),
      'sequence batching specifies multiple CONTROL_SEQUENCE_CORRID tensors for m',
    ],
    [
      batching('oldest { preferred_batch_size: 0 }'),
      'sequence batching preferred batch size must be positive for m',
    ],
    [
      batching('oldest { preferred_batch_size: 9 }'),
      'sequence batching preferred batch size must be <= max batch size for m',
    ],
    [
      batching('direct { minimum_slot_utilization: 1.5 }'),
      'sequence batching minimum slot utilization must be in range (0.0, 1.0] for m',
    ],
  ])

  const initial = (more: string) => `initial_state { ${more} }`
  const zeros = 'data_type: TYPE_FP32 dims: [ 2, 3 ] zero_data: true'
  const state = (...more: readonly string[]) =>
    `state { input_name: "h" output_name: "h2" data_type: TYPE_FP32 dims: [ -1, 3 ] ${more.join(' ')} }`
  refuses([
    [
      batching(state(initial(`name: "a" ${zeros}`), initial(`name: "b" ${zeros}`))),
      "initial_state field for state input 'h' must contain exactly one or zero element. Found '2' elements.",
    ],
    [
      batching(state(initial('name: "a" data_type: TYPE_INT32 dims: [ 2, 3 ] zero_data: true'))),
      "The data type used for 'initial_state' field of state 'h' does not match the state data type.",
    ],
    [
      batching(state(initial(zeros))),
      "Field 'name' must be set when using initial_state for state input 'h'.",
    ],
    [
      batching(state(initial(`name: "a" ${zeros}`)), state(initial(`name: "b" ${zeros}`))),
      "State input name 'h' specified more than once.",
    ],
    [
      batching(state(initial('name: "a" data_type: TYPE_FP32 dims: 3 zero_data: true'))),
      "Number of dimensions in 'initial_state' doesn't match the size of 'state' dimensions for state input 'h'. 1 != 2",
    ],
    [
      batching(state(initial('name: "a" data_type: TYPE_FP32 dims: [ -1, 3 ] zero_data: true'))),
      "'initial_state' field for state input name 'h' contains variable dimensions.",
    ],
    [
      batching(state(initial('name: "a" data_type: TYPE_FP32 dims: [ 2, 4 ] zero_data: true'))),
      "'initial_state' dim for input name 'h' doesn't match 'state' dim description. 4 != 3",
    ],
    [
      batching(state(initial('name: "a" data_type: TYPE_FP32 dims: [ 2, 3 ]'))),
      "initial_state setting expects state'h' to have state_data set",
    ],
  ])
})

describe('of instances is refused', () => {
  refuses([
    [
      'instance_group { name: "G" kind: KIND_CPU gpus: 0 }',
      'instance group G of model m has kind KIND_CPU but specifies one or more GPUs',
    ],
    [
      'instance_group { } instance_group { kind: KIND_MODEL gpus: 0 }',
      'instance group m_1 of model m has kind KIND_MODEL but specifies one or more GPUs',
    ],
    [
      'instance_group { profile: "0" }',
      'instance group m_0 of model m and platform onnxruntime_onnxspecifies profile field which is only supported for TensorRT models',
    ],
  ])
})

describe('of tensors is refused', () => {
  const good = 'name: "x" data_type: TYPE_FP32'
  const dimension =
    'dimension must be integer >= 1, or -1 to indicate a variable-size dimension for m'
  refuses(
    [
      ['data_type: TYPE_FP32 dims: 4', "model input must specify 'name' for m"],
      ['name: "x" dims: 4', "model input 'x' must specify 'data_type' for m"],
      [good, "model input 'x' must specify 'dims' for m"],
      [`${good} dims: [ 4, 0 ]`, `model input 'x' ${dimension}`],
      [
        `${good} dims: 4 reshape { shape: [ -2 ] }`,
        "model input 'x' reshape dimensions must be integer >= 1, or -1 to indicate a variable-size dimension for m",
      ],
      [
        `${good} dims: [ 4, 2 ] reshape { shape: [ 4, 3 ] }`,
        "model input 'x' has different size for dims and reshape for m",
      ],
      [
        `${good} dims: [ -1, -1 ] reshape { shape: [ -1 ] }`,
        "model input 'x' has different number of variable-size dimensions for dims and reshape for m",
      ],
      [`${good} dims: [ 4, 4 ] format: FORMAT_NHWC`, 'model input NHWC/NCHW require 3 dims for m'],
      [
        `${good} dims: 4 is_shape_tensor: true`,
        'shape tensors are only supported for TensorRT platform for m',
      ],
      [
        `${good} dims: 4 is_non_linear_format_io: true`,
        'Non-linear IO format is only supported for the TensorRT platform for m',
      ],
    ],
    (text) => configOf(`name: "m" input { ${text} }`),
  )
  refuses(
    [
      ['data_type: TYPE_FP32 dims: 4', "model output must specify 'name' for m"],
      ['name: "y" dims: 4', "model output 'y' must specify 'data_type' for m"],
      ['name: "y" data_type: TYPE_FP32', "model output 'y' must specify 'dims' for m"],
      ['name: "y" data_type: TYPE_FP32 dims: [ -3 ]', `model output 'y' ${dimension}`],
      [
        'name: "y" data_type: TYPE_FP32 dims: 1 reshape { }',
        "model output 'y' cannot have empty reshape for non-batching model as scalar tensors are not supported for m",
      ],
      [
        'name: "y" data_type: TYPE_FP32 dims: 1 is_shape_tensor: true',
        'shape tensors are only supported for TensorRT platform for m',
      ],
    ],
    (text) => configOf(`name: "m" output { ${text} }`),
  )

  it('another reading with other elements between axes of any size', () => {
    for (const [dims, shape] of [
      ['[ 2, -1, 3 ]', '[ 3, -1, 2 ]'],
      ['[ -1 ]', '[ ]'],
      ['[ 2 ]', '[ -1 ]'],
      ['[ 2 ]', '[ ]'],
    ]) {
      const input = `name: "x" data_type: TYPE_FP32 dims: ${dims} reshape { shape: ${shape} }`
      assert.equal(
        problemOf(tensors(input)),
        "model input 'x' has different size for dims and reshape for m",
        `${dims} as ${shape}`,
      )
    }
  })

  it('what only TensorRT has with the wrong number of axes, there', () => {
    const config = configOf(
      'platform: "tensorrt_plan" output { name: "y" data_type: TYPE_FP32 dims: 4 is_non_linear_format_io: true }',
    )
    assert.equal(problemOf(config), 'Non-linear IO format output requires 3 dims for m')
  })
})

describe('of batch inputs and outputs is refused', () => {
  refuses([
    ...[
      'BATCH_ELEMENT_COUNT',
      'BATCH_ACCUMULATED_ELEMENT_COUNT',
      'BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO',
      'BATCH_MAX_ELEMENT_COUNT_AS_SHAPE',
      'BATCH_ITEM_SHAPE',
      'BATCH_ITEM_SHAPE_FLATTEN',
    ].flatMap((kind): readonly Case[] => [
      [
        `batch_input { kind: ${kind} data_type: TYPE_FP32 }`,
        `batch input kind '${kind}' expects 1 source input, got 0 for m`,
      ],
      [
        `batch_input { kind: ${kind} data_type: TYPE_FP32 source_input: [ "x", "x" ] }`,
        `batch input kind '${kind}' expects 1 source input, got 2 for m`,
      ],
    ]),
    ['batch_input { kind: 9 data_type: TYPE_FP32 }', "unknown batch input kind '9' for m"],
    [
      'batch_input { data_type: TYPE_INT64 source_input: "x" }',
      'batch input data type must be TYPE_INT32 or TYPE_FP32 for m',
    ],
    [
      'batch_input { data_type: TYPE_INT32 source_input: "z" }',
      "unknown source input name 'z' for m",
    ],
    [
      'batch_output { target_name: "y" }',
      "batch output kind 'BATCH_SCATTER_WITH_INPUT_SHAPE' expects 1 source input, got 0 for m",
    ],
    [
      'batch_output { target_name: "y" source_input: [ "x", "x" ] }',
      "batch output kind 'BATCH_SCATTER_WITH_INPUT_SHAPE' expects 1 source input, got 2 for m",
    ],
    ['batch_output { kind: 9 }', "unknown batch output kind '9' for m"],
    ['batch_output { target_name: "z" source_input: "x" }', "unknown target output name 'z' for m"],
    [
      'batch_output { target_name: [ "y", "y" ] source_input: "x" }',
      "target output name 'y' can only be specified once for m",
    ],
  ])

  it('the source of an output that is no input', () => {
    const problem = problemOf(plainConfig('batch_output { target_name: "y" source_input: "z" }'))
    assert.equal(problem, "unknown source input name 'z' for m")
  })
})

describe('of ensembles', () => {
  const step = (model: string, inputs: readonly string[], outputs: readonly string[]) => {
    const maps = (kind: string, names: readonly string[]) =>
      names.map((name, at) => `${kind}_map { key: "${kind[0]}${at}" value: "${name}" }`).join(' ')
    return `step { model_name: "${model}" ${maps('input', inputs)} ${maps('output', outputs)} }`
  }
  const ensemble = (steps: string, more = '') =>
    configOf(`
      name: "m" platform: "ensemble"
      input { name: "x" data_type: TYPE_FP32 dims: 4 }
      output { name: "y" data_type: TYPE_FP32 dims: 2 }
      ensemble_scheduling { ${steps} } ${more}
    `)

  it('a chain and a diamond pass', () => {
    assert.equal(problemOf(ensemble(step('a', ['x'], ['t']) + step('b', ['t'], ['y']))), undefined)
    const diamond =
      step('a', ['x'], ['l', 'r']) +
      step('b', ['l'], ['l2']) +
      step('c', ['r', 'x'], ['r2']) +
      step('d', ['l2', 'r2'], ['y'])
    assert.equal(problemOf(ensemble(diamond)), undefined)
  })

  const cases: readonly Case[] = [
    ['', "must specify 'step' for ensemble 'm'"],
    [step('', ['x'], ['y']), "must specify 'model_name' in step 0 of ensemble 'm'"],
    [step('a', [], ['y']), "must specify 'input_map' in step 0 of ensemble 'm'"],
    [
      step('a', ['x'], ['t']) + step('b', ['t'], []),
      "must specify 'output_map' in step 1 of ensemble 'm'",
    ],
    [
      step('a', ['x'], ['y']) + step('b', ['x'], ['y']),
      "ensemble tensor 'y' can appear in an output map only once for ensemble 'm' step 1",
    ],
    [step('a', ['z'], ['y']), "ensemble input 'x' for ensemble m' is not used"],
    [step('a', ['x'], ['z']), "ensemble output 'y' for ensemble m' is not used"],
    [
      step('a', ['x'], ['t']) + step('b', ['t', 'u'], ['y']),
      "output 'y' for ensemble 'm' is not written: at least one of its depending tensors, 'u', is not connected",
    ],
    [step('a', ['x', 'y'], ['y']), "output 'y' for ensemble 'm' is not written"],
    [step('a', ['x'], ['y', 'spare']), "ensemble tensor 'spare' is unused in ensemble 'm'"],
  ]
  refuses(cases, ensemble)

  it('that go in a circle are refused, not followed for ever', () => {
    const circle = step('a', ['x', 'v'], ['u']) + step('b', ['u'], ['v']) + step('c', ['v'], ['y'])
    assert.match(`${problemOf(ensemble(circle))}`, /^output 'y' for ensemble 'm' is not written/)
  })

  const foreign: readonly Case[] = [
    ['instance_group { }', "instance group should not be specified for ensemble 'm'"],
    ['optimization { }', "optimization should not be specified for ensemble 'm'"],
    ['model_warmup { }', "model_warmup can not be specified for ensemble 'm'"],
  ]
  refuses(foreign, (more) => ensemble(step('a', ['x'], ['y']), more))

  it('of another platform are refused', () => {
    assert.equal(
      problemOf(plainConfig(`ensemble_scheduling { ${step('a', ['x'], ['y'])} }`)),
      "ensemble scheduling cannot be set for model 'm' whose platform is not ensemble",
    )
  })
})
