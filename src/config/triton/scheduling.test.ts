import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { layeredModelConfig } from '../index.ts'
import { fillIn } from './fill-in.ts'
import { inEffect } from './in-effect.ts'
import { modelConfigOfTriton } from './model-config.ts'
import { configOf, plainConfig } from './testing.ts'
import { tritonConfigJson } from './to-json.ts'

const noFiles = (path: string): string => assert.fail(`${path} is read`)
const amountsTo = (text: string, maxBatchSize = 8) =>
  modelConfigOfTriton(plainConfig(text, maxBatchSize), noFiles)

interface Parts {
  readonly batching?: unknown
  readonly queue?: unknown
  readonly executors?: unknown
  readonly rateLimit?: unknown
}

/** And what it amounts to holds by itself. */
function partsOf(text: string, maxBatchSize?: number): Parts {
  const { config } = amountsTo(text, maxBatchSize)
  layeredModelConfig([{ name: 'config.pbtxt', value: config }])
  return config
}

describe('requests of a config.pbtxt share runs', () => {
  const cases: readonly (readonly [text: string, maxBatchSize: number, batching: unknown])[] = [
    ['dynamic_batching { }', 8, { maxBatchSize: 8 }],
    [
      'dynamic_batching { max_queue_delay_microseconds: 1500 }',
      7,
      { maxBatchSize: 7, maxDelayMs: 1.5 },
    ],
    [
      'dynamic_batching { preferred_batch_size: [ 4, 2 ] }',
      6,
      { maxBatchSize: 6, preferred: [4, 2] },
    ],
    [
      'dynamic_batching { preserve_ordering: true }',
      5,
      { maxBatchSize: 5, preserveOrdering: true },
    ],
    // requests of no rows are never joined by Triton, and wait for nobody
    ['dynamic_batching { max_queue_delay_microseconds: 9 }', 0, undefined],
    ['dynamic_batching { preserve_ordering: true }', 0, { preserveOrdering: true }],
    ['', 3, { maxBatchSize: 3, assumeJoinable: false }],
    ['', 0, undefined],
    ['sequence_batching { }', 4, undefined],
  ]
  for (const [text, maxBatchSize, batching] of cases) {
    it(`with ${text || 'no scheduling'} and max_batch_size ${maxBatchSize}`, () =>
      assert.deepEqual(partsOf(text, maxBatchSize).batching, batching))
  }

  it('and may wait for others where rows are read from the file of the model', () => {
    const text = 'dynamic_batching { max_queue_delay_microseconds: 250 }'
    const { config } = modelConfigOfTriton(configOf(text), noFiles)
    assert.deepEqual(config, { batching: { maxDelayMs: 0.25 } })
  })
})

describe('requests of a config.pbtxt wait', () => {
  const policy = (text: string) => `dynamic_batching { default_queue_policy { ${text} } }`
  const cases: readonly (readonly [text: string, queue: unknown])[] = [
    ['dynamic_batching { }', undefined],
    [policy(''), undefined],
    [policy('max_queue_size: 7'), { maxWaiting: 7 }],
    [policy('max_queue_size: 0'), undefined],
    [policy('default_timeout_microseconds: 1200'), { timeoutMs: 1.2, timeoutOverride: false }],
    [
      policy('default_timeout_microseconds: 3 allow_timeout_override: true'),
      { timeoutMs: 0.003, timeoutOverride: true },
    ],
    [
      policy('default_timeout_microseconds: 5000 timeout_action: DELAY'),
      { timeoutMs: 5, onTimeout: 'delay', timeoutOverride: false },
    ],
    [
      'dynamic_batching { priority_levels: 3 default_priority_level: 2 }',
      { priorities: { levels: 3, default: 2 } },
    ],
    ['dynamic_batching { priority_levels: 1 default_priority_level: 1 }', undefined],
  ]
  for (const [text, queue] of cases) {
    it(`with ${text}`, () => assert.deepEqual(partsOf(text).queue, queue))
  }

  it('by level, and the policy of a level takes the place of the default as a whole', () => {
    const { queue } = partsOf(`dynamic_batching {
      priority_levels: 4 default_priority_level: 3
      default_queue_policy { max_queue_size: 11 default_timeout_microseconds: 6000 timeout_action: DELAY }
      priority_queue_policy { key: 1 value { max_queue_size: 2 } }
      priority_queue_policy { key: 4 value { default_timeout_microseconds: 9000 allow_timeout_override: true } }
    }`)
    assert.deepEqual(queue, {
      timeoutMs: 6,
      onTimeout: 'delay',
      timeoutOverride: false,
      priorities: {
        levels: 4,
        default: 3,
        maxWaiting: 11,
        policies: {
          1: { maxWaiting: 2, timeoutMs: 0, onTimeout: 'refuse' },
          4: { maxWaiting: 'any', timeoutMs: 9, onTimeout: 'refuse', timeoutOverride: true },
        },
      },
    })
  })
})

