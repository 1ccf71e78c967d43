import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kindOfConfig } from './kind.ts'
import {
  defaultModelConfig,
  layeredModelConfig,
  modelYamlLayer,
  parseModelConfig,
} from './load-model.ts'
import { problemsOf } from './testing.ts'

describe('a model.yaml', () => {
  it('may be empty', () => {
    assert.deepEqual(parseModelConfig('', 'model.yaml'), defaultModelConfig)
    assert.equal(defaultModelConfig.onnx.graphOptimization, 'all')
    assert.equal(defaultModelConfig.onnx.strict, true)
  })

  it('says everything that is built', () => {
    const config = parseModelConfig(
      `
name: churn
runtime: onnx
inputs:
  - {name: f, datatype: FP32, shape: [-1, 2], fields: [a, b], minimum: 0.5, maximum: 9, nonFinite: refuse}
  - {name: s, datatype: BYTES, allowed: [x, y], minimumLength: 1, maximumLength: 3}
outputs: [{name: label, datatype: INT64, shape: [-1]}]
labels: [stays, 7]
queue: {maxWaiting: 12}
onnx:
  providers: [cuda, {name: openvino, options: {device_type: NPU, streams: 4, cache: true}}]
  strict: false
  graphOptimization: extended
  executionMode: parallel
  intraOpThreads: 3
  freeDimensions: {batch: 8}
  session: {session.use_device_allocator_for_initializers: true, other: 5}
versions: {latest: 1}
executors: auto
isolation: none
trusted: false
`,
      'model.yaml',
    )
    assert.equal(config.name, 'churn')
    assert.deepEqual(config.inputs[0]?.fields, ['a', 'b'])
    assert.deepEqual(config.inputs[1]?.allowed, ['x', 'y'])
    assert.deepEqual(config.labels, ['stays', 7])
    assert.equal(config.queue.maxWaiting, 12)
    assert.deepEqual(config.onnx.providers, [
      { name: 'cuda', options: {} },
      { name: 'openvino', options: { device_type: 'NPU', streams: '4', cache: '1' } },
    ])
    assert.deepEqual(config.onnx.session, {
      'session.use_device_allocator_for_initializers': '1',
      other: '5',
    })
    assert.equal(config.onnx.intraOpThreads, 3)
    assert.ok(Object.isFrozen(config.onnx.providers[1]?.options))
  })

  const refusals = [
    [
      'name: -x',
      'name: expected up to 128 letters, digits, dots, underscores and hyphens, the first a letter or digit, got "-x"',
    ],
    ['lables: [a]', 'lables: there is no such key; did you mean "labels"?'],
    [
      'inputs: [{name: a, minimum: 3, maximum: 2}]',
      'inputs[0].minimum: expected at most the maximum, 2, got 3',
    ],
    [
      'inputs: [{name: a, minimumLength: 5, maximumLength: 4}]',
      'inputs[0].minimumLength: expected at most the maximumLength, 4, got 5',
    ],
    [
      'inputs: [{name: a, datatype: BYTES, maximum: 6}]',
      'inputs[0].maximum: expected none for an input of BYTES, got 6',
    ],
    [
      'inputs: [{name: a, datatype: FP32, maximumLength: 6}]',
      'inputs[0].maximumLength: expected none for an input of FP32, only BYTES has lengths, got 6',
    ],
    [
      'inputs: [{name: a, shape: [-1, 3], fields: [x, y]}]',
      'inputs[0].fields: expected 3 names, as the last axis of the shape has, got ["x","y"]',
    ],
    [
      'inputs: [{name: a, fields: [x, x]}]',
      'inputs[0].fields: expected each name once, "x" is there twice, got ["x","x"]',
    ],
    [
      'outputs: [{name: a}, {name: b}, {name: a}]',
      'outputs[2].name: expected each tensor once, this one is described above, got "a"',
    ],
    [
      'onnx: {providers: [cpu, {name: x, optins: {}}]}',
      'onnx.providers[1].optins: there is no such key; did you mean "options"?',
    ],
    ['runtime: python', 'runtime: any runtime but onnx is not built yet; use onnx'],
    [
      'isolation: process',
      'isolation: a process of its own for a model is not built yet; use none',
    ],
    ['trusted: true', 'trusted: running code of models is not built yet; leave it out'],
    ['python: .venv/bin/python', 'python: the Python runtime is not built yet; leave it out'],
    [
      'batching: {maxBatchSize: 4, preferred: [2, 8]}',
      'batching.preferred[1]: expected at most the maxBatchSize, 4, got 8',
    ],
    [
      'batching: {maxDelay: 3}',
      'batching.maxDelay: there is no such key; did you mean "maxDelayMs"?',
    ],
    [
      'queue: {priorities: {levels: 2, default: 3}}',
      'queue.priorities.default: expected a level from 1 to 2, got 3',
    ],
    [
      'queue: {priorities: {levels: 2, default: 1, policies: {4: {}}}}',
      'queue.priorities.policies.4: expected a level from 1 to 2, got {}',
    ],
    ['queue: {timeoutMs: -1}', 'queue.timeoutMs: expected at least 0, got -1'],
    [
      'rateLimit: {resources: [{name: a, count: 1}, {name: a, count: 2}]}',
      'rateLimit.resources[1].name: expected each resource once, this one is told of above, got "a"',
    ],
    ['cache: {ttlMs: 0}', 'cache.ttlMs: expected at least 1, got 0'],
    ['cache: on', 'cache: expected off or keys with values, got "on"'],
    ['rollout: required', 'rollout: rolling out versions is not built yet; leave it out'],
    [
      'executors: {minimum: 3, maximum: 2}',
      'executors.maximum: expected at least the minimum, 3, got 2',
    ],
  ] as const
  for (const [text, told] of refusals) {
    it(`is refused for ${text}`, () => {
      assert.deepEqual(
        problemsOf(() => parseModelConfig(`\n${text}\n`, 'm.yaml')),
        [`m.yaml:2: ${told}`],
      )
    })
  }

  const unordered = [
    ['queue: {onTimeout: delay, timeoutMs: 2}', 'queue.onTimeout: expected refuse'],
    ['queue: {priorities: {levels: 2, default: 1}}', 'queue.priorities.levels: expected one'],
    [
      'queue: {priorities: {levels: 1, default: 1, policies: {1: {onTimeout: delay}}}}',
      'queue.priorities.policies.1.onTimeout: expected refuse',
    ],
  ] as const
  for (const [text, told] of unordered) {
    it(`whose answers leave in order is refused for ${text}`, () => {
      const [problem] = problemsOf(() =>
        parseModelConfig(`${text}\nbatching: {preserveOrdering: true}`, 'm'),
      )
      assert.ok(problem?.startsWith(`m:1: ${told}, since answers leave in order`), problem)
      assert.doesNotThrow(() => parseModelConfig(text, 'm'))
    })
  }

  it('is told all of its problems, each with its line', () => {
    const told = problemsOf(() =>
      parseModelConfig(
        'runtime: python\ninputs:\n  - {datatype: FP32}\n  - {name: b, shap: 1}',
        'm',
      ),
    )
    assert.deepEqual(told, [
      'm:3: inputs[0].name: expected a text, got nothing',
      'm:4: inputs[1].shap: there is no such key; did you mean "shape"?',
      'm:1: runtime: any runtime but onnx is not built yet; use onnx',
    ])
  })

  it('has texts for keys, and is refused at once where keys lie in keys', () => {
    const told = (text: string) => problemsOf(() => parseModelConfig(text, 'm'))
    const message = 'a key must be a text, got a list, keys or an alias in its place'
    assert.deepEqual(told('name: x\n? [a]\n: b\n'), [`m:2: ${message}`])
    assert.deepEqual(told('queue: {{maxWaiting: 1}: 2}'), [`m:1: ${message}`])
    // as text, which it would become, this takes more characters than a string can have
    assert.deepEqual(told('? '.repeat(100)), [`m:1: ${message}`])
  })

  it('may not hold itself', () => {
    const told = problemsOf(() => parseModelConfig('name: &a [x, *a]', 'm'))
    assert.deepEqual(told, ['m: an alias lies within what it stands for'])
    const labels = parseModelConfig('name: &a x\nlabels: [*a, *a]', 'm').labels
    assert.deepEqual(labels, ['x', 'x'])
  })
})

