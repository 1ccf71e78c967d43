/**
 * Holds the direction of imports: a room knows the rooms in its row and no other. Tests stand
 * outside of it, since they may put rooms together. A room is entered by its index.ts; `cli` has
 * none, since each of its files is one command.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path/posix'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ground = ['ground', 'config', 'tensor']
const models = [...ground, 'onnx', 'runtime', 'repository']
const beforeServe = [
  ...models,
  ...['scheduler', 'sequences', 'cache', 'state', 'traffic', 'ensemble'],
  ...['telemetry', 'transport', 'protocols', 'admin'],
]
const besideServe = ['doctor', 'inspect', 'batch', 'optimize', 'package', 'deploy', 'bench']

/** The rooms that each room may import, besides itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  ground,
  config: ground,
  tensor: ground,
  onnx: ground,
  runtime: [...ground, 'onnx'],
  repository: [...ground, 'onnx'],
  scheduler: models,
  sequences: ground,
  state: ground,
  cache: models,
  traffic: models,
  ensemble: models,
  telemetry: ground,
  transport: ground,
  protocols: [...ground, 'transport'],
  admin: [...ground, 'transport'],
  lifecycle: [...models, 'scheduler', 'sequences', 'cache', 'state', 'telemetry'],
  serve: [...beforeServe, 'lifecycle'],
  ...Object.fromEntries(besideServe.map((room) => [room, beforeServe])),
  inspect: [...beforeServe, 'lifecycle'],
  predict: [...beforeServe, 'lifecycle', 'serve'],
  bench: [...beforeServe, 'predict'],
  cli: [...beforeServe, ...besideServe, 'serve', 'predict'],
  main: [...beforeServe, ...besideServe, 'serve', 'predict', 'cli'],
}

/** Inner rooms, each with those beside it that it may import; what lies around them is for all. */
const mayImportInside: Readonly<Record<string, readonly string[]>> = {
  'repository/files': [],
  'repository/model': ['repository/files'],
  'repository/find': ['repository/files', 'repository/model'],
  'repository/change': [],
  'repository/complete': ['repository/files'],
}

/** The files of src that stand above the rooms; the others are the ground below them. */
const filesAbove: Readonly<Record<string, string>> = {
  'main.ts': 'main',
  'serve.ts': 'serve',
  'serve-models.ts': 'serve',
  'serve-options.ts': 'serve',
}

test('imports point one way, and enter a room by its index.ts', () => {
  const found = sources(['*.ts', '*/**/*.ts']).filter(([file]) => !file.endsWith('.test.ts'))
  assert.ok(found.length > 5)
  assert.deepEqual(
    found.flatMap(([file, source]) => trespasses(file, source)),
    [],
  )
})

test('no code besides the benchmarks imports onnxruntime-node', () => {
  const found = sources(['**/*.ts', '../{test,scripts,bin}/**/*.{ts,mjs}'])
  assert.deepEqual(
    found.filter(([, source]) => importsBinding(source)).map(([file]) => file),
    [],
  )
})

test('no module has a variable of its own', () => {
  const found = sources(['**/*.ts']).filter(([file]) => !file.endsWith('.test.ts'))
  assert.deepEqual(
    found.filter(([, source]) => hasVariable(source)).map(([file]) => file),
    [],
  )
})