describe('executors of a config.pbtxt', () => {
  const cases: readonly (readonly [text: string, executors: unknown])[] = [
    ['', undefined],
    ['instance_group { kind: KIND_CPU }', undefined],
    ['instance_group { count: 3 kind: KIND_CPU }', 3],
    ['instance_group { count: 2 } instance_group { count: 5 kind: KIND_GPU }', 7],
    ['instance_group { count: 2 } instance_group { kind: KIND_CPU }', 3],
    ['instance_group { count: 4 } instance_group { count: 6 passive: true }', 4],
    ['instance_group { count: 100000 }', 1024],
  ]
  for (const [text, executors] of cases) {
    it(`are ${executors ?? 'as many as there is room for'} with ${text || 'no group'}`, () =>
      assert.equal(partsOf(text).executors, executors))
  }

  const limiter = (text: string) => `instance_group { rate_limiter { ${text} } }`
  const limits: readonly (readonly [text: string, rateLimit: unknown])[] = [
    [limiter(''), undefined],
    [limiter('priority: 1'), undefined],
    [limiter('priority: 4'), { priority: 4 }],
    [
      limiter('resources [ { name: "a" count: 3 }, { name: "b" count: 2 global: true } ]'),
      {
        resources: [
          { name: 'a', count: 3, global: false },
          { name: 'b', count: 2, global: true },
        ],
      },
    ],
  ]
  for (const [text, rateLimit] of limits) {
    it(`take what is limited with ${text}`, () => {
      assert.deepEqual(partsOf(text).rateLimit, rateLimit)
      assert.deepEqual(amountsTo(text).warnings, [])
    })
  }

  it('take the most of what several groups say, with a warning', () => {
    const both = `${limiter('priority: 3 resources { name: "a" count: 4 }')}
      ${limiter('priority: 2 resources [ { name: "b" count: 5 }, { name: "a" count: 1 } ]')}`
    assert.deepEqual(partsOf(both).rateLimit, {
      priority: 2,
      resources: [
        { name: 'a', count: 4, global: false },
        { name: 'b', count: 5, global: false },
      ],
    })
    assert.match(amountsTo(both).warnings.join(), /^rate_limiter of several groups/)
    const alike = limiter('priority: 2') + limiter('priority: 2')
    assert.deepEqual(amountsTo(alike).warnings, [])
  })
})

describe('inputs of different shapes in a config.pbtxt', () => {
  it('are laid one after the other, with what tells them apart and what is split by them', () => {
    const { config, refusal } = modelConfigOfTriton(
      configOf(`
        max_batch_size: 16
        input { name: "x" data_type: TYPE_FP32 dims: -1 allow_ragged_batch: true }
        input { name: "z" data_type: TYPE_FP32 dims: 3 }
        output { name: "y" data_type: TYPE_FP32 dims: -1 }
        batch_input { kind: BATCH_ELEMENT_COUNT target_name: "n" data_type: TYPE_INT32 source_input: "x" }
        batch_input { kind: BATCH_ITEM_SHAPE_FLATTEN target_name: [ "s", "t" ] data_type: TYPE_FP32 source_input: "z" }
        batch_output { target_name: "y" source_input: "x" }
        dynamic_batching { }`),
      noFiles,
    )
    assert.deepEqual(config.batching, {
      maxBatchSize: 16,
      ragged: {
        inputs: ['x'],
        derived: [
          { input: 'n', kind: 'elementCount', from: 'x', datatype: 'INT32' },
          { input: 's', kind: 'itemShapeFlatten', from: 'z', datatype: 'FP32' },
          { input: 't', kind: 'itemShapeFlatten', from: 'z', datatype: 'FP32' },
        ],
        scattered: [{ output: 'y', like: 'x' }],
      },
    })
    assert.equal(refusal, undefined)
  })
})

describe('the configuration that is told', () => {
  const told = (text: string, yaml: string, maxBatchSize = 8) => {
    const config = plainConfig(text, maxBatchSize)
    const { config: value } = modelConfigOfTriton(config, noFiles)
    const layers = [
      { name: 'config.pbtxt', value },
      { name: 'model.yaml', value: parseYaml(yaml) },
    ]
    return tritonConfigJson(inEffect(fillIn(config, 'm'), layeredModelConfig(layers)))
  }
  const parseYaml = (yaml: string) => (yaml === '' ? {} : JSON.parse(yaml))

  const full = `dynamic_batching {
    preferred_batch_size: [ 2, 4 ] max_queue_delay_microseconds: 100 priority_levels: 3 default_priority_level: 2
    default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 700 allow_timeout_override: true max_queue_size: 9 }
    priority_queue_policy { key: 3 value { max_queue_size: 5 default_timeout_microseconds: 80 } }
  } instance_group [ { count: 2 kind: KIND_CPU }, { count: 1 kind: KIND_CPU } ]`

  it('is as it was written where model.yaml says nothing', () => {
    const written = tritonConfigJson(fillIn(plainConfig(full), 'm'))
    assert.deepEqual(told(full, ''), written)
  })

  it('is what model.yaml says of it', () => {
    const config = told(
      full,
      `{"batching": {"maxDelayMs": 0.25, "preferred": [3]}, "executors": 5,
        "queue": {"timeoutMs": 4, "priorities": {"levels": 5, "default": 1, "policies": {"1": {"maxWaiting": 6}}}}}`,
    )
    const { priority_queue_policy: levels, ...batching } = config.dynamic_batching as Record<
      string,
      unknown
    >
    assert.deepEqual(batching, {
      preferred_batch_size: [3],
      max_queue_delay_microseconds: 250,
      preserve_ordering: false,
      priority_levels: 5,
      default_priority_level: 1,
      default_queue_policy: {
        timeout_action: 'DELAY',
        default_timeout_microseconds: 4000,
        allow_timeout_override: true,
        max_queue_size: 9,
      },
    })
    const level = (timeout: number, size: number, action: string, override: boolean) => ({
      timeout_action: action,
      default_timeout_microseconds: timeout,
      allow_timeout_override: override,
      max_queue_size: size,
    })
    assert.deepEqual(levels, {
      1: level(4000, 6, 'DELAY', true),
      3: level(80, 5, 'REJECT', false),
    })
    const groups = config.instance_group as { count: number }[]
    assert.deepEqual(
      groups.map(({ count }) => count),
      [5],
    )
  })

  it('joins nothing where model.yaml switches that off', () => {
    assert.ok(!('dynamic_batching' in told('dynamic_batching { }', '{"batching": "off"}')))
  })
})
