import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { toText } from '@bufbuild/protobuf/txtpb'
import fc from 'fast-check'
import { ConfigError, formatProblem } from '../problem.ts'
import { DataType, ModelConfigSchema } from './generated/model_config_pb.ts'
import { parseTritonConfig, parseTritonConfigJson } from './parse.ts'
import { tritonConfigJson } from './to-json.ts'
import type { TritonConfig } from './triton-config.ts'

const seed = 17

const fromText = (text: string) => parseTritonConfig(text, 'config.pbtxt')
const fromJson = (value: unknown) => parseTritonConfigJson(JSON.stringify(value), 'config')

/** The only problem, as it is told. */
function problemOf(read: () => TritonConfig): string {
  try {
    read()
  } catch (thrown) {
    assert.ok(thrown instanceof ConfigError, String(thrown))
    assert.equal(thrown.problems.length, 1)
    return formatProblem(thrown.problems[0]!)
  }
  assert.fail('it is read')
}

describe('a config.pbtxt', () => {
  it('is read in every way of writing that the text format has', () => {
    const config = fromText(`
      # comments, and lists of messages as one or as many
      name: 'm' "odel"
      max_batch_size: 0x10
      input [ { name: "a" data_type: TYPE_FP32 dims: [ -1, 010 ] }, { name: "b" data_type: 7 dims: 1 dims: 2 } ]
      output: < name: "y", data_type: TYPE_STRING; dims: [ ] >
      parameters { key: "p" value: { string_value: "\\x41\\102\\n" } }
      parameters: [ { key: "q", value { string_value: "1" } } ]
      dynamic_batching { }
      version_policy: { all { }}
    `)
    assert.equal(config.name, 'model')
    assert.equal(config.maxBatchSize, 16)
    const [a, b] = config.input
    assert.deepEqual(
      [a?.dims, b?.dims],
      [
        [-1n, 8n],
        [1n, 2n],
      ],
    )
    assert.equal(b?.dataType, DataType.TYPE_INT16)
    assert.equal(config.output[0]?.dataType, DataType.TYPE_STRING)
    const values = Object.entries(config.parameters).map(([key, value]) => [key, value.stringValue])
    assert.deepEqual(values, [
      ['p', 'AB\n'],
      ['q', '1'],
    ])
    assert.equal(config.schedulingChoice.case, 'dynamicBatching')
    assert.equal(config.versionPolicy?.policyChoice.case, 'all')
  })

  it('may be empty, and may begin with a byte order mark', () => {
    assert.deepEqual(fromText(''), create(ModelConfigSchema))
    assert.equal(fromText('\uFEFFname: "m"').name, 'm')
  })

  const refusals: readonly (readonly [text: string, problem: string])[] = [
    [
      'name: "m"\n\ninput {\n  dim: 4\n}',
      'config.pbtxt:4: there is no field "dim" in ModelInput; did you mean "dims"?',
    ],
    [
      'name: "m"\ninput { maxBatch: 4 }',
      'config.pbtxt:2: there is no field "maxBatch" in ModelInput; fields: name, data_type, format, dims, reshape, is_shape_tensor, allow_ragged_batch, optional, is_non_linear_format_io',
    ],
    [
      'max_batch: 4',
      'config.pbtxt:1: there is no field "max_batch" in ModelConfig; did you mean "max_batch_size"?',
    ],
    [
      'output {\n data_type: FP32 }',
      'config.pbtxt:2: there is no "FP32" in DataType; did you mean "TYPE_FP32"?',
    ],
    [
      'output {\n data_type: TYPE_BYTES }',
      'config.pbtxt:2: there is no "TYPE_BYTES" in DataType; did you mean "TYPE_STRING"?',
    ],
    [
      'instance_group { kind: GPU }',
      'config.pbtxt:1: there is no "GPU" in ModelInstanceGroup.Kind; did you mean "KIND_GPU"?',
    ],
    ['max_batch_size: "8"', 'config.pbtxt:1: expected an integer, got a string'],
    [
      '\n\nmax_batch_size: 4294967296',
      'config.pbtxt:3: ModelConfig.max_batch_size: expected number (int32): 4294967296 out of range',
    ],
    ['max_batch_size 8', 'config.pbtxt:1: expected ":" before value of field "max_batch_size"'],
    ['name: "a"\n# again\nname: "b"\n', 'config.pbtxt:3: non-repeated field "name" is repeated'],
    [
      'dynamic_batching { }\nsequence_batching { }',
      'config.pbtxt:2: oneof "scheduling_choice" is already set',
    ],
    ['input {\n name: "x"\n\n\n', 'config.pbtxt:2: unexpected end of input, expected "}"'],
    ['name: "m\nplatform: ""', 'config.pbtxt:1: invalid U+000A in string'],
    ['name: "m" }', 'config.pbtxt:1: expected a field name, got "}"'],
  ]
  for (const [text, problem] of refusals) {
    it(`is refused: ${problem}`, () =>
      assert.equal(
        problemOf(() => fromText(text)),
        problem,
      ))
  }

  it('that is nested without end is refused', () => {
    const deep = 'input { '.repeat(100_000)
    assert.match(
      problemOf(() => fromText(deep)),
      /^config\.pbtxt:1: /,
    )
    const nested = `optimization { cuda { graph_spec { input { key: "a" value { ${'dim: 1 '.repeat(1000)} } } } } }`
    assert.equal(fromText(nested).optimization?.cuda?.graphSpec[0]?.input.a?.dim.length, 1000)
  })

  it('tells the line of what is unknown, wherever it stands', () => {
    const lines = toText(ModelConfigSchema, sample()).split('\n')
    const starts = lines.flatMap((line, at) => (/^\S/.test(line) && line !== '}' ? [at] : []))
    assert.ok(starts.length > 8)
    for (const at of starts) {
      const text = lines.toSpliced(at, 0, 'bogus_field: 1').join('\n')
      assert.match(
        problemOf(() => fromText(text)),
        new RegExp(`^config\\.pbtxt:${at + 1}: there`),
      )
    }
  })

  it('of any bytes is read or refused with a line, and never crashes', () => {
    const words = [
      'input',
      '{',
      '}',
      '[',
      ']',
      ':',
      '"',
      "'",
      '#',
      '\n',
      'name',
      'dims',
      '-1',
      '0x',
      ',',
      ';',
      '<',
      'TYPE_FP32',
      '\\',
      '\0',
    ]
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words)).map((all) => all.join(' ')),
    )
    fc.assert(
      fc.property(text, (given) => {
        try {
          fromText(given)
        } catch (thrown) {
          assert.ok(thrown instanceof ConfigError, String(thrown))
          const [, line] = /^config\.pbtxt:(\d+)$/.exec(thrown.problems[0]!.where) ?? []
          assert.ok(Number(line) >= 1 && Number(line) <= given.split('\n').length)
        }
      }),
      { seed, numRuns: 2000 },
    )
  })
})

