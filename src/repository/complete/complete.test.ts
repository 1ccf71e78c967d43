import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../../call.ts'
import { checked } from '../../checked.ts'
import { defaultModelConfig, type ModelConfig, parseModelConfig } from '../../config/index.ts'
import { parseTritonConfig } from '../../config/triton/index.ts'
import { ServingError } from '../../errors.ts'
import type { InferenceRequest, Predictor } from '../../predictor.ts'
import type { InputSpec, Signature, TensorSpec } from '../../signature.ts'
import type { NamedTensor } from '../../tensor/index.ts'
import { type CompletedModel, completeModel } from './complete.ts'

const spec = (
  name: string,
  shape: readonly number[],
  more: Partial<InputSpec> = {},
): InputSpec => ({
  name,
  datatype: 'FP32',
  shape,
  ...more,
})

const rows: Signature = { inputs: [spec('x', [-1, 4])], outputs: [spec('y', [-1, 2])] }

interface Given {
  readonly signature?: Signature
  readonly text?: string
  readonly config?: ModelConfig
  readonly autoComplete?: boolean
}

function complete({ signature = rows, text, config, autoComplete = true }: Given): CompletedModel {
  return completeModel({
    name: 'm',
    version: '1',
    platform: 'onnxruntime_onnx',
    signature,
    config: config ?? defaultModelConfig,
    triton: text === undefined ? undefined : parseTritonConfig(text, 'config.pbtxt'),
    autoComplete,
  })
}

function problemOf(given: Given): string {
  try {
    complete(given)
  } catch (thrown) {
    assert.ok(thrown instanceof ServingError)
    assert.equal(thrown.reason, 'MODEL_UNSUPPORTED')
    return thrown.message
  }
  assert.fail('it is completed')
}

const shapes = (specs: readonly TensorSpec[]) =>
  Object.fromEntries(specs.map(({ name, shape }) => [name, shape]))

type Dims = readonly { name: string; dims: number[]; reshape?: unknown }[]

const both = (
  input = 'name: "x" data_type: TYPE_FP32 dims: 4',
  output = 'name: "y" data_type: TYPE_FP32 dims: 2',
) => `input { ${input} } output { ${output} }`

describe('a model without a config.pbtxt', () => {
  it('is what its file says, and no number of rows is too many', () => {
    const { signature, inner, adapt } = complete({})
    assert.deepEqual(signature, rows)
    assert.equal(inner, signature)
    const predictor = predictorOf(signature)
    assert.equal(adapt(predictor), predictor)
  })

  it('is told as Triton completes it: rows are an axis of their own, four of them joined', () => {
    const { configuration } = complete({})
    assert.deepEqual(configuration, {
      name: 'm',
      platform: 'onnxruntime_onnx',
      backend: 'onnxruntime',
      runtime: '',
      version_policy: { latest: { num_versions: 1 } },
      max_batch_size: 4,
      input: [
        {
          name: 'x',
          data_type: 'TYPE_FP32',
          format: 'FORMAT_NONE',
          dims: [4],
          is_shape_tensor: false,
          allow_ragged_batch: false,
          optional: false,
          is_non_linear_format_io: false,
        },
      ],
      output: [
        {
          name: 'y',
          data_type: 'TYPE_FP32',
          dims: [2],
          label_filename: '',
          is_shape_tensor: false,
          is_non_linear_format_io: false,
        },
      ],
      batch_input: [],
      batch_output: [],
      optimization: {
        priority: 'PRIORITY_DEFAULT',
        input_pinned_memory: { enable: true },
        output_pinned_memory: { enable: true },
        gather_kernel_buffer_threshold: 0,
        eager_batching: false,
      },
      dynamic_batching: {
        preferred_batch_size: [4],
        max_queue_delay_microseconds: 0,
        preserve_ordering: false,
        priority_levels: 0,
        default_priority_level: 0,
        priority_queue_policy: {},
      },
      instance_group: [
        {
          name: 'm',
          kind: 'KIND_CPU',
          count: 1,
          gpus: [],
          secondary_devices: [],
          profile: [],
          passive: false,
          host_policy: '',
        },
      ],
      default_model_filename: 'model.onnx',
      cc_model_filenames: {},
      metric_tags: {},
      parameters: {},
      model_warmup: [],
    })
  })

  it('that cannot take rows, or is not to be completed, is told with all of its axes', () => {
    const fixed: Signature = { inputs: [spec('x', [1, 4])], outputs: [spec('y', [-1, 2])] }
    for (const [given, dims] of [
      [{ signature: fixed }, [1, 4]],
      [{ autoComplete: false }, [-1, 4]],
    ] as const) {
      const { configuration } = complete(given)
      assert.equal(configuration.max_batch_size, 0)
      assert.ok(!('dynamic_batching' in configuration))
      assert.deepEqual((configuration.input as Dims)[0]?.dims, dims)
    }
  })

  it('has the axes that it has, also where Triton would add one', () => {
    const signature: Signature = {
      inputs: [spec('x', [-1])],
      outputs: [spec('y', [-1], { datatype: 'BYTES' })],
    }
    const completed = complete({ signature })
    assert.deepEqual(shapes(completed.signature.inputs), { x: [-1] })
    assert.equal(completed.configuration.max_batch_size, 4)
    assert.deepEqual((completed.configuration.input as Dims)[0]?.dims, [])
    const scalar = complete({ signature: { inputs: [spec('x', [])], outputs: [spec('y', [])] } })
    assert.deepEqual(scalar.signature.inputs[0]?.shape, [])
    assert.deepEqual((scalar.configuration.input as Dims)[0]?.dims, [])
  })

  it('is narrowed by its model.yaml, which the configuration tells', () => {
    const config = parseModelConfig(
      'inputs: [{name: x, minimum: 0}]\nversions: {specific: [1, 2]}',
      'model.yaml',
    )
    const { signature, configuration } = complete({ config })
    assert.deepEqual(signature.inputs[0]?.constraints, { minimum: 0 })
    assert.deepEqual(configuration.version_policy, { specific: { versions: [1, 2] } })
  })

  it('of another runtime is told under the name of that, and streams where it does', () => {
    const { configuration } = completeModel({
      name: 'm',
      version: '1',
      platform: 'echo',
      signature: { ...rows, streams: true },
      config: defaultModelConfig,
      triton: undefined,
      autoComplete: true,
    })
    assert.equal(configuration.backend, 'echo')
    assert.deepEqual(configuration.model_transaction_policy, { decoupled: true })
  })
})

