import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { loadServingFiles } from '../../config/index.ts'
import { ServingError } from '../../errors.ts'
import type { ModelSpec } from '../../model-spec.ts'
import type { ReadModel } from '../model/model-folder.ts'
import { tree } from '../testing.ts'
import { discover } from './discover.ts'
import { LocalSource } from './local-source.ts'

describe('a repository of Triton', () => {
  it('has a config.pbtxt and folders of versions for each model', async (t) => {
    const root = tree(t, {
      'one/m/config.pbtxt': 'name: "m" backend: "onnxruntime"',
      'one/m/1/model.onnx': '',
      'one/m/3/model.onnx/model.onnx': '',
      'two/n/config.pbtxt': 'platform: "onnxruntime_onnx" default_model_filename: "net.onnx"',
      'two/n/7/net.onnx': '',
      'two/n/7/model.onnx': '',
      'two/n/8/model.onnx': '',
    })
    const found = await discover([join(root, 'one'), join(root, 'two')])
    assert.deepEqual(pathsOf(found, root), {
      m: ['one/m/1/model.onnx', 'one/m/3/model.onnx/model.onnx'],
      n: ['two/n/7/net.onnx', 'n/8 holds no model file, expected "net.onnx"'],
    })
    assert.ok(found.every(({ layout }) => layout === 'Triton'))
    assert.equal(specOf(found, 'm').triton?.backend, 'onnxruntime')
  })

  it('may be laid over by a model.yaml', async (t) => {
    const root = tree(t, {
      'm/config.pbtxt': 'version_policy { specific { versions: [1, 2] } }',
      'm/model.yaml': 'versions: {latest: 2}',
      'm/1/model.onnx': '',
    })
    assert.deepEqual(specOf(await discover([root]), 'm').config.versions, { latest: 2 })
  })

  it('has files of labels, which belong to what configures the model', async (t) => {
    const files = {
      'm/config.pbtxt':
        'output { name: "y" data_type: TYPE_FP32 dims: 2 label_filename: "labels.txt" }',
      'm/labels.txt': 'cat\ndog\n',
      'm/1/model.onnx': '',
    }
    const versions = []
    for (const labels of ['cat\ndog\n', 'cat\nemu\n']) {
      const root = tree(t, { ...files, 'm/labels.txt': labels })
      versions.push(specOf(await discover([root]), 'm').versions[0]?.fingerprint)
    }
    assert.notEqual(versions[0], versions[1])

    const { 'm/labels.txt': _, ...without } = files
    assert.match(whyOf(await discover([tree(t, without)]), 'm'), /labels\.txt is not there/)
    const outside = tree(t, { 'labels.txt': 'a\nb\n' })
    const linked = tree(t, { ...without, 'm/labels.txt': `-> ${outside}/labels.txt` })
    assert.match(whyOf(await discover([linked]), 'm'), /labels\.txt is a link that leaves/)
  })

  it('names files of its own folders only', async (t) => {
    const root = tree(t, {
      'm/config.pbtxt': 'default_model_filename: "../../n/1/model.onnx"',
      'm/1/model.onnx': '',
      'n/1/model.onnx': '',
      'o/config.pbtxt':
        'output { name: "y" data_type: TYPE_FP32 dims: 2 label_filename: "../n/x" }',
      'o/1/model.onnx': '',
    })
    const found = await discover([root])
    assert.match(whyOf(found, 'm'), /"\.\.\/\.\.\/n\/1\/model\.onnx" leaves the folder/)
    assert.match(whyOf(found, 'o'), /"\.\.\/n\/x" cannot be read: it leads out of the folder/)
  })

  it('has a model that is refused where its configuration is no protobuf', async (t) => {
    const root = tree(t, { 'm/config.pbtxt': 'nam: "m"', 'm/1/model.onnx': '' })
    assert.match(whyOf(await discover([root]), 'm'), /config\.pbtxt/)
  })
})

