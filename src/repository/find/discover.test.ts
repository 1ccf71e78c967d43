import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { ServingError } from '../../errors.ts'
import type { FoundModel, ModelSpec } from '../../model-spec.ts'
import { tree } from '../testing.ts'
import { discover } from './discover.ts'

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
    'lost+found/model.onnx': '',
  })
  assert.deepEqual(pathsOf(await discover([root]), root), [
    ['churn', '1', 'churn.onnx'],
    ['fraud.v2', '1', 'fraud.v2.onnx'],
    ['iris', '1', 'iris/model.onnx'],
    ['numbers', '1', 'digits/model.onnx'],
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
  const found = await discover(paths)
  assert.deepEqual(pathsOf(found, root), [
    ['a', '1', 'a.onnx'],
    ['b', '1', 'b/model.onnx'],
    ['c', '1', 'many/c.onnx'],
    ['d', '1', 'many/d/model.onnx'],
  ])
  assert.deepEqual(
    found.map((model) => [model.root, specOf(found, model.name).folder]),
    [
      [paths[0], root],
      [paths[1], paths[1]],
      [paths[2], paths[2]],
      [paths[2], join(paths[2]!, 'd')],
    ],
  )
})

test('all versions are found, oldest first; other numbers are none', async (t) => {
  const root = tree(t, {
    'm/2/model.onnx': '',
    'm/10/model.onnx': '',
    'm/9/model.onnx': '',
    'm/007/model.onnx': '',
    'm/0/model.onnx': '',
    'm/next/model.onnx': '',
    'm/123456789012345678/model.onnx': '',
    'm/1234567890123456789/model.onnx': '',
  })
  const found = await discover([join(root, 'm')])
  assert.deepEqual(pathsOf(found, root), [
    ['m', '2', 'm/2/model.onnx'],
    ['m', '9', 'm/9/model.onnx'],
    ['m', '10', 'm/10/model.onnx'],
    ['m', '123456789012345678', 'm/123456789012345678/model.onnx'],
  ])
  assert.deepEqual(specOf(found, 'm').warnings, [
    'folder 0 is ignored: versions are whole numbers from 1 on, of 18 digits at most',
    'folder 007 is ignored: a version has no leading zeros',
    'folder 1234567890123456789 is ignored: versions are whole numbers from 1 on, of 18 digits at most',
  ])
})

test('a version’s file is model.onnx, the only .onnx, or a folder with it and its weights', async (t) => {
  const root = tree(t, {
    'm/1/model.onnx': '',
    'm/1/other.onnx': '',
    'm/2/iris.onnx': '',
    'm/3/model.onnx/model.onnx': '',
    'm/3/model.onnx/weights.bin': '',
    'm/4/model.onnx/only.onnx': '',
    'm/5/a.onnx': '',
    'm/5/b.onnx': '',
    'm/6/model.onnx/weights.bin': '',
    'm/7/': '',
  })
  const found = await discover([root])
  assert.deepEqual(pathsOf(found, root), [
    ['m', '1', 'm/1/model.onnx'],
    ['m', '2', 'm/2/iris.onnx'],
    ['m', '3', 'm/3/model.onnx/model.onnx'],
    ['m', '4', 'm/4/model.onnx/only.onnx'],
    ['m', '5', 'm/5 holds no model file, expected model.onnx, got a.onnx, b.onnx'],
    ['m', '6', 'm/6/model.onnx holds no model file, expected model.onnx, got weights.bin'],
    ['m', '7', 'm/7 holds no model file, expected model.onnx, got nothing'],
  ])
})

test('a file beside version folders is not served, and that is told', async (t) => {
  const root = tree(t, { 'm/1/model.onnx': '', 'm/model.onnx': '' })
  const found = await discover([root])
  assert.deepEqual(pathsOf(found, root), [['m', '1', 'm/1/model.onnx']])
  assert.deepEqual(specOf(found, 'm').warnings, [
    'model.onnx is not served: it lies beside version folders',
  ])
})

test('a name is for the only model, and for none of several', async (t) => {
  const root = tree(t, { 'a.onnx': '', 'b.onnx': '' })
  const one = await discover([join(root, 'a.onnx')], 'other')
  assert.deepEqual(pathsOf(one, root), [['other', '1', 'a.onnx']])
  const several = await discover([root], 'other')
  assert.equal(several.length, 1)
  assert.match(whyOf(several, 'other'), /--name is for one model, and 2 were found/)
})