describe('a config.pbtxt without inputs and outputs is completed', () => {
  it('with a batch size of 4 that limits nobody, where every first axis may have any size', () => {
    const { signature, configuration } = complete({ text: '' })
    assert.equal(configuration.max_batch_size, 4)
    assert.equal(signature.maxBatchSize, undefined)
    assert.deepEqual(shapes(signature.inputs), { x: [-1, 4] })
    assert.deepEqual(
      (configuration.dynamic_batching as Record<string, unknown>).preferred_batch_size,
      [4],
    )
  })

  it('with the batch size that is written, which is a limit', () => {
    const { signature, configuration } = complete({ text: 'max_batch_size: 16' })
    assert.equal(configuration.max_batch_size, 16)
    assert.equal(signature.maxBatchSize, 16)
    assert.deepEqual(
      (configuration.dynamic_batching as Record<string, unknown>).preferred_batch_size,
      [16],
    )
  })

  it('without joining requests where there is one row, or another way is chosen', () => {
    assert.ok(!('dynamic_batching' in complete({ text: 'max_batch_size: 1' }).configuration))
    const { configuration } = complete({
      text: 'max_batch_size: 8 dynamic_batching { preferred_batch_size: 2 }',
    })
    assert.deepEqual(
      (configuration.dynamic_batching as Record<string, unknown>).preferred_batch_size,
      [2],
    )
  })

  it('with what is missing only, and all that is written', () => {
    const text = `max_batch_size: 8 input { name: "x" data_type: TYPE_FP32 dims: 4 } metric_tags { key: "a" value: "b" }`
    const { configuration } = complete({ text })
    assert.deepEqual((configuration.input as Dims)[0]?.dims, [4])
    assert.deepEqual((configuration.output as Dims)[0]?.dims, [2])
    assert.deepEqual(configuration.metric_tags, { a: 'b' })
  })

  it('with an axis of one place for a tensor that has none beside its rows', () => {
    const signature: Signature = {
      inputs: [spec('x', [-1])],
      outputs: [spec('y', [-1, 2])],
    }
    const { signature: seen, configuration } = complete({ signature, text: '' })
    assert.deepEqual(shapes(seen.inputs), { x: [-1, 1] })
    const [input] = configuration.input as Dims
    assert.deepEqual([input?.dims, input?.reshape], [[1], { shape: [] }])
  })

  it('with an axis of one place for a scalar, which is no reshape', () => {
    const signature: Signature = { inputs: [spec('x', [])], outputs: [spec('y', [3])] }
    const { signature: seen, configuration } = complete({ signature, text: '' })
    assert.deepEqual(shapes(seen.inputs), { x: [1] })
    const [input] = configuration.input as Dims
    assert.deepEqual([input?.dims, input?.reshape], [[1], undefined])
  })

  it('without the inputs that have a default: nobody may give those', () => {
    const signature: Signature = {
      inputs: [spec('x', [-1, 4]), spec('scale', [1], { optional: true })],
      outputs: rows.outputs,
    }
    const { signature: seen, configuration } = complete({ signature, text: '' })
    assert.deepEqual(Object.keys(shapes(seen.inputs)), ['x'])
    assert.equal(configuration.max_batch_size, 4)
  })

  it('but not with rows that the model cannot take', () => {
    const signature: Signature = { inputs: [spec('x', [1, 4])], outputs: rows.outputs }
    assert.equal(complete({ signature, text: '' }).configuration.max_batch_size, 0)
    assert.equal(
      problemOf({ signature, text: 'max_batch_size: 2' }),
      "autofill failed for model 'm': model does not support batching while non-zero max_batch_size is specified",
    )
  })

  it('unless that is switched off: then it must say everything', () => {
    const problem = problemOf({ text: 'max_batch_size: 2', autoComplete: false })
    assert.equal(
      problem,
      "unable to load model 'm', configuration expects 0 inputs, model provides 1",
    )
    const { signature } = complete({ text: `max_batch_size: 2 ${both()}`, autoComplete: false })
    assert.deepEqual(shapes(signature.inputs), { x: [-1, 4] })
  })

  it('with the name of its folder, one version, and its file, placed on the CPU', () => {
    const { configuration } = complete({ text: 'instance_group { kind: KIND_GPU gpus: [ 0, 1 ] }' })
    assert.equal(configuration.name, 'm')
    assert.equal(configuration.default_model_filename, 'model.onnx')
    assert.deepEqual(configuration.version_policy, { latest: { num_versions: 1 } })
    const [group] = configuration.instance_group as readonly Record<string, unknown>[]
    assert.deepEqual(
      [group?.name, group?.kind, group?.count, group?.gpus],
      ['m_0', 'KIND_CPU', 1, []],
    )
  })
})

