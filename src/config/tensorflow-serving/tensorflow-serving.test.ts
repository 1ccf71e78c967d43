import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ServingError } from '../../errors.ts'
import { layeredModelConfig } from '../load-model.ts'
import { ConfigError } from '../problem.ts'
import { problemsOf } from '../testing.ts'
import { readServingFiles } from './index.ts'

describe('a model_config_list', () => {
  it('names models, their folders, policies and labels', () => {
    const { models, warnings } = list(`
      # two models
      model_config_list: {
        config: [
          {
            name: "half_plus_two", base_path: '/data/half', model_platform: "tensorflow"
            model_version_policy { specific { versions: [3, 5] versions: 8 } }
            version_labels { key: "stable" value: 3 }
            version_labels { key: 'canary', value: 5 };
          },
          { name: "wide" base_path: "wide" model_version_policy { all {} } }
        ]
        config { name: "newest" base_path: "../newest" model_version_policy { latest { num_versions: 4 } } }
        config { name: "url" base_path: "file:///data/a%20b" model_version_policy { latest {} } }
        config { name: "plain" base_path: "p" }
      }`)
    assert.deepEqual(warnings, [])
    assert.deepEqual(
      models.map(({ name, basePath, layer }) => [name, basePath, layer.value]),
      [
        [
          'half_plus_two',
          '/data/half',
          { versionLabels: { stable: 3, canary: 5 }, versions: { specific: [3, 5, 8] } },
        ],
        ['wide', '/etc/serving/wide', { versions: { all: true } }],
        ['newest', '/etc/newest', { versions: { latest: 4 } }],
        ['url', '/data/a b', { versions: { latest: 1 } }],
        ['plain', '/etc/serving/p', {}],
      ],
    )
    assert.deepEqual(layeredModelConfig([models[0]!.layer]).versions, { specific: [3, 5, 8] })
    assert.ok(models.every(({ refusal }) => refusal === undefined))
  })

  it('may be empty, and is not to be left out', () => {
    assert.deepEqual(list('model_config_list {}').models, [])
    assert.throws(() => list('# soon'), /models\.config: expected a model_config_list, got nothing/)
  })

  it('is told what has no effect', () => {
    const { models } = list(`model_config_list { config {
      name: "a" base_path: "/a" model_type: TENSORFLOW
      logging_config { log_collector_config { type: "x" } sampling_config { sampling_rate: 0.5 } } } }`)
    assert.deepEqual(models[0]?.warnings, [
      'models.config: "a": no effect here: logging_config, model_type',
    ])
  })

  const refusals = [
    ['base_path: "gs://bucket/a"', 'fetching models from gs:// is not built yet'],
    [
      'base_path: "/a" model_platform: "caffe"',
      'serving models of platform "caffe" is not built yet',
    ],
  ] as const
  for (const [text, message] of refusals) {
    it(`holds a model that is refused by name: ${text}`, () => {
      const { models } = list(`model_config_list { config { name: "a" ${text} } }`)
      assert.ok(models[0]?.refusal instanceof ServingError)
      assert.equal(models[0].refusal.message, message)
    })
  }

  const bad = [
    [
      'custom_model_config { [type.googleapis.com/x.Y] { a: 1 } }',
      ['models.config: custom_model_config is not understood, expected a model_config_list'],
    ],
    [
      'model_config_list { config { nam: "a" } }',
      [
        'models.config: this is no ModelServerConfig in protobuf\'s text format: unknown field "nam" for message tensorflow.serving.ModelConfig',
      ],
    ],
    [
      'model_config_list { config { name: "a" base_path: "/a" } config { name: "a" } }',
      [
        'models.config: "a": expected each name once, this one is listed above',
        'models.config: "a": expected a base_path',
      ],
    ],
    [
      'model_config_list { config { name: "-a" base_path: "/a" } }',
      [
        'models.config: "-a": name: expected up to 128 letters, digits, dots, underscores and hyphens, the first a letter or digit, got "-a"',
      ],
    ],
    [
      'model_config_list { config { name: "a" base_path: "file://elsewhere/a" } }',
      ['models.config: "a": expected a base_path on this machine, got "file://elsewhere/a"'],
    ],
    [
      'model_config_list { config { name: "a" base_path: "/a" model_version_policy { specific { versions: -2 } } } }',
      ['models.config: "a": versions.specific[0]: expected at least 1, got -2'],
    ],
  ] as const
  for (const [text, told] of bad) {
    it(`is refused: ${text}`, () =>
      assert.deepEqual(
        problemsOf(() => list(text)),
        told,
      ))
  }
})