test('a planted import is found', () => {
  const planted: readonly (readonly [string, string, readonly string[]])[] = [
    ['runtime/a.ts', "import { b } from '../scheduler/index.ts'", ['runtime/a.ts: scheduler']],
    ['runtime/onnx/a.ts', "import type { B } from '../../serve.ts'", ['runtime/onnx/a.ts: serve']],
    ['admin/a.ts', "import { b } from '../transport/http/index.ts'", []],
    ['admin/a.ts', "import {\n  b,\n  c,\n} from '../onnx/index.ts'", ['admin/a.ts: onnx']],
    ['cache/a.ts', "const b = await import('../traffic/index.ts')", ['cache/a.ts: traffic']],
    ['tensor/a.ts', "export { b } from '../onnx/index.ts'", ['tensor/a.ts: onnx']],
    ['errors.ts', "import './runtime/index.ts'", ['errors.ts: runtime']],
    ['serve.ts', "import { b } from './main.ts'", ['serve.ts: main']],
    ['attic/a.ts', '', ['attic/a.ts: the table has no room "attic"']],
    [
      'runtime/a.ts',
      "import { b } from '../tensor/shape.ts'",
      ['runtime/a.ts: tensor/shape.ts is not an index.ts'],
    ],
    ['runtime/a.ts', "import { b } from './onnx/session.ts'", []],
    ['runtime/a.ts', "import { fail } from '../errors.ts'\nimport { x } from 'koffi'", []],
    ['protocols/plain/a.ts', "import { b } from '../../transport/http/index.ts'", []],
    ['cli/a.ts', "import { b } from '../serve.ts'", []],
    ['main.ts', "import { b } from './cli/b.ts'", []],
    ['cli/a.ts', "// import { b } from '../main.ts'", []],
    [
      'repository/files/a.ts',
      "import { b } from '../find/b.ts'",
      ['repository/files/a.ts: repository/find'],
    ],
    ['repository/find/a.ts', "import { b } from '../files/b.ts'", []],
    ['repository/change/a.ts', "import type { B } from '../source.ts'", []],
  ]
  for (const [file, source, expected] of planted) {
    assert.deepEqual(trespasses(file, source), expected, source)
  }
})

test('a planted import of the binding is found, and resolving its folder is none', () => {
  assert.ok(importsBinding("import ort from 'onnxruntime-node'"))
  assert.ok(importsBinding("import ort from 'onnxruntime-node/dist/backend.js'"))
  assert.ok(importsBinding("await import('onnxruntime-node')"))
  assert.ok(importsBinding("const ort = require('onnxruntime-node')"))
  assert.ok(!importsBinding("require.resolve('onnxruntime-node/package.json')"))
  assert.ok(!importsBinding("import.meta.resolve('onnxruntime-node')"))
})

test('a planted variable is found, and one inside a function is none', () => {
  assert.ok(hasVariable("import 'x'\nlet count = 0"))
  assert.ok(hasVariable('export let count = 0'))
  assert.ok(hasVariable('var count'))
  assert.ok(!hasVariable('function f() {\n  let count = 0\n}\nconst letter = 1'))
})

/** What a file, named from src, imports against the table. */
function trespasses(file: string, source: string): readonly string[] {
  const room = roomOf(file)
  const allowed = mayImport[room]
  if (allowed === undefined) return [`${file}: the table has no room "${room}"`]
  const inside = mayImportInside[dirname(file)]
  return importsOf(source)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => normalize(join(dirname(file), specifier)))
    .filter((target) => !target.startsWith('..'))
    .flatMap((target) => {
      if (roomOf(target) === room) {
        const inner = dirname(target)
        const isStranger = inner in mayImportInside && inner !== dirname(file)
        return inside && isStranger && !inside.includes(inner) ? [`${file}: ${inner}`] : []
      }
      if (!allowed.includes(roomOf(target))) return [`${file}: ${roomOf(target)}`]
      if (target.includes('/') && !target.startsWith('cli/') && !target.endsWith('/index.ts')) {
        return [`${file}: ${target} is not an index.ts`]
      }
      return []
    })
}

function roomOf(file: string): string {
  const [first = '', ...rest] = file.split('/')
  return rest.length > 0 ? first : (filesAbove[first] ?? 'ground')
}

function importsOf(source: string): readonly string[] {
  const statements = source.matchAll(/^(?:import|export)\b(?:[^'";]*?\bfrom)?\s*'([^']+)'/gm)
  const calls = source.matchAll(/\b(?:import|require)\(\s*'([^']+)'/g)
  return [...statements, ...calls].map(([, specifier]) => specifier ?? '')
}

function importsBinding(source: string): boolean {
  return importsOf(source).some((name) => /^onnxruntime-node(\/|$)/.test(name))
}

function hasVariable(source: string): boolean {
  return /^(?:export\s+)?(?:let|var)\s/m.test(source)
}

function sources(globs: readonly string[]): readonly (readonly [string, string])[] {
  const src = fileURLToPath(new URL('.', import.meta.url))
  return globSync(globs, { cwd: src })
    .filter((file) => !file.endsWith('architecture.test.ts'))
    .map((file) => [file, readFileSync(join(src, file), 'utf8')])
}
