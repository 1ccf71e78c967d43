import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ServingError } from '../../errors.ts'
import type { Scan } from '../source.ts'
import { addTo, tree } from '../testing.ts'
import { LocalSource } from './local-source.ts'
import { whyGone } from './root-memory.ts'

describe('a path', () => {
  it('that is gone or cannot be read is lost, and others are not', async (t) => {
    const root = tree(t, { 'a/m.onnx': '', 'b/n.onnx': '', 'c.onnx': '' })
    const paths = ['a', 'b', 'c.onnx', 'nosuch'].map((path) => join(root, path))
    const source = new LocalSource({ paths })
    assert.deepEqual(told(await source.scan()), {
      models: ['c', 'm', 'n'],
      lost: [[paths[3], 'there is no such file']],
    })
    rmSync(paths[0]!, { recursive: true })
    unlinkSync(paths[2]!)
    assert.deepEqual(told(await source.scan()), {
      models: ['n'],
      lost: [paths[0], paths[2], paths[3]].map((path) => [path, 'there is no such file']),
    })
    addTo(root, { 'a/m.onnx': '', 'nosuch/o.onnx': '' })
    assert.deepEqual(told(await source.scan()).models, ['m', 'n', 'o'])
  })

  it('that no system takes is lost', async () => {
    const paths = ['/a\0b', `/${'x'.repeat(300)}`]
    const { lost } = await new LocalSource({ paths }).scan()
    assert.deepEqual(
      lost.map(({ why }) => why),
      ['it is no path', 'it cannot be read (ENAMETOOLONG)'],
    )
  })

  it('that is emptied has no models; another folder that is empty was mounted over', async (t) => {
    const root = tree(t, { 'disk/m.onnx': '', 'below/': '' })
    const path = join(root, 'models')
    const mount = (folder: string) => {
      rmSync(path, { force: true })
      symlinkSync(folder, path)
    }
    const source = new LocalSource({ paths: [path] })
    mount('disk')
    assert.deepEqual(told(await source.scan()), { models: ['m'], lost: [] })
    mount('below')
    const gone = { models: [], lost: [[path, 'it is empty, and was another folder before']] }
    assert.deepEqual(told(await source.scan()), gone)
    const next = new LocalSource({ paths: [path], after: source })
    assert.deepEqual(told(await next.scan()), gone, 'also for what comes in its place')
    mount('disk')
    assert.deepEqual(told(await source.scan()), { models: ['m'], lost: [] })
    unlinkSync(join(root, 'disk/m.onnx'))
    assert.deepEqual(told(await source.scan()), { models: [], lost: [] })
    mount('below')
    assert.deepEqual(told(await source.scan()), { models: [], lost: [] })
  })

  it('may be another folder that has models', async (t) => {
    const root = tree(t, { '1/m.onnx': '', '2/n.onnx': '', now: '-> 1' })
    const source = new LocalSource({ paths: [join(root, 'now')] })
    assert.deepEqual(told(await source.scan()).models, ['m'])
    unlinkSync(join(root, 'now'))
    symlinkSync('2', join(root, 'now'))
    assert.deepEqual(told(await source.scan()), { models: ['n'], lost: [] })
  })

  it('that may not be read is lost; a model that may not be read is told of', async (t) => {
    const root = tree(t, {
      'a/m.onnx': '',
      'b/m/model.onnx': '',
      'b/n/model.yaml': 'name: n',
      'b/n/model.onnx': '',
      'b/o/1/model.onnx': '',
      'b/p.onnx': '',
    })
    for (const path of ['a', 'b/m', 'b/o/1']) chmodSync(join(root, path), 0)
    chmodSync(join(root, 'b/n/model.yaml'), 0)
    chmodSync(root, 0o755)
    const source = new LocalSource({ paths: [join(root, 'a'), join(root, 'b')] })
    const scan = await asNobody(t, () => source.scan())
    for (const path of ['a', 'b/m', 'b/o/1']) chmodSync(join(root, path), 0o755)
    assert.deepEqual(told(scan), {
      models: ['m', 'n', 'o', 'p'],
      lost: [[join(root, 'a'), 'it may not be read']],
    })
    const why = new Map(scan.models.map(({ name, spec }) => [name, String(spec)]))
    assert.match(why.get('m')!, /m: it may not be read/)
    assert.match(why.get('n')!, /model\.yaml: it may not be read/)
    const o = scan.models.find(({ name }) => name === 'o')?.spec
    assert.ok(o !== undefined && !(o instanceof ServingError))
    assert.match(String(o.versions[0]?.path), /o\/1: it may not be read/)
  })
})

