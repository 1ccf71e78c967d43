import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { loadServingFiles } from '../config/index.ts'
import { ServingError } from '../errors.ts'
import type { FoundModel } from '../model-spec.ts'
import { discover } from './find/discover.ts'
import { LocalSource } from './find/local-source.ts'
import { withConfig, writeModel } from './override.ts'
import { tree } from './testing.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const filesOf = (files: Readonly<Record<string, string>>) =>
  new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)]))

describe('files that were sent', () => {
  it('are a model in a private folder, until they are taken away', async (t) => {
    const within = tree(t)
    const { spec, remove } = await writeModel({
      name: 'm',
      config: '{"version_policy": {"all": {}}, "max_batch_size": "16"}',
      files: filesOf({ '1/model.onnx': 'one', '3/model.onnx': 'three', '3/w/x.bin': 'w' }),
      within,
    })
    assert.equal(spec.name, 'm')
    assert.deepEqual(spec.config.versions, { all: true })
    assert.equal(spec.triton?.maxBatchSize, 16)
    assert.deepEqual(
      spec.versions.map(({ version, path }) => [version, readFileSync(String(path), 'utf8')]),
      [
        ['1', 'one'],
        ['3', 'three'],
      ],
    )
    assert.ok(spec.folder.startsWith(`${within}/`))
    const mode = (path: string) => statSync(path).mode & 0o777
    assert.deepEqual(
      [dirname(spec.folder), spec.folder, join(spec.folder, '3/w')].map(mode),
      [0o700, 0o700, 0o700],
    )
    assert.equal(mode(join(spec.folder, '3/w/x.bin')), 0o600)
    await remove()
    assert.deepEqual(readdirSync(within), [])
    await remove()
  })

  it('hold labels that the configuration names, and no other configuration', async (t) => {
    const { spec } = await writeModel({
      name: 'm',
      config: JSON.stringify({
        output: [{ name: 'y', data_type: 'TYPE_FP32', dims: [2], label_filename: 'labels.txt' }],
      }),
      files: filesOf({
        '1/model.onnx': '',
        'labels.txt': 'cat\ndog\n',
        'model.yaml': 'queue: {maxWaiting: 3}',
        'config.pbtxt': 'nonsense',
      }),
      within: tree(t),
    })
    assert.deepEqual(spec.config.labels, ['cat', 'dog'])
    assert.equal(spec.config.queue.maxWaiting, undefined)
  })

  it('are another version each time they are sent', async (t) => {
    const within = tree(t)
    const send = async (config: string) => {
      const files = filesOf({ '1/model.onnx': 'x' })
      const { spec } = await writeModel({ name: 'm', config, files, within })
      return spec.versions[0]?.fingerprint
    }
    const prints = [await send('{}'), await send('{}'), await send('{"max_batch_size": 2}')]
    assert.equal(new Set(prints).size, 3)
  })

  const wrongPaths = [
    ['../model.onnx', 'one that leads out of the folder'],
    ['1/../../x', 'one that leads out of the folder'],
    ['/etc/cron.d/x', 'one that is absolute'],
    ['C:\\x', 'one that has a backslash'],
    ['c:x', 'one that is absolute'],
    ['1\\model.onnx', 'one that has a backslash'],
    ['1/model.onnx\0.txt', 'one that has a NUL'],
    ['', 'one that is empty'],
    ['1//model.onnx', 'one that has a step that is empty'],
    ['./1/model.onnx', 'one that has a step that is empty'],
    ['1/', 'one that has a step that is empty'],
    ['x'.repeat(5000), 'one that is longer than 4096 characters'],
  ] as const
  for (const [path, got] of wrongPaths) {
    it(`are refused at ${JSON.stringify(path.slice(0, 40))}, and leave nothing`, async (t) => {
      const within = tree(t)
      const files = filesOf({ '1/model.onnx': '', [path]: 'x' })
      const refused = await refusalOf(writeModel({ name: 'm', config: '{}', files, within }))
      assert.equal(refused.reason, 'PARAMETER_INVALID')
      assert.ok(refused.message.endsWith(`must be a path within the model's folder, got ${got}`))
      assert.deepEqual(readdirSync(within), [])
    })
  }

  it('are refused where one is a file and a folder', async (t) => {
    for (const path of ['1', '1/model.onnx/weights.bin']) {
      const files = filesOf({ [path]: '', '1/model.onnx': '' })
      const refused = await refusalOf(
        writeModel({ name: 'm', config: '{}', files, within: tree(t) }),
      )
      assert.match(refused.message, /got a file and a folder "1(\/model\.onnx)?"$/)
    }
  })

  it('are refused for a name that no model can have', async (t) => {
    const within = tree(t)
    for (const name of ['..', 'a/b', '', '.m', 'x\0']) {
      const files = filesOf({ '1/model.onnx': '' })
      const refused = await refusalOf(writeModel({ name, config: '{}', files, within }))
      assert.match(refused.message, /cannot be served/)
    }
    assert.deepEqual(readdirSync(within), [])
  })

  const broken = [
    { name: 'no JSON', config: '{', says: /config/ },
    { name: 'a field that is not known', config: '{"nam": "x"}', says: /nam/ },
    {
      name: 'labels that were not sent',
      config:
        '{"output": [{"name": "y", "data_type": "TYPE_FP32", "dims": [1], "label_filename": "l"}]}',
      says: /l is not there/,
    },
    { name: 'what is not built', config: '{"ensemble_scheduling": {"step": []}}', says: /./ },
  ]
  for (const { name, config, says } of broken) {
    it(`leave nothing where the configuration has ${name}`, async (t) => {
      const within = tree(t)
      const files = filesOf({ '1/model.onnx': '' })
      const refused = await refusalOf(writeModel({ name: 'm', config, files, within }))
      assert.match(refused.message, says)
      assert.deepEqual(readdirSync(within), [])
    })
  }

  it('leave nothing where the disk does not take one of them, or there is no place', async (t) => {
    const within = tree(t)
    const files = filesOf({ '1/model.onnx': 'x', [`1/${'x'.repeat(300)}`]: 'y' })
    const refused = await refusalOf(writeModel({ name: 'm', config: '{}', files, within }))
    assert.equal(
      refused.message,
      'the files that were sent cannot be kept: a name is too long for this disk',
    )
    assert.deepEqual(readdirSync(within), [])
    const nowhere = join(within, 'nosuch')
    const lost = await refusalOf(writeModel({ name: 'm', config: '{}', files, within: nowhere }))
    assert.equal(lost.message, 'the files that were sent cannot be kept: ENOENT')
  })

  it('at any paths are written within their folder, or not at all', async (t) => {
    const steps = fc.constantFrom('..', '.', '', 'a', '1', 'model.onnx', '\\', '\0', '~', 'é', 'c:')
    const path = fc.array(steps, { minLength: 1, maxLength: 5 }).map((list) => list.join('/'))
    const base = tree(t)
    let count = 0
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(path, { minLength: 1, maxLength: 4 }), async (paths) => {
        count += 1
        const within = join(base, `${count}`, 'in')
        mkdirSync(within, { recursive: true })
        const files = new Map(paths.map((one) => [one, bytes(one)]))
        const written = await writeModel({ name: 'm', config: '{}', files, within }).catch(
          (thrown: unknown) => thrown,
        )
        assert.deepEqual(readdirSync(dirname(within)), ['in'])
        if (written instanceof Error) {
          assert.ok(written instanceof ServingError, String(written))
          assert.deepEqual(readdirSync(within), [])
          return
        }
        const { spec, remove } = written as Awaited<ReturnType<typeof writeModel>>
        for (const one of paths) assert.equal(readFileSync(join(spec.folder, one), 'utf8'), one)
        await remove()
        assert.deepEqual(readdirSync(within), [])
      }),
      { numRuns: 150, seed: 8 },
    )
  })
})