describe('models of a list of TensorFlow Serving', () => {
  const scanList = async (root: string, list: string) => {
    const path = join(root, 'models.config')
    const { models: listed } = await loadServingFiles(
      { modelConfigFile: path, batchingParametersFile: undefined, monitoringConfigFile: undefined },
      () => `model_config_list { ${list} }`,
    )
    return new LocalSource({ paths: [], listed }).scan()
  }

  it('are found with their policies and labels, also with leading zeros', async (t) => {
    const root = tree(t, {
      'half/00000123/model.onnx': '',
      'half/124/model.onnx': '',
      'half/0124/model.onnx': '',
      'half/notes/x': '',
      'wide/5/saved_model.pb': '',
      'wide/5/variables/variables.index': '',
    })
    const { models } = await scanList(
      root,
      `config { name: "h" base_path: "half" model_version_policy { all {} }
                version_labels { key: "stable" value: 123 } }
       config { name: "w" base_path: "wide" model_platform: "tensorflow" }`,
    )
    assert.deepEqual(pathsOf(models, root), {
      h: ['half/00000123/model.onnx', 'half/124/model.onnx'],
      w: ['serving TensorFlow models is not built yet'],
    })
    const { config, versions, warnings, folder } = specOf(models, 'h')
    assert.deepEqual([config.versions, config.versionLabels], [{ all: true }, { stable: 123 }])
    assert.deepEqual(
      versions.map(({ version }) => version),
      ['123', '124'],
    )
    assert.deepEqual(warnings, ['folder 0124 is ignored: 124 is this version'])
    assert.equal(folder, join(root, 'half'))
    assert.ok(models.every(({ layout }) => layout === 'TensorFlow Serving'))
  })

  it('may wait for their first version', async (t) => {
    const { models, lost } = await scanList(
      tree(t, { 'a/': '' }),
      'config { name: "a" base_path: "a" } config { name: "b" base_path: "b" }',
    )
    assert.deepEqual(specOf(models, 'a').versions, [])
    assert.deepEqual(
      lost.map(({ name, why }) => [name, why]),
      [['b', 'there is no such file']],
    )
  })

  it('are refused where the list says what is not built, and laid over by a model.yaml', async (t) => {
    const root = tree(t, {
      'a/1/model.onnx': '',
      'b/1/model.onnx': '',
      'b/model.yaml': 'name: other\nversions: {latest: 3}',
    })
    const { models } = await scanList(
      root,
      `config { name: "a" base_path: "a" model_platform: "caffe" }
       config { name: "b" base_path: "b" model_version_policy { all {} } }`,
    )
    assert.match(whyOf(models, 'a'), /serving models of platform "caffe" is not built yet/)
    assert.deepEqual(specOf(models, 'b').config.versions, { latest: 3 })
  })

  it('that are changed in the list only are other versions', async (t) => {
    const root = tree(t, { 'a/1/model.onnx': '' })
    const list = (policy: string) =>
      scanList(root, `config { name: "a" base_path: "a" model_version_policy { ${policy} {} } }`)
    const [all, latest] = [await list('all'), await list('latest')]
    assert.notEqual(
      specOf(all.models, 'a').versions[0]?.fingerprint,
      specOf(latest.models, 'a').versions[0]?.fingerprint,
    )
  })
})