describe('a config.pbtxt that says everything', () => {
  it('is not completed: without rows there are none', () => {
    const text = both(
      'name: "x" data_type: TYPE_FP32 dims: [ -1, 4 ]',
      'name: "y" data_type: TYPE_FP32 dims: [ -1, 2 ]',
    )
    const { signature, configuration } = complete({ text })
    assert.equal(configuration.max_batch_size, 0)
    assert.ok(!('dynamic_batching' in configuration))
    assert.equal(signature.maxBatchSize, undefined)
  })

  it('fixes sizes of inputs that may have any', () => {
    const signature: Signature = {
      inputs: [spec('x', [-1, -1], { axes: ['rows', 'columns'] })],
      outputs: rows.outputs,
    }
    const { signature: seen } = complete({ signature, text: `max_batch_size: 8 ${both()}` })
    assert.deepEqual(seen.inputs[0], spec('x', [-1, 4], { axes: ['rows', 'columns'] }))
    const whole = both(
      'name: "x" data_type: TYPE_FP32 dims: [ 3, 4 ]',
      'name: "y" data_type: TYPE_FP32 dims: [ -1, 2 ]',
    )
    assert.deepEqual(shapes(complete({ signature, text: whole }).signature.inputs), { x: [3, 4] })
  })

  it('lets clients see its outputs only, and the task that is left of them', async () => {
    const signature: Signature = {
      inputs: rows.inputs,
      outputs: [spec('label', [-1], { datatype: 'INT64' }), spec('scores', [-1, 2])],
      task: { kind: 'classifier', labelOutput: 'label', scoreOutput: 'scores', labels: ['a', 'b'] },
    }
    const text = `max_batch_size: 8 ${both(undefined, 'name: "scores" data_type: TYPE_FP32 dims: 2')}`
    const { signature: seen, inner, adapt } = complete({ signature, text })
    assert.deepEqual(Object.keys(shapes(seen.outputs)), ['scores'])
    assert.deepEqual(seen.task, { kind: 'classifier', scoreOutput: 'scores', labels: ['a', 'b'] })
    assert.equal(inner, signature)
    const { requests, predictor } = recorder(inner)
    await adapt(predictor).predict({ inputs: [fp32('x', [1, 4])] }, new Call({ requestId: 'r' }))
    assert.deepEqual(requests[0]?.outputs, ['scores'])
  })

  it('has no task left where the outputs of it are hidden', () => {
    const outputs = [spec('y', [-1, 2]), spec('z', [-1, 1])]
    const hidden = (task: Signature['task']) =>
      complete({
        signature: { inputs: rows.inputs, outputs, ...(task && { task }) },
        text: `max_batch_size: 8 ${both()}`,
      }).signature.task
    assert.equal(hidden({ kind: 'regressor', output: 'z' }), undefined)
    assert.deepEqual(hidden({ kind: 'regressor', output: 'y' }), { kind: 'regressor', output: 'y' })
    assert.equal(hidden({ kind: 'classifier', labelOutput: 'z' }), undefined)
    assert.equal(hidden(undefined), undefined)
  })

  it('keeps the order of the model, whatever order it is written in', () => {
    const signature: Signature = {
      inputs: [spec('a', [-1, 4]), spec('b', [-1, 4])],
      outputs: [spec('y', [-1, 2]), spec('z', [-1, 2])],
    }
    const tensor = (name: string, dims: number) =>
      `{ name: "${name}" data_type: TYPE_FP32 dims: ${dims} }`
    const text = `max_batch_size: 8 input [ ${tensor('b', 4)}, ${tensor('a', 4)} ] output [ ${tensor('z', 2)}, ${tensor('y', 2)} ]`
    const { signature: seen, configuration, inner } = complete({ signature, text })
    assert.deepEqual(Object.keys(shapes(seen.inputs)), ['a', 'b'])
    assert.deepEqual(Object.keys(shapes(seen.outputs)), ['y', 'z'])
    assert.equal(inner, seen)
    assert.deepEqual(
      (configuration.input as Dims).map(({ name }) => name),
      ['b', 'a'],
    )
  })

  it('gives an input with a default where it says so', () => {
    const signature: Signature = {
      inputs: [spec('x', [1, 4]), spec('scale', [1], { optional: true })],
      outputs: [spec('y', [1, 2])],
    }
    const text = both(
      'name: "x" data_type: TYPE_FP32 dims: [ 1, 4 ] } input { name: "scale" data_type: TYPE_FP32 dims: 1 optional: true',
      'name: "y" data_type: TYPE_FP32 dims: [ 1, 2 ]',
    )
    const { signature: seen } = complete({ signature, text })
    assert.deepEqual(
      seen.inputs.map(({ name, optional }) => [name, optional]),
      [
        ['x', undefined],
        ['scale', true],
      ],
    )
  })

  type Case = readonly [text: string, problem: string, signature?: Signature]
  const cases: readonly Case[] = [
    [
      `max_batch_size: 8 ${both()}`,
      "model 'm', tensor 'x': for the model to support batching the shape should have at least 1 dimension and the first dimension must be -1; but shape expected by the model is [1,4]",
      { inputs: [spec('x', [1, 4])], outputs: rows.outputs },
    ],
    [
      `max_batch_size: 8 ${both()}`,
      "model 'm', tensor 'x': for the model to support batching the shape should have at least 1 dimension and the first dimension must be -1; but shape expected by the model is []",
      { inputs: [spec('x', [])], outputs: rows.outputs },
    ],
    [
      `max_batch_size: 8 ${both('name: "x" data_type: TYPE_FP32 dims: [ 16, 1 ]')}`,
      "model 'm', tensor 'x': the model expects 2 dimensions (shape [-1,16]) but the model configuration specifies 3 dimensions (an initial batch dimension because max_batch_size > 0 followed by the explicit tensor shape, making complete shape [-1,16,1])",
      { inputs: [spec('x', [-1, 16])], outputs: rows.outputs },
    ],
    [
      both(undefined, 'name: "y" data_type: TYPE_FP32 dims: [ -1, 2 ]'),
      "model 'm', tensor 'x': the model expects 2 dimensions (shape [-1,4]) but the model configuration specifies 1 dimensions (shape [4])",
    ],
    [
      `max_batch_size: 8 ${both('name: "x" data_type: TYPE_FP32 dims: -1')}`,
      "model 'm', tensor 'x': the model expects 2 dimensions (shape [-1,4]) but the model configuration specifies 2 dimensions (an initial batch dimension because max_batch_size > 0 followed by the explicit tensor shape, making complete shape [-1,-1])",
    ],
    [
      `max_batch_size: 8 ${both()}`,
      "model 'm', tensor 'y': the model expects 2 dimensions (shape [-1,-1]) but the model configuration specifies 2 dimensions (an initial batch dimension because max_batch_size > 0 followed by the explicit tensor shape, making complete shape [-1,2])",
      { inputs: rows.inputs, outputs: [spec('y', [-1, -1])] },
    ],
    [
      both('name: "x" data_type: TYPE_FP32 dims: 2', 'name: "y" data_type: TYPE_FP32 dims: 1'),
      "unable to load model 'm', scalar tensor 'x', should only provide 1 in the model configuration when the model doesn't support batching. Model configuration provided: [2].",
      { inputs: [spec('x', [])], outputs: [spec('y', [])] },
    ],
    [
      `max_batch_size: 8 ${both()}`,
      "unable to load model 'm', configuration expects 1 inputs, model provides 2",
      { inputs: [...rows.inputs, spec('z', [-1, 4])], outputs: rows.outputs },
    ],
    [
      `max_batch_size: 8 ${both('name: "X" data_type: TYPE_FP32 dims: 4')}`,
      "unexpected inference input 'X', allowed inputs are: x",
    ],
    [
      `max_batch_size: 8 ${both(undefined, 'name: "Y" data_type: TYPE_FP32 dims: 2')}`,
      "unexpected inference output 'Y', allowed outputs are: a, y",
      { inputs: rows.inputs, outputs: [spec('y', [-1, 2]), spec('a', [-1, 2])] },
    ],
    [
      `max_batch_size: 8 ${both('name: "x" data_type: TYPE_FP64 dims: 4')}`,
      "unable to load model 'm', configuration expects datatype TYPE_FP64 for input 'x', model provides TYPE_FP32",
    ],
    [
      `max_batch_size: 8 ${both(undefined, 'name: "y" data_type: TYPE_FP32 dims: 2')}`,
      "unable to load model 'm', configuration expects datatype TYPE_FP32 for output 'y', model provides TYPE_BYTES",
      { inputs: rows.inputs, outputs: [spec('y', [-1, 2], { datatype: 'BYTES' })] },
    ],
    [
      `max_batch_size: 8 ${both('name: "x" data_type: TYPE_FP32 dims: 4 optional: true')}`,
      "unable to load model 'm', optional input 'x' is not supported for models that support batching",
      { inputs: [spec('x', [-1, 4], { optional: true })], outputs: rows.outputs },
    ],
    [
      both(
        'name: "x" data_type: TYPE_FP32 dims: [ 1, 4 ] optional: true } input { name: "z" data_type: TYPE_FP32 dims: 1',
        'name: "y" data_type: TYPE_FP32 dims: [ 1, 2 ]',
      ),
      "unable to load model 'm', input 'x' is optional in the configuration, but has no default in the model",
      {
        inputs: [spec('x', [1, 4]), spec('z', [1], { optional: true })],
        outputs: [spec('y', [1, 2])],
      },
    ],
  ]
  for (const [text, problem, signature] of cases) {
    it(`is refused: ${problem}`, () => {
      assert.equal(problemOf({ text, ...(signature && { signature }) }), problem)
    })
  }
})