describe('the same in JSON', () => {
  it('is what it is in text', () => {
    const config = sample()
    const text = toText(ModelConfigSchema, config)
    assert.deepEqual(fromText(text), config)
    assert.deepEqual(fromJson(tritonConfigJson(config)), config)
  })

  it('may have names in camel case, numbers as strings and names of types in any case', () => {
    const config = fromJson({
      max_batch_size: '16',
      versionPolicy: { specific: { versions: ['3', 4] } },
      input: [{ name: 'x', dataType: 'type_fp32', dims: ['-1', 4] }],
      instance_group: [{ kind: 'Kind_Gpu' }],
      parameters: { p: { stringValue: 'type_fp32' } },
      dynamicBatching: { priorityQueuePolicy: { '1': { timeout_action: 'delay' } } },
    })
    assert.equal(config.maxBatchSize, 16)
    const { policyChoice } = config.versionPolicy!
    assert.deepEqual(policyChoice.case === 'specific' && policyChoice.value.versions, [3n, 4n])
    assert.equal(config.input[0]?.dataType, DataType.TYPE_FP32)
    assert.equal(config.instanceGroup[0]?.kind, 1)
    assert.equal(config.parameters.p?.stringValue, 'type_fp32')
  })

  const refusals: readonly (readonly [text: string, problem: string])[] = [
    [
      '{"max_batchsize": 1}',
      'config: there is no field "max_batchsize" in ModelConfig; did you mean "max_batch_size"?',
    ],
    [
      '{"max_batch_size": "many"}',
      'config: ModelConfig.max_batch_size: expected number (int32), got "many"',
    ],
    [
      '{"max_batch_size": 1.5}',
      'config: ModelConfig.max_batch_size: expected number (int32), got 1.5',
    ],
    [
      '{"input": [{"data_type": "FP32"}]}',
      'config: there is no "FP32" in DataType; did you mean "TYPE_FP32"?',
    ],
    ['{"input": {}}', 'config: ModelConfig.input: expected Array, got object'],
    ['{"name": "a", "name": "b"}', 'config: ModelConfig: duplicate object key "name"'],
    ['[]', 'config: ModelConfig: expected an object, got an array'],
    ['null', 'config: ModelConfig: expected an object, got null'],
    ['1.5', 'config: ModelConfig: expected an object, got 1.5'],
    ['"a"', 'config: ModelConfig: expected an object, got "a"'],
  ]
  for (const [text, problem] of refusals) {
    it(`is refused: ${problem}`, () => {
      assert.equal(
        problemOf(() => parseTritonConfigJson(text, 'config')),
        problem,
      )
    })
  }

  it('that is none is refused', () => {
    for (const text of ['', '{', '{"name": }', 'name: "m"', '\0']) {
      assert.match(
        problemOf(() => parseTritonConfigJson(text, 'config')),
        /^config: ModelConfig: /,
      )
    }
  })

  it('of any kind is read or refused, and leaves no trace in objects', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          parseTritonConfigJson(text, 'config')
        } catch (thrown) {
          assert.ok(thrown instanceof ConfigError, String(thrown))
        }
      }),
      { seed, numRuns: 1000 },
    )
    const config = parseTritonConfigJson(
      '{"parameters": {"__proto__": {"string_value": "x"}}}',
      'c',
    )
    assert.equal(({} as { stringValue?: unknown }).stringValue, undefined)
    assert.deepEqual(Object.keys(config.parameters), ['__proto__'])
  })
})

/** One that says something in fields of every kind. */
function sample(): TritonConfig {
  return fromText(`
    name: "m" backend: "onnxruntime" max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1, 4 ] reshape { shape: [ 2, -1, 2 ] } optional: true }
    output { name: "y" data_type: TYPE_STRING dims: 2 label_filename: "labels.txt" }
    version_policy { specific { versions: [ 1, 9007199254740991 ] } }
    optimization { graph { level: -1 } cuda { graph_spec { input { key: "x" value { dim: 4 } } } } }
    sequence_batching { control_input { name: "s" control { fp32_false_true: [ 0, 1.5 ] bool_false_true: true } } oldest { max_candidate_sequences: 3 } }
    instance_group { kind: KIND_MODEL count: 2 rate_limiter { resources { name: "r" count: 4 } } }
    metric_tags { key: "team" value: "a b" }
    parameters { key: "p" value { string_value: "\\"quoted\\"" } }
    model_warmup { name: "w" batch_size: 1 inputs { key: "x" value { data_type: TYPE_FP32 dims: 4 zero_data: false } } }
    model_metrics { metric_control { metric_identifier { family: "f" } histogram_options { buckets: [ 0.5, 1e3 ] } } }
  `)
}