describe('batching parameters', () => {
  const batching = (text: string) =>
    readServingFiles({ ...none, batchingParametersFile: '/etc/batching.txt' }, () => text)

  it('say what holds for models that do not say it themselves', () => {
    const { batching: usual, warnings } = batching(`
      max_batch_size { value: 128 }
      batch_timeout_micros { value: 1500 }
      max_enqueued_batches { value: 7 }
      num_batch_threads { value: 8 }
      enable_large_batch_splitting { value: false }
      max_execution_batch_size { value: 32 }`)
    assert.deepEqual(usual, { maxWaiting: 896, maxBatchSize: 128, maxDelayMs: 1.5, executors: 8 })
    assert.deepEqual(warnings, [])
  })

  it('join requests to what is run at once, where larger ones are split', () => {
    const { batching: usual } = batching(`
      max_batch_size { value: 100 }
      enable_large_batch_splitting { value: true }
      max_execution_batch_size { value: 32 }`)
    assert.deepEqual(usual, { maxBatchSize: 32 })
    const whole = 'max_batch_size { value: 60 } enable_large_batch_splitting { value: true }'
    assert.deepEqual(batching(whole).batching, { maxBatchSize: 60 })
  })

  it('are told what has no effect', () => {
    const { batching: usual, warnings } = batching(`
      allowed_batch_sizes: 8
      allowed_batch_sizes: 128
      pad_variable_length_inputs: true
      thread_pool_name { value: "x" }`)
    assert.equal(usual, undefined)
    assert.deepEqual(
      warnings.map((warning) => warning.split(' has ')[0]),
      [
        'batching.txt: allowed_batch_sizes',
        'batching.txt: pad_variable_length_inputs',
        'batching.txt: thread_pool_name',
      ],
    )
  })

  it('may say nothing, or that nothing waits', () => {
    assert.deepEqual(batching('').warnings, [])
    assert.ok(!('batching' in batching('')))
    assert.deepEqual(batching('max_enqueued_batches { value: 0 }').batching, { maxWaiting: 0 })
    assert.deepEqual(batching('max_enqueued_batches { value: 2 }').batching, { maxWaiting: 2000 })
  })

  it('are refused where they make no sense', () => {
    assert.deepEqual(
      problemsOf(() =>
        batching('max_enqueued_batches { value: -1 } max_batch_size { } num_batch_threads { }'),
      ),
      [
        'batching.txt: expected max_batch_size to be a whole number from 1 on, got 0',
        'batching.txt: expected max_enqueued_batches to be a whole number from 0 on, got -1',
        'batching.txt: expected num_batch_threads to be a whole number from 1 on, got 0',
      ],
    )
    assert.match(problemsOf(() => batching('max_batch_size: 3'))[0]!, /no BatchingParameters/)
  })
})

describe('a monitoring configuration', () => {
  const metricsPath = (text: string) =>
    readServingFiles({ ...none, monitoringConfigFile: '/etc/monitoring.txt' }, () => text)
      .metricsPath

  const paths = [
    ['', undefined],
    ['prometheus_config { path: "/x" }', undefined],
    ['prometheus_config { enable: true }', '/monitoring/prometheus/metrics'],
    ['prometheus_config { enable: true, path: "/my/metrics" }', '/my/metrics'],
  ] as const
  for (const [text, path] of paths) {
    it(`asks for ${path} by ${text || 'nothing'}`, () => assert.equal(metricsPath(text), path))
  }

  for (const path of ['metrics', '/', '/a/../b', '/a/', '/a:b', '/a/:name']) {
    it(`is refused for the path ${path}`, () => {
      const told = problemsOf(() =>
        metricsPath(`prometheus_config { enable: true path: "${path}" }`),
      )
      assert.match(told[0]!, /^monitoring\.txt: expected prometheus_config\.path to be a path/)
    })
  }
})

it('any text is read, or refused as a configuration', () => {
  const words = fc.constantFrom(
    ...['model_config_list', 'config', 'name', 'base_path', 'version_labels', 'key', 'value'],
    ...['model_version_policy', 'specific', 'versions', 'latest', 'custom_model_config', 'max'],
    ...['prometheus_config', 'enable', 'path', 'max_enqueued_batches', 'max_batch_size'],
    ...['{', '}', '[', ']', ':', ',', ';', '<', '>', '"a"', "'b\\000'", '-1', '9'.repeat(25)],
    ...['1.5', '#', '\n', 'true', '"file:///%ff"', '"gs://x"', '"'],
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(words).map((list) => list.join(' ')),
  )
  fc.assert(
    fc.property(text, (written) => {
      const paths = {
        modelConfigFile: '/a/models.config',
        batchingParametersFile: '/a/batching.txt',
        monitoringConfigFile: '/a/monitoring.txt',
      }
      for (const [key, path] of Object.entries(paths)) {
        try {
          readServingFiles({ ...none, [key]: path }, () => written)
        } catch (thrown) {
          assert.ok(thrown instanceof ConfigError, String(thrown))
        }
      }
    }),
    { numRuns: 1000, seed: 4 },
  )
})

it('every problem of every file is told, and a file that is missing', () => {
  const told = problemsOf(() =>
    readServingFiles(
      {
        modelConfigFile: '/etc/serving/models.config',
        batchingParametersFile: '/etc/nothing',
        monitoringConfigFile: '/etc/monitoring.txt',
      },
      (path) => {
        if (path !== '/etc/nothing') return 'x'
        throw Object.assign(new Error('x'), { code: 'ENOENT' })
      },
    ),
  )
  assert.equal(told.length, 3)
  assert.match(told[0]!, /^models\.config: this is no ModelServerConfig/)
  assert.equal(told[1], '--batching-parameters-file: "nothing": there is no such file')
  assert.match(told[2]!, /^monitoring\.txt: this is no MonitoringConfig/)
})

const none = {
  modelConfigFile: undefined,
  batchingParametersFile: undefined,
  monitoringConfigFile: undefined,
}

const list = (text: string) =>
  readServingFiles({ ...none, modelConfigFile: '/etc/serving/models.config' }, () => text)