describe('a reshape', () => {
  const text = `max_batch_size: 8 ${both(
    'name: "x" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: 4 }',
    'name: "y" data_type: TYPE_FP32 dims: 1 reshape { shape: [ ] }',
  )}`
  const signature: Signature = {
    inputs: [spec('x', [-1, 4], { axes: ['n', 'features'] })],
    outputs: [spec('y', [-1], { axes: ['n'] })],
  }

  it('is undone for clients, who see the other shape and no name for axes that are not there', () => {
    const { signature: seen, inner } = complete({ signature, text })
    assert.deepEqual(seen.inputs, [spec('x', [-1, 2, 2], { axes: ['n', undefined, undefined] })])
    assert.deepEqual(seen.outputs, [spec('y', [-1, 1], { axes: ['n', undefined] })])
    assert.equal(inner, signature)
  })

  it('hands the very elements on, read as the model takes them and as clients do', async () => {
    const { inner, adapt } = complete({ signature, text })
    const answer: NamedTensor = fp32('y', [3])
    const { requests, predictor } = recorder(inner, [answer])
    const adapted = checked('m', adapt(predictor))
    const input = fp32('x', [3, 2, 2])
    const call = new Call({ requestId: 'r' })
    const { outputs } = await adapted.predict({ inputs: [input] }, call)
    const [given] = requests[0]!.inputs
    assert.deepEqual(given?.tensor.shape, [3, 4])
    assert.equal(given?.tensor.data, input.tensor.data)
    assert.deepEqual(outputs[0]?.tensor.shape, [3, 1])
    assert.equal(outputs[0]?.tensor.data, answer.tensor.data)
    await assert.rejects(adapted.predict({ inputs: [fp32('x', [3, 4])] }, call), {
      reason: 'SHAPE_MISMATCH',
    })
  })

  it('of scores is no question that people can be answered', () => {
    const scores: Signature = {
      inputs: rows.inputs,
      outputs: [spec('y', [-1, 2])],
      task: { kind: 'classifier', scoreOutput: 'y' },
    }
    const reshapedScores = both(
      undefined,
      'name: "y" data_type: TYPE_FP32 dims: [ 1, 2 ] reshape { shape: 2 }',
    )
    const { signature: seen } = complete({
      signature: scores,
      text: `max_batch_size: 8 ${reshapedScores}`,
    })
    assert.equal(seen.task, undefined)
  })
})

