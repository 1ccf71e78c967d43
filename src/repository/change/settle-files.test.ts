/** Files as people copy them, and a clock that is moved by hand. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ServingError } from '../../errors.ts'
import type { FoundModel } from '../../model-spec.ts'
import { LocalSource } from '../find/local-source.ts'
import { type Settling, settle } from './settle.ts'

test('a file that grows is not acted on before it stands still', async (t) => {
  const { root, look, pass } = serve(t)
  assert.deepEqual(await look(), [])
  writeFileSync(join(root, 'm.onnx'), 'a')
  for (let piece = 0; piece < 3; piece++) {
    assert.deepEqual(await look(), [])
    appendFileSync(join(root, 'm.onnx'), 'b')
    pass(2_000)
  }
  assert.deepEqual(await look(), [])
  pass(2_000)
  assert.deepEqual(await look(), ['m 1'])
})

test('a model whose files come one after the other is not acted on before the last', async (t) => {
  const { root, look, pass } = serve(t)
  assert.deepEqual(await look(), [])
  const steps = [
    () => mkdirSync(join(root, 'm/1'), { recursive: true }),
    () => writeFileSync(join(root, 'm/1/model.onnx'), 'a'),
    () => writeFileSync(join(root, 'm/1/weights.bin'), 'b'),
    () => writeFileSync(join(root, 'm/model.yaml'), 'versions: {all: true}'),
  ]
  for (const step of steps) {
    step()
    assert.deepEqual(await look(), [])
    pass(1_999)
  }
  pass(1)
  assert.deepEqual(await look(), ['m 1'])
})

test('a file that is renamed into its place is acted on at once', async (t) => {
  const { root, aside, look } = serve(t)
  assert.deepEqual(await look(), [])
  writeFileSync(join(aside, 'whole'), 'a')
  await later(join(aside, 'whole'))
  renameSync(join(aside, 'whole'), join(root, 'm.onnx'))
  assert.deepEqual(await look(), ['m 1'])
})

test('a version that takes the place of another keeps that until it stands', async (t) => {
  const { root, look, pass } = serve(t)
  mkdirSync(join(root, 'm/1'), { recursive: true })
  writeFileSync(join(root, 'm/1/model.onnx'), 'a')
  await look()
  pass(2_000)
  assert.deepEqual(await look(), ['m 1'])
  renameSync(join(root, 'm/1'), join(root, 'm/2'))
  await later(join(root, 'm/2'))
  writeFileSync(join(root, 'm/2/model.onnx'), 'other')
  assert.deepEqual(await look(), ['m 1'])
  pass(2_000)
  assert.deepEqual(await look(), ['m 2'])
})

test('a configuration that is empty for a moment changes nothing', async (t) => {
  const { root, look, pass } = serve(t)
  mkdirSync(join(root, 'm'))
  writeFileSync(join(root, 'm/model.onnx'), 'a')
  writeFileSync(join(root, 'm/model.yaml'), 'name: other')
  await look()
  pass(2_000)
  assert.deepEqual(await look(), ['other 1'])
  writeFileSync(join(root, 'm/model.yaml'), '')
  assert.deepEqual(await look(), ['other 1'])
  writeFileSync(join(root, 'm/model.yaml'), 'name: other')
  pass(2_000)
  assert.deepEqual(await look(), ['other 1'])
})

test('a server that starts goes by the times of files', async (t) => {
  const root = folder(t)
  writeFileSync(join(root, 'm.onnx'), 'a')
  const soon = serve(t, root)
  assert.deepEqual(await soon.look(), [])
  const late = serve(t, root, 60_000)
  assert.deepEqual(await late.look(), ['m 1'])
})

test('a folder that cannot be read any more keeps its models, and one that is emptied drops them', async (t) => {
  const { root, look, pass } = serve(t, join(folder(t), 'models'))
  mkdirSync(root)
  writeFileSync(join(root, 'm.onnx'), 'a')
  await look()
  pass(2_000)
  assert.deepEqual(await look(), ['m 1'])
  renameSync(root, `${root}-away`)
  for (let looks = 0; looks < 3; looks++) {
    assert.deepEqual(await look(), ['m 1'])
    pass(60_000)
  }
  renameSync(`${root}-away`, root)
  assert.deepEqual(await look(), ['m 1'])
  rmSync(join(root, 'm.onnx'))
  assert.deepEqual(await look(), ['m 1'])
  pass(2_000)
  assert.deepEqual(await look(), [])
})

/** A server of what is in a folder, that began so long after that was written. */
function serve(t: TestContext, root = folder(t), afterMs = 0) {
  const source = new LocalSource({ paths: [root] })
  const wallMs = Date.now() + afterMs
  let nowMs = 0
  let state: Settling | undefined
  return {
    root,
    /** A folder on the same disk that nobody looks at. */
    aside: folder(t),
    /** What may be acted on after a look. */
    async look(): Promise<readonly string[]> {
      const moment = { beganMs: nowMs, endedMs: nowMs, wallMs: wallMs + nowMs }
      const settled = settle(state, await source.scan(), moment)
      state = settled.state
      return settled.models.map(inWords)
    },
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

function inWords({ name, spec }: FoundModel): string {
  if (spec instanceof ServingError) return `${name}: ${spec.message}`
  return [name, ...spec.versions.map(({ version }) => version)].join(' ')
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-settle-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Until the clock of the disk has moved on since something changed: it ticks every few milliseconds. */
async function later(path: string): Promise<void> {
  const { ctimeMs } = statSync(path)
  const probe = `${path}-probe`
  do {
    await new Promise<void>((resolve) => setImmediate(resolve))
    writeFileSync(probe, '')
  } while (statSync(probe).ctimeMs <= ctimeMs)
  rmSync(probe)
}