describe('a model.yaml over another file', () => {
  const over = (value: unknown, text: string) =>
    layeredModelConfig([{ name: 'config.pbtxt', value }, modelYamlLayer(text, 'model.yaml')])

  it('wins key by key, and leaves the rest', () => {
    const config = over(
      { queue: { maxWaiting: 3 }, labels: ['a'], onnx: { strict: false, session: { x: '1' } } },
      'labels: [b, c]\nonnx: {session: {y: 2}, executionMode: parallel}',
    )
    assert.equal(config.queue.maxWaiting, 3)
    assert.deepEqual(config.labels, ['b', 'c'])
    assert.equal(config.onnx.strict, false)
    assert.equal(config.onnx.executionMode, 'parallel')
    assert.deepEqual(config.onnx.session, { x: '1', y: '2' })
    assert.ok(Object.isFrozen(config.onnx.session))
  })

  it('says more of a tensor by its name', () => {
    const config = over(
      {
        inputs: [
          { name: 'a', datatype: 'FP32', shape: [-1, 2] },
          { name: 'b', datatype: 'INT64' },
        ],
      },
      'inputs: [{name: c}, {name: b, minimum: 7}, {name: a, shape: [-1, 3]}]',
    )
    assert.deepEqual(
      config.inputs.map(({ name, datatype, shape, minimum }) => [name, datatype, shape, minimum]),
      [
        ['a', 'FP32', [-1, 3], undefined],
        ['b', 'INT64', undefined, 7],
        ['c', undefined, undefined, undefined],
      ],
    )
  })

  it('takes the place of a policy as a whole', () => {
    assert.deepEqual(over({ versions: { latest: 3 } }, 'versions: {all: true}').versions, {
      all: true,
    })
    assert.deepEqual(over({ versions: { specific: [4, 6] } }, 'name: x').versions, {
      specific: [4, 6],
    })
    const labels = over({ versionLabels: { a: 1, b: 2 } }, 'versionLabels: {b: 3}').versionLabels
    assert.deepEqual(labels, { a: 1, b: 3 })
  })

  it('is refused with the place of each problem: in one file, or in both together', () => {
    assert.deepEqual(
      problemsOf(() => over({ queue: { maxWaiting: -1 } }, '\nlables: [x]')),
      [
        'config.pbtxt: queue.maxWaiting: expected at least 0, got -1',
        'model.yaml:2: lables: there is no such key; did you mean "labels"?',
      ],
    )
    assert.deepEqual(
      problemsOf(() =>
        over({ inputs: [{ name: 'a', datatype: 'BYTES' }] }, 'inputs: [{name: a, minimum: 2}]'),
      ),
      [
        'config.pbtxt with model.yaml: inputs[0].minimum: expected none for an input of BYTES, got 2',
      ],
    )
  })

  it('is refused where what the two say cannot hold together', () => {
    assert.deepEqual(
      problemsOf(() => over({ batching: { preferred: [4, 6] } }, 'batching: {maxBatchSize: 5}')),
      [
        'config.pbtxt with model.yaml: batching.preferred[1]: expected at most the maxBatchSize, 5, got 6',
      ],
    )
    const levels = { queue: { priorities: { levels: 3, default: 2, policies: { 3: {} } } } }
    assert.deepEqual(
      problemsOf(() => over(levels, 'queue: {priorities: {levels: 2, default: 1}}')),
      [
        'config.pbtxt with model.yaml: queue.priorities.policies.3: expected a level from 1 to 2, got {}',
      ],
    )
  })

  it('says one thing of how requests are scheduled, and leaves the others', () => {
    const config = over(
      {
        batching: { maxBatchSize: 8, maxDelayMs: 0.3 },
        queue: { timeoutMs: 7, priorities: { levels: 2, default: 2, maxWaiting: 5 } },
        executors: 3,
      },
      'batching: {maxDelayMs: 0}\nqueue: {priorities: {default: 1, levels: 2}}\nexecutors: auto',
    )
    assert.deepEqual(config.batching, {
      ...{ maxBatchSize: 8, maxDelayMs: 0, preferred: [], preserveOrdering: false, padding: {} },
    })
    assert.equal(config.queue.timeoutMs, 7)
    assert.deepEqual(config.queue.priorities, {
      ...{ levels: 2, default: 1, maxWaiting: 5, policies: {} },
    })
    assert.equal(config.executors, 'auto')
    const off = over({ batching: { maxBatchSize: 8 } }, 'batching: off')
    assert.equal(off.batching, 'off')
  })

  it('is nothing where there is no file at all', () => {
    assert.equal(layeredModelConfig([]), defaultModelConfig)
  })
})

describe('kindOfConfig', () => {
  const cases = [
    { path: 'a/model.yaml', text: 'http: {}', kind: 'model' },
    { path: 'a/sluice.yml', text: 'labels: []', kind: 'server' },
    { path: 'x.yaml', text: 'inputs: []\nonnx: {}', kind: 'model' },
    { path: 'x.yaml', text: 'http: {}\nonnx: {}', kind: 'server' },
    { path: 'x.yaml', text: 'onnx: {}', kind: undefined },
    { path: 'x.yaml', text: '7', kind: undefined },
  ]
  for (const { path, text, kind } of cases) {
    it(`takes ${path} with ${JSON.stringify(text)} for ${kind}`, () => {
      assert.equal(kindOfConfig(path, text), kind)
    })
  }
})