test('a file whose name cannot be served is served under a name that can', async (t) => {
  const root = tree(t, { 'my model.onnx': '', '..evil.onnx': '' })
  const path = join(root, 'my model.onnx')
  assert.match(whyOf(await discover([path]), 'my model'), /the name "my model" cannot be served/)
  assert.deepEqual(pathsOf(await discover([path], 'mine'), root), [['mine', '1', 'my model.onnx']])
})

test('names are told from those that cannot be served', async (t) => {
  const good = ['a', 'A-1_x.y', '9', 'x'.repeat(128)]
  const bad = ['-a', '_a', 'a b', 'a%2e', 'ａ', 'a\\b', 'a#2', 'x'.repeat(129)]
  const root = tree(t, Object.fromEntries([...good, ...bad].map((name) => [`${name}.onnx`, ''])))
  const found = await discover([root])
  const served = found.filter(({ spec }) => !(spec instanceof ServingError))
  assert.deepEqual(served.map(({ name }) => name).sort(), good.toSorted())
  assert.equal(found.length, good.length + bad.length)
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

test('names that differ by capitals only are served, with a warning to each', async (t) => {
  const root = tree(t, { 'Iris.onnx': '', 'iris/model.onnx': '' })
  const found = await discover([root])
  assert.deepEqual(pathsOf(found, root), [
    ['Iris', '1', 'Iris.onnx'],
    ['iris', '1', 'iris/model.onnx'],
  ])
  assert.deepEqual(
    found.map(({ name }) => specOf(found, name).warnings),
    [['"Iris" and "iris" differ by capitals only'], ['"iris" and "Iris" differ by capitals only']],
  )
})

test('what is there and cannot be served is found with its reason, and no path is told', async (t) => {
  const root = tree(t, {
    'good.onnx': '',
    'forest.pkl': '',
    'unset/model.yaml': 'nmae: x',
    'bare/model.yaml': 'name: bare',
    'zeros/001/model.onnx': '',
    'stem/stem.onnx': '',
    'nested/iris/1/model.onnx': '',
    'mlflow/MLmodel': '',
    'saved/1/saved_model.pb': '',
    'trees/model.json': '',
    'code/1/model.py': '',
    'broken.onnx': '-> nowhere',
    'loop.onnx': '-> loop.onnx',
  })
  const found = await discover([root])
  const cases = [
    ['forest', /serving scikit-learn models is not built yet/],
    ['unset', /^model\.yaml:1.*nmae/],
    ['zeros', /zeros holds no version: folder 001 is ignored: a version has no leading zeros/],
    ['stem', /stem holds no model file, .* got stem\.onnx/],
    ['nested', /nested holds no model file, .* got iris\//],
    ['broken', /^broken\.onnx is a link that leads nowhere/],
    ['loop', /^loop\.onnx is a link that leads nowhere/],
  ] as const
  for (const [name, expected] of cases) {
    const why = whyOf(found, name)
    assert.match(why, expected)
    assert.ok(!why.includes(root), why)
  }
  assert.deepEqual(
    pathsOf(
      found.filter(({ spec }) => !(spec instanceof ServingError)),
      root,
    ),
    [
      ['bare', '1', 'bare holds no model file, expected model.onnx, got model.yaml'],
      ['code', '1', 'serving Python models is not built yet'],
      ['good', '1', 'good.onnx'],
      ['mlflow', '1', 'serving MLflow models is not built yet'],
      ['saved', '1', 'serving TensorFlow models is not built yet'],
      ['trees', '1', 'serving XGBoost models is not built yet'],
    ],
  )
  assert.equal(found.length, cases.length + 6)
})

test('folders with nothing of a model in them are none', async (t) => {
  const root = tree(t, {
    'docs/guide/index.md': '',
    'docs/notes.txt': '',
    'empty/': '',
    'scripts/train.py': '',
    'scripts/data/x.json': '',
    toString: '',
    'constructor/prototype': '',
  })
  assert.deepEqual(await discover([root]), [])
})

test('a path that is nothing, and a device, are found as models that cannot be served', async (t) => {
  const root = tree(t, {})
  const found = await discover([join(root, 'nosuch.onnx'), '/dev/null'])
  assert.match(whyOf(found, 'nosuch'), /^nosuch\.onnx: there is no such file$/)
  assert.match(whyOf(found, 'null'), /^null is a pipe, a socket or a device$/)
})

test('pipes in place of files are refused', async (t) => {
  const root = tree(t, { 'a/1/model.onnx': '', 'b/model.onnx': '' })
  for (const pipe of ['p.onnx', 'a/1/weights.bin', 'a/2', 'b/model.yaml']) {
    execFileSync('mkfifo', [join(root, pipe)])
  }
  const found = await discover([root])
  assert.match(whyOf(found, 'p'), /^p\.onnx is a pipe/)
  assert.match(whyOf(found, 'b'), /^model\.yaml is a pipe/)
  assert.deepEqual(pathsOf([found[0]!], root), [
    ['a', '1', '1/weights.bin is a pipe, a socket or a device'],
    ['a', '2', 'a/2 is a pipe, a socket or a device'],
  ])
})

test('links within the path that was given are followed, and refused where they leave it', async (t) => {
  const outside = tree(t, { 'model.onnx': '', 'w.bin': '', 'model.yaml': '' })
  const root = tree(t, {
    'store/good.onnx': '',
    'in.onnx': '-> store/good.onnx',
    'out.onnx': `-> ${outside}/model.onnx`,
    folder: `-> ${outside}`,
    'a/1': `-> ${outside}`,
    'a/2/model.onnx': `-> ${outside}/model.onnx`,
    'a/3/model.onnx': '',
    'a/3/w.bin': `-> ${outside}/w.bin`,
    'a/4/model.onnx': '-> ../../store/good.onnx',
    'a/5': '-> 4',
    'b/model.onnx': '',
    'b/model.yaml': `-> ${outside}/model.yaml`,
  })
  const found = await discover([root])
  assert.match(whyOf(found, 'out'), /^out\.onnx is a link that leaves the repository$/)
  assert.match(whyOf(found, 'b'), /^model\.yaml is a link that leaves the repository$/)
  assert.match(whyOf(found, 'folder'), /^folder is a link that leaves the repository$/)
  assert.deepEqual(
    pathsOf(
      found.filter(({ name }) => ['a', 'in'].includes(name)),
      root,
    ),
    [
      ['a', '1', 'a/1 is a link that leaves the repository'],
      ['a', '2', '2/model.onnx is a link that leaves the repository'],
      ['a', '3', '3/w.bin is a link that leaves the repository'],
      ['a', '4', 'a/4/model.onnx'],
      ['a', '5', 'a/5/model.onnx'],
      ['in', '1', 'in.onnx'],
    ],
  )
})

test('the link that a path is itself is followed', async (t) => {
  const root = tree(t, {
    'releases/5/iris/model.onnx': '',
    'releases/5/a.onnx': '',
    'file.onnx': '-> releases/5/a.onnx',
    current: '-> releases/5',
  })
  const found = await discover([join(root, 'current'), join(root, 'file.onnx')])
  assert.deepEqual(pathsOf(found, root), [
    ['a', '1', 'current/a.onnx'],
    ['file', '1', 'file.onnx'],
    ['iris', '1', 'current/iris/model.onnx'],
  ])
})

test('files that Kubernetes mounts, by links over a hidden folder, are found', async (t) => {
  const root = tree(t, {
    '..2026_01/model.onnx': '',
    '..2026_01/model.yaml': 'name: mounted',
    '..data': '-> ..2026_01',
    'model.onnx': '-> ..data/model.onnx',
    'model.yaml': '-> ..data/model.yaml',
  })
  assert.deepEqual(pathsOf(await discover([root]), root), [['mounted', '1', 'model.onnx']])
})

test('an empty folder holds no models', async (t) => {
  assert.deepEqual(await discover([tree(t, {})]), [])
  assert.deepEqual(await discover([]), [])
})

/** Name, version and path from the root, or why there is none, of models that can be loaded. */
const pathsOf = (found: readonly FoundModel[], root: string) =>
  found.flatMap(({ name }) =>
    specOf(found, name).versions.map(({ version, path }) => [
      name,
      version,
      path instanceof ServingError ? path.message : path.slice(root.length + 1),
    ]),
  )

function specOf(found: readonly FoundModel[], name: string): ModelSpec {
  const spec = found.find((model) => model.name === name)?.spec
  assert.ok(spec !== undefined && !(spec instanceof ServingError), name)
  assert.equal(spec.name, name)
  return spec
}

function whyOf(found: readonly FoundModel[], name: string): string {
  const spec = found.find((model) => model.name === name)?.spec
  assert.ok(spec instanceof ServingError, name)
  return spec.message
}