describe('models of MLServer', () => {
  const settings = (value: unknown) => JSON.stringify(value)

  it('are described by a model-settings.json', async (t) => {
    const root = tree(t, {
      'a/model-settings.json': settings({
        name: 'iris',
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
        parameters: { uri: './weights/net.onnx', version: '4' },
      }),
      'a/weights/net.onnx': '',
      'b/model-settings.json': settings({ parameters: { version: 'v0.1.0' } }),
      'b/model.onnx': '',
      'c/model-settings.json': settings({ parameters: { uri: './inner' } }),
      'c/inner/model.onnx': '',
      'd/model-settings.json': settings({ parameters: { uri: '.' } }),
      'd/model.onnx': '',
    })
    const found = await discover([root])
    assert.deepEqual(pathsOf(found, root), {
      b: ['b/model.onnx'],
      c: ['c/inner/model.onnx'],
      d: ['d/model.onnx'],
      iris: ['a/weights/net.onnx'],
    })
    const iris = specOf(found, 'iris')
    assert.deepEqual(
      iris.versions.map(({ version }) => version),
      ['4'],
    )
    assert.deepEqual(iris.config.inputs, [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }])
    assert.deepEqual(specOf(found, 'b').config.versionLabels, { 'v0.1.0': 1 })
    assert.ok(found.every(({ layout }) => layout === 'MLServer'))
  })

  it('may lie a folder deeper, one for each version', async (t) => {
    const version = (number: string, uri = './model.onnx') =>
      settings({ name: 'iris', parameters: { version: number, uri } })
    const root = tree(t, {
      'sets/old/model-settings.json': version('9'),
      'sets/old/model.onnx': '',
      'sets/new/model-settings.json': version('10', 'net.onnx'),
      'sets/new/net.onnx': '',
      'sets/other/model-settings.json': settings({ name: 'other' }),
      'sets/other/model.onnx': '',
      'numbered/1/model-settings.json': settings({ name: 'n', parameters: { uri: 'x.onnx' } }),
      'numbered/1/x.onnx': '',
      'numbered/1/y.onnx': '',
      'numbered/2/model-settings.json': settings({ name: 'n', parameters: { uri: 'y.onnx' } }),
      'numbered/2/x.onnx': '',
      'numbered/2/y.onnx': '',
    })
    const found = await discover([root])
    assert.deepEqual(pathsOf(found, root), {
      iris: ['sets/old/model.onnx', 'sets/new/net.onnx'],
      n: ['numbered/1/x.onnx', 'numbered/2/y.onnx'],
      other: ['sets/other/model.onnx'],
    })
    const iris = specOf(found, 'iris')
    assert.equal(iris.folder, join(root, 'sets'))
    assert.deepEqual(
      iris.versions.map(({ version }) => version),
      ['9', '10'],
    )
  })

  it('are refused by name where they are not of ONNX, and where they are elsewhere', async (t) => {
    const root = tree(t, {
      'a/model-settings.json': settings({ implementation: 'mlserver_sklearn.SKLearnModel' }),
      'a/model.joblib': '',
      'b/model-settings.json': settings({ parameters: { uri: 'gs://x/y' } }),
      'c/model-settings.json': settings({ parameters: { uri: '/etc/passwd' } }),
      'd/model-settings.json': settings({ parameters: { uri: '../c/model-settings.json' } }),
      'e/model-settings.json': settings({ parameters: { uri: 'model.joblib' } }),
      'e/model.joblib': '',
      'f/1/model-settings.json': settings({ implementation: 'a.B' }),
      'f/1/model.onnx': '',
    })
    const found = await discover([root])
    assert.match(whyOf(found, 'a'), /serving models of mlserver_sklearn\.SKLearnModel is not/)
    assert.match(whyOf(found, 'b'), /fetching models from gs:\/\/ is not built yet/)
    assert.match(whyOf(found, 'f'), /serving models of a\.B is not built yet/)
    const { c, d, e } = pathsOf(found, root)
    assert.deepEqual(c, ['"/etc/passwd" is no model file: it is absolute'])
    assert.deepEqual(d, ['"../c/model-settings.json" is no model file: it leads out of the folder'])
    assert.deepEqual(e, ['serving scikit-learn models is not built yet'])
  })

  it('may lie beside settings of the server, which are told of', async (t) => {
    const root = tree(t, { 'a.onnx': '', 'settings.json': settings({ http_port: 8080 }) })
    const { warnings } = await new LocalSource({ paths: [root] }).scan()
    assert.deepEqual(warnings, [
      'settings.json is not read, its settings are flags here: http_port (--http-port)',
    ])
    const other = tree(t, { 'a.onnx': '', 'settings.json': '// of an editor' })
    assert.deepEqual((await new LocalSource({ paths: [other] }).scan()).warnings, [])
  })
})

it('a model.yaml is the last word over all of them', async (t) => {
  const root = tree(t, {
    'm/model-settings.json': JSON.stringify({
      name: 'by-settings',
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [-1, 4] },
        { name: 'y', datatype: 'INT64' },
      ],
    }),
    'm/model.yaml': 'name: by-yaml\ninputs: [{name: y, minimum: 3}]',
    'm/model.onnx': '',
  })
  const { config } = specOf(await discover([root]), 'by-yaml')
  assert.deepEqual(config.inputs, [
    { name: 'x', datatype: 'FP32', shape: [-1, 4] },
    { name: 'y', datatype: 'INT64', minimum: 3 },
  ])
})

/** By name: the paths from the root, or why there is none. */
const pathsOf = (found: readonly ReadModel[], root: string) =>
  Object.fromEntries(
    found.flatMap(({ name, spec }) => {
      if (spec instanceof ServingError) return []
      const paths = spec.versions.map(({ path }) =>
        path instanceof ServingError ? path.message : path.slice(root.length + 1),
      )
      return [[name, paths]]
    }),
  )

function specOf(found: readonly ReadModel[], name: string): ModelSpec {
  const spec = found.find((model) => model.name === name)?.spec
  assert.ok(spec !== undefined && !(spec instanceof ServingError), `${name}: ${spec}`)
  return spec
}

function whyOf(found: readonly ReadModel[], name: string): string {
  const spec = found.find((model) => model.name === name)?.spec
  assert.ok(spec instanceof ServingError, name)
  return spec.message
}
