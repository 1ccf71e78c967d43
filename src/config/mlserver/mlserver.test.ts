import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { layeredModelConfig } from '../load-model.ts'
import { problemsOf } from '../testing.ts'
import { parseModelSettings, serverSettingsWarnings } from './index.ts'

describe('a model-settings.json', () => {
  const parse = (value: unknown) => parseModelSettings(JSON.stringify(value), 'model-settings.json')

  it('names the model, its tensors, its file and its version', () => {
    const { layer, uri, version, warnings, refusal } = parse({
      name: 'iris',
      implementation: 'mlserver_onnx.OnnxModel',
      platform: 'onnx',
      versions: ['onnx/1.16'],
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4], parameters: { content_type: 'np' } }],
      outputs: [{ name: 'y', datatype: 'INT64', shape: [-1] }],
      parameters: { uri: './weights/iris.onnx', version: '12' },
    })
    const config = layeredModelConfig([layer])
    assert.equal(config.name, 'iris')
    assert.deepEqual(config.inputs, [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }])
    assert.deepEqual(config.outputs, [{ name: 'y', datatype: 'INT64', shape: [-1] }])
    assert.deepEqual(
      [uri, version, warnings, refusal],
      ['./weights/iris.onnx', '12', [], undefined],
    )
  })

  it('may say nothing', () => {
    const { layer, ...rest } = parse({})
    assert.deepEqual(layer.value, {})
    assert.deepEqual(rest, {
      uri: undefined,
      version: undefined,
      warnings: [],
      refusal: undefined,
    })
    assert.equal(parse({ name: '', parameters: null }).uri, undefined)
    assert.equal(parse({ parameters: { uri: null, version: null } }).version, undefined)
  })

  const versions = [
    { written: '7', version: '7', labels: undefined, warned: false },
    { written: 7, version: '7', labels: undefined, warned: false },
    { written: 'v0.1.0', version: undefined, labels: { 'v0.1.0': 1 }, warned: false },
    { written: '0.1.0', version: undefined, labels: undefined, warned: true },
    { written: '0', version: undefined, labels: undefined, warned: true },
    { written: '007', version: undefined, labels: undefined, warned: true },
    { written: '9'.repeat(16), version: undefined, labels: undefined, warned: true },
  ]
  for (const { written, version, labels, warned } of versions) {
    it(`has the version ${version} and the label ${JSON.stringify(labels)} by ${written}`, () => {
      const settings = parse({ parameters: { version: written } })
      assert.equal(settings.version, version)
      const value = settings.layer.value as { versionLabels?: unknown }
      assert.deepEqual(value.versionLabels, labels)
      assert.equal(settings.warnings.length, Number(warned))
    })
  }

  it('is refused by name for any implementation but ONNX', () => {
    assert.equal(
      parse({ implementation: 'mlserver_sklearn.SKLearnModel' }).refusal?.message,
      'serving models of mlserver_sklearn.SKLearnModel is not built yet',
    )
    assert.equal(parse({ implementation: 'models.MyOnnxModel' }).refusal, undefined)
    assert.equal(
      parse({ parameters: { uri: 's3://bucket/iris' } }).refusal?.message,
      'fetching models from s3:// is not built yet',
    )
  })

  it('is told what has no effect', () => {
    const settings = parse({
      max_batch_size: 32,
      parallel_workers: 2,
      parameters: { content_type: 'np', extra: {} },
    })
    assert.deepEqual(settings.warnings, [
      'model-settings.json: no effect here: max_batch_size, parallel_workers, parameters.content_type, parameters.extra',
    ])
  })

  it('is told every problem', () => {
    assert.deepEqual(
      problemsOf(() => parse({ name: 4, inputs: [{ datatype: 'FP32' }] })),
      [
        'model-settings.json: name: expected a text, got 4',
        'model-settings.json: inputs[0].name: expected a text, got nothing',
      ],
    )
    assert.deepEqual(
      problemsOf(() => parse([])),
      ['model-settings.json: expected keys with values, got []'],
    )
    assert.match(
      problemsOf(() => parseModelSettings('{', 'm.json'))[0]!,
      /^m\.json: this is not valid JSON: /,
    )
  })
})

describe('a settings.json', () => {
  it('is not taken over, and says which flags there are for what it holds', () => {
    const text = JSON.stringify({ http_port: 80, host: '0.0.0.0', root_path: '/x', cors: {} })
    assert.deepEqual(serverSettingsWarnings(text, 'settings.json'), [
      'settings.json is not read, its settings are flags here: http_port (--http-port), host (--host)',
    ])
  })

  it('of something else is nothing to tell of', () => {
    assert.deepEqual(serverSettingsWarnings('{"editor.tabSize": 2}', 'settings.json'), [])
  })
})
