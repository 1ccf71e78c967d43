import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ServingError } from '../errors.ts'
import { discover, type FoundModel } from './discover.ts'

test('a file is served under its stem, a folder under its own name or that of its model.yaml', async (t) => {
  const root = tree(t, {
    'churn.onnx': '',
    'fraud.v2.onnx': '',
    'iris/model.onnx': '',
    'digits/model.onnx': '',
    'digits/model.yaml': 'name: numbers',
    'README.md': '',
    '.hidden.onnx': '',
    '.git/model.onnx': '',
  })
  assert.deepEqual(pathsOf(await discover([root]), root), [
    ['churn', '1', 'churn.onnx'],
    ['numbers', '1', 'digits/model.onnx'],
    ['fraud.v2', '1', 'fraud.v2.onnx'],
    ['iris', '1', 'iris/model.onnx'],
  ])
})

test('a path is a file, a model’s folder or a folder of models', async (t) => {
  const root = tree(t, {
    'a.onnx': '',
    'b/model.onnx': '',
    'many/c.onnx': '',
    'many/d/model.onnx': '',
  })
  const paths = ['a.onnx', 'b', 'many'].map((path) => join(root, path))
  assert.deepEqual(pathsOf(await discover(paths), root), [
    ['a', '1', 'a.onnx'],
    ['b', '1', 'b/model.onnx'],
    ['c', '1', 'many/c.onnx'],
    ['d', '1', 'many/d/model.onnx'],
  ])
})

test('of versions the newest is taken, by number', async (t) => {
  const root = tree(t, {
    'm/2/model.onnx': '',
    'm/10/model.onnx': '',
    'm/9/model.onnx': '',
    'm/007/model.onnx': '',
    'm/next/model.onnx': '',
  })
  assert.deepEqual(pathsOf(await discover([join(root, 'm')]), root), [
    ['m', '10', 'm/10/model.onnx'],
  ])
})

test('a name is for the only model, and for none of several', async (t) => {
  const root = tree(t, { 'a.onnx': '', 'b.onnx': '' })
  const one = await discover([join(root, 'a.onnx')], 'other')
  assert.deepEqual(pathsOf(one, root), [['other', '1', 'a.onnx']])
  await assert.rejects(discover([root], 'other'), /--name is for one model, and 2 were found/)
})

test('a file whose name cannot be served is served under a name that can', async (t) => {
  const root = tree(t, { 'my model.onnx': '' })
  const path = join(root, 'my model.onnx')
  assert.match(whyOf(await discover([path]), 'my model'), /the name "my model" cannot be served/)
  assert.deepEqual(pathsOf(await discover([path], 'mine'), root), [['mine', '1', 'my model.onnx']])
})

test('the first of several models with one name is served, the others are refused under names of their own', async (t) => {
  const root = tree(t, { 'a/m.onnx': '', 'b/m.onnx': '', 'c/m/model.onnx': '', 'd/n.onnx': '' })
  const paths = ['a', 'b', 'c', 'd'].map((path) => join(root, path))
  const found = await discover(paths)
  assert.deepEqual(
    found.map(({ name }) => name),
    ['m', 'm#2', 'm#3', 'n'],
  )
  assert.deepEqual(pathsOf([found[0]!, found[3]!], root), [
    ['m', '1', 'a/m.onnx'],
    ['n', '1', 'd/n.onnx'],
  ])
  for (const name of ['m#2', 'm#3']) {
    assert.match(whyOf(found, name), /another model has the name "m" already/)
  }
})

test('what is there and cannot be served is found with its reason, and no path is told', async (t) => {
  const root = tree(t, {
    'good.onnx': '',
    'empty/notes.txt': '',
    'forest.pkl': '',
    'unset/model.yaml': 'nmae: x',
    'version/3': 'no folder',
    'versions/1/readme.txt': '',
  })
  symlinkSync('nowhere', join(root, 'broken.onnx'))
  symlinkSync('loop.onnx', join(root, 'loop.onnx'))
  const found = await discover([root])
  const cases = [
    ['empty', /empty holds no model file, expected model\.onnx/],
    ['forest', /serving scikit-learn models is not built yet/],
    ['unset', /^model\.yaml:1.*nmae/],
    ['version', /^version: /],
    ['versions', /versions\/1 holds no model file/],
    ['broken', /^broken\.onnx: /],
    ['loop', /^loop\.onnx: /],
  ] as const
  for (const [name, expected] of cases) {
    const why = whyOf(found, name)
    assert.match(why, expected)
    assert.ok(!why.includes(root), why)
  }
  const good = found.find(({ name }) => name === 'good')
  assert.ok(!(good?.source instanceof ServingError))
  assert.equal(found.length, cases.length + 1)
})

test('a path that is nothing, and a device, are found as models that cannot be served', async (t) => {
  const root = tree(t, {})
  const found = await discover([join(root, 'nosuch.onnx'), '/dev/null'])
  assert.match(whyOf(found, 'nosuch'), /^nosuch\.onnx: /)
  assert.equal(found[1]?.name, 'null')
})

test('an empty folder holds no models', async (t) => {
  assert.deepEqual(await discover([tree(t, {})]), [])
  assert.deepEqual(await discover([]), [])
})

function tree(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'sluice-discover-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

/** Name, version and path from the root, of models that can be loaded. */
const pathsOf = (found: readonly FoundModel[], root: string) =>
  found.map(({ name, version, source }) => {
    assert.ok(!(source instanceof ServingError), source instanceof Error ? source.message : '')
    assert.deepEqual([source.name, source.version], [name, version])
    return [name, version, source.path.slice(root.length + 1)]
  })

function whyOf(found: readonly FoundModel[], name: string): string {
  const source = found.find((model) => model.name === name)?.source
  assert.ok(source instanceof ServingError, name)
  return source.message
}