describe('a path counts as gone', () => {
  const before = { identity: '1:2', hasModels: true, isFolder: true }
  const now = { identity: '1:3', empty: false, hasModels: true, isFolder: true }
  const cases = [
    ['when another folder is there and empty', { empty: true }, /empty/],
    ['when a file is there', { isFolder: false }, /no folder/],
    ['not when the same folder is empty', { identity: '1:2', empty: true }, undefined],
    ['not when another folder has something', {}, undefined],
  ] as const
  for (const [name, differs, why] of cases) {
    it(name, () => {
      const seen = { ...now, ...differs }
      assert.match(String(whyGone(before, seen)), why ?? /^undefined$/)
      assert.equal(whyGone(undefined, seen), undefined)
      assert.equal(whyGone({ ...before, hasModels: false }, seen), undefined)
      assert.equal(whyGone({ ...before, isFolder: false }, { ...now, isFolder: false }), undefined)
    })
  }
})

it('the name of an only model stays when another file comes beside it', async (t) => {
  const root = tree(t, { 'a.onnx': '' })
  const source = new LocalSource({ paths: [root], name: 'mine' })
  assert.deepEqual(told(await source.scan()).models, ['mine'])
  addTo(root, { 'b.onnx': '' })
  const { models } = await source.scan()
  assert.deepEqual(
    models.map(({ name }) => name),
    ['mine'],
  )
  assert.match(String(models[0]?.spec), /--name is for one model, and 2 were found/)
})

it('configuration that did not change is the same value, and another when it did', async (t) => {
  const root = tree(t, { 'm/model.onnx': '', 'm/model.yaml': 'labels: [a, b]' })
  const source = new LocalSource({ paths: [root] })
  const config = async () => {
    const spec = (await source.scan()).models[0]?.spec
    assert.ok(spec !== undefined && !(spec instanceof ServingError))
    return spec.config
  }
  const first = await config()
  assert.equal(await config(), first)
  writeFileSync(join(root, 'm/model.yaml'), 'labels: [a, c]')
  assert.deepEqual((await config()).labels, ['a', 'c'])
  unlinkSync(join(root, 'm/model.yaml'))
  assert.equal((await config()).labels, undefined)
})

it('a thousand versions and hundreds of models are found', async (t) => {
  const versions = Array.from({ length: 1000 }, (_, at) => [`m/${at + 1}/model.onnx`, ''])
  const models = Array.from({ length: 300 }, (_, at) => [`n${at}/1/model.onnx`, ''])
  const root = tree(t, Object.fromEntries([...versions, ...models]))
  const scan = await new LocalSource({ paths: [root] }).scan()
  assert.equal(scan.models.length, 301)
  const spec = scan.models[0]?.spec
  assert.ok(spec !== undefined && !(spec instanceof ServingError))
  assert.deepEqual(
    spec.versions.map(({ version }) => Number(version)),
    versions.map((_, at) => at + 1),
  )
})