describe('what model.yaml and config.pbtxt both say', () => {
  const signature: Signature = {
    inputs: [spec('x', [-1, -1])],
    outputs: [spec('y', [-1, 3])],
  }
  const output = 'name: "y" data_type: TYPE_FP32 dims: 3'
  const text = `max_batch_size: 8 ${both('name: "x" data_type: TYPE_FP32 dims: 4', output)}`
  const yaml = (source: string) => parseModelConfig(source, 'model.yaml')

  it('is what model.yaml says', () => {
    const config = yaml('inputs: [{name: x, shape: [-1, 7]}]')
    const { signature: seen, configuration } = complete({ signature, text, config })
    assert.deepEqual(shapes(seen.inputs), { x: [-1, 7] })
    assert.deepEqual((configuration.input as Dims)[0]?.dims, [7])
  })

  it('is refused where model.yaml contradicts the file', () => {
    assert.match(
      problemOf({
        signature: rows,
        text: `max_batch_size: 8 ${both()}`,
        config: yaml('inputs: [{name: x, datatype: FP64}]'),
      }),
      /^input "x" has datatype FP32, but model\.yaml says FP64$/,
    )
    assert.match(
      problemOf({
        signature: rows,
        text: `max_batch_size: 8 ${both()}`,
        config: yaml('inputs: [{name: x, shape: [-1, 9]}]'),
      }),
      /\[-1,4\].*\[-1,9\]/,
    )
  })

  it('of labels is applied to the scores', () => {
    const config = yaml('labels: [a, b, c]')
    const labelled = `max_batch_size: 8 ${both('name: "x" data_type: TYPE_FP32 dims: 4', `${output} label_filename: "l.txt"`)}`
    const { signature: seen, warnings } = complete({ signature, text: labelled, config })
    assert.deepEqual(seen.task, { kind: 'classifier', scoreOutput: 'y', labels: ['a', 'b', 'c'] })
    assert.deepEqual(warnings, [])
  })

  it('of labels that are not those of the scores is dropped where they are from a label file', () => {
    const config = yaml('labels: [a, b]')
    const labelled = `max_batch_size: 8 ${both('name: "x" data_type: TYPE_FP32 dims: 4', `${output} label_filename: "l.txt"`)}`
    const { signature: seen, warnings } = complete({ signature, text: labelled, config })
    assert.equal(seen.task, undefined)
    assert.match(
      `${warnings}`,
      /^the labels of label_filename have no effect: it has 3 classes, but the file has 2 labels$/,
    )
    assert.match(
      problemOf({ signature, text, config }),
      /^it has 3 classes, but model\.yaml says 2/,
    )
  })
})

function fp32(name: string, shape: readonly number[]): NamedTensor {
  const count = shape.reduce((product, size) => product * size, 1)
  const data = Float32Array.from({ length: count }, (_, place) => place)
  return { name, tensor: { datatype: 'FP32', shape, data } }
}

function recorder(signature: Signature, outputs: readonly NamedTensor[] = []) {
  const requests: InferenceRequest[] = []
  const predictor: Predictor = {
    ...predictorOf(signature),
    async predict(request) {
      requests.push(request)
      return {
        model: 'm',
        version: '1',
        outputs,
        timing: { queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 },
      }
    },
  }
  return { requests, predictor }
}

const predictorOf = (signature: Signature): Predictor => ({
  signature,
  predict: () => assert.fail('it is asked'),
  // biome-ignore lint/correctness/useYield: nobody asks it
  async *stream() {
    assert.fail('it is asked')
  },
})