describe('a configuration that was sent alone', () => {
  const config = JSON.stringify({ max_batch_size: 4, version_policy: { all: {} } })

  it('takes the place of the files that configure a model, and keeps its versions', async (t) => {
    const root = tree(t, {
      'm/config.pbtxt': 'max_batch_size: 2 default_model_filename: "a.onnx"',
      'm/model.yaml': 'queue: {maxWaiting: 3}',
      'm/1/a.onnx': '',
      'm/1/model.onnx': '',
      'm/2/model.onnx': '',
    })
    const before = await only(root)
    assert.ok(!(before.spec instanceof ServingError))
    const spec = await withConfig(before, config)
    assert.equal(spec.triton?.maxBatchSize, 4)
    assert.deepEqual(spec.config.versions, { all: true })
    assert.equal(spec.config.queue.maxWaiting, undefined)
    assert.deepEqual(
      spec.versions.map(({ path }) => path),
      [join(root, 'm/1/model.onnx'), join(root, 'm/2/model.onnx')],
    )
    assert.notEqual(spec.versions[0]?.fingerprint, before.spec.versions[0]?.fingerprint)
    const again = await withConfig(before, config)
    assert.equal(again.versions[0]?.fingerprint, spec.versions[0]?.fingerprint)
  })

  it('holds for models that are files, and for those that lie deeper or in a list', async (t) => {
    const settings = (version: string) =>
      JSON.stringify({ name: 'j', parameters: { version, uri: 'x.onnx' } })
    const root = tree(t, {
      'a.onnx': '',
      'sets/u/model-settings.json': settings('1'),
      'sets/u/x.onnx': '',
      'sets/v/model-settings.json': settings('2'),
      'sets/v/x.onnx': '',
      'listed/003/model.onnx': '',
    })
    const { models: listed } = await loadServingFiles(
      { modelConfigFile: '/x', batchingParametersFile: undefined, monitoringConfigFile: undefined },
      () => `model_config_list { config { name: "l" base_path: "${root}/listed" } }`,
    )
    const found = [
      ...(await discover([join(root, 'a.onnx'), join(root, 'sets')])),
      ...(await new LocalSource({ paths: [], listed }).scan()).models,
    ]
    assert.deepEqual(
      found.map(({ name }) => name),
      ['a', 'j', 'l'],
    )
    for (const model of found) {
      const before = model.spec
      assert.ok(!(before instanceof ServingError), String(before))
      const spec = await withConfig(model, config)
      assert.deepEqual(spec.config.versions, { all: true })
      assert.equal(spec.name, model.name)
      assert.deepEqual(
        spec.versions.map(({ version, path }) => [version, path]),
        before.versions.map(({ version, path }) => [version, path]),
      )
      for (const [at, { fingerprint }] of spec.versions.entries()) {
        assert.notEqual(fingerprint, before.versions[at]?.fingerprint)
      }
    }
  })

  it('leaves the lock in force', async (t) => {
    const hex = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    const root = tree(t, { 'm/1/model.onnx': '', 'm/sluice.lock': `${hex}  1/model.onnx\n` })
    const model = await only(root)
    assert.equal((await withConfig(model, config)).lock?.get('1/model.onnx'), hex)
    writeFileSync(join(root, 'm/1/more.bin'), '')
    const [version] = (await withConfig(model, config)).versions
    assert.match(String(version?.path), /"1\/more\.bin" is not listed/)
  })

  it('reads no labels from outside', async (t) => {
    const outside = tree(t, { 'labels.txt': 'secret\n' })
    const root = tree(t, { 'm/1/model.onnx': '' })
    symlinkSync(join(outside, 'labels.txt'), join(root, 'm/labels.txt'))
    const model = await only(root)
    for (const path of ['labels.txt', '../x', `${outside}/labels.txt`]) {
      const output = [{ name: 'y', data_type: 'TYPE_FP32', dims: [1], label_filename: path }]
      const refused = await refusalOf(withConfig(model, JSON.stringify({ output })))
      assert.match(refused.message, /leave|leads out|absolute/)
    }
  })

  it('is refused with what is wrong with it, or with the model', async (t) => {
    const root = tree(t, { 'm/1/model.onnx': '', 'n.pkl': '' })
    const [m, n] = await discover([root])
    assert.match((await refusalOf(withConfig(m!, '['))).message, /config/)
    assert.match((await refusalOf(withConfig(n!, '{}'))).message, /scikit-learn/)
  })
})

async function only(root: string): Promise<FoundModel> {
  const [model, ...others] = await discover([root])
  assert.ok(model !== undefined && others.length === 0)
  return model
}

async function refusalOf(work: Promise<unknown>): Promise<ServingError> {
  const thrown = await work.then(
    () => assert.fail('nothing was refused'),
    (error: unknown) => error,
  )
  assert.ok(thrown instanceof ServingError, String(thrown))
  return thrown
}