it('files that come and go during a scan disturb nobody', async (t) => {
  const files = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [`m${at}/${(at % 5) + 1}/model.onnx`, '']),
  )
  const root = tree(t, { ...files, 'steady/1/model.onnx': '' })
  const source = new LocalSource({ paths: [root] })
  for (let round = 0; round < 10; round += 1) {
    const scanning = source.scan()
    const churn = (async () => {
      for (let at = 0; at < 60; at += 1) {
        rmSync(join(root, `m${at}`), { recursive: true, force: true })
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    const scan = await scanning
    await churn
    assert.ok(
      scan.models.some(({ name, spec }) => name === 'steady' && !(spec instanceof ServingError)),
    )
    addTo(root, files)
  }
})

describe('watching', () => {
  const changes = [
    { name: 'a file comes', change: (root: string) => addTo(root, { 'b.onnx': '' }) },
    { name: 'a file goes', change: (root: string) => unlinkSync(join(root, 'a.onnx')) },
    {
      name: 'a version comes',
      change: (root: string) => mkdirSync(join(root, 'm/2')),
    },
    {
      name: 'a file of a version is written',
      change: (root: string) => appendFileSync(join(root, 'm/1/model.onnx'), 'x'),
    },
    {
      name: 'what configures a model is replaced',
      change: (root: string) => {
        writeFileSync(join(root, 'm/.new'), 'name: m')
        renameSync(join(root, 'm/.new'), join(root, 'm/model.yaml'))
      },
    },
  ]
  for (const { name, change } of changes) {
    it(`tells when ${name}`, async (t) => {
      const { root, changed } = await watched(t, { 'a.onnx': '', 'm/1/model.onnx': '' })
      const told = changed()
      change(root)
      await told
    })
  }

  it('goes on in folders that came since, and in those that came in place of others', async (t) => {
    const { root, source, changed } = await watched(t, { 'm/1/model.onnx': '' })
    let told = changed()
    addTo(root, { 'm/2/model.onnx': '' })
    await told
    await source.scan()
    told = changed()
    appendFileSync(join(root, 'm/2/model.onnx'), 'x')
    await told

    told = changed()
    rmSync(join(root, 'm'), { recursive: true })
    addTo(root, { 'm/2/model.onnx': '' })
    await told
    await source.scan()
    told = changed()
    appendFileSync(join(root, 'm/2/model.onnx'), 'x')
    await told
  })

  it('tells when a folder that was empty is filled, also by a rename within it', async (t) => {
    const { root, changed } = await watched(t, { 'm/.new/model.onnx': '' })
    const told = changed()
    renameSync(join(root, 'm/.new'), join(root, 'm/1'))
    await told
  })

  it('tells of folders that it has not watched before: they may have changed meanwhile', async (t) => {
    const root = tree(t, { 'm/1/model.onnx': '' })
    const source = new LocalSource({ paths: [root] })
    const told = new Promise<void>((resolve) => {
      t.after(source.watch(resolve))
    })
    await source.scan()
    await told
  })

  it('goes on when the path was gone and came back', async (t) => {
    const { root, source, changed } = await watched(t, { 'models/a.onnx': '' }, 'models')
    rmSync(join(root, 'models'), { recursive: true })
    assert.equal((await source.scan()).lost.length, 1)
    addTo(root, { 'models/a.onnx': '' })
    await source.scan()
    const told = changed()
    addTo(root, { 'models/b.onnx': '' })
    await told
  })

  it('of a single file follows the one that takes its place, and no neighbour', async (t) => {
    const { root, changed, count } = await watched(t, { 'a.onnx': '', 'b.onnx': '' }, 'a.onnx')
    writeFileSync(join(root, 'b.onnx'), 'x')
    writeFileSync(join(root, 'new'), 'x')
    const told = changed()
    renameSync(join(root, 'new'), join(root, 'a.onnx'))
    await told
    assert.equal(count(), 1)
  })

  it('tells nothing once it is stopped, and nothing where there is nothing to watch', async (t) => {
    const root = tree(t, { 'a.onnx': '' })
    const source = new LocalSource({ paths: [root, join(root, 'nosuch')] })
    let told = 0
    const stop = source.watch(() => {
      told += 1
    })
    await source.scan()
    stop()
    addTo(root, { 'b.onnx': '' })
    await source.scan()
    const { changed } = await watched(t, {}, undefined, root)
    const later = changed()
    addTo(root, { 'c.onnx': '' })
    await later
    assert.equal(told, 0)
  })
})

/** A folder that is watched. `changed` is to be called before the change. */
async function watched(t: TestContext, files: Record<string, string>, path = '', there?: string) {
  const root = there ?? tree(t, files)
  const source = new LocalSource({ paths: [join(root, path)] })
  await source.scan()
  const events = new EventEmitter()
  let told = 0
  t.after(
    source.watch(() => {
      told += 1
      events.emit('change')
    }),
  )
  return { root, source, changed: () => once(events, 'change'), count: () => told }
}

const told = ({ models, lost }: Scan) => ({
  models: models.map(({ name }) => name),
  lost: lost.map(({ root, why }) => [root, why]),
})

/** What root may do, nobody may not. */
async function asNobody<T>(t: TestContext, work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work()
  const back = () => process.seteuid?.(0)
  t.after(back)
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    back()
  }
}
