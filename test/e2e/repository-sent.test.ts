/** Models that are sent in place of those on disk: served, kept in private, and taken away again. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Answer } from './ask.ts'
import { plusModel, scatteredModel } from './models.ts'
import { type Server, until } from './server.ts'
import { allIsWell, type Serving, serving } from './serving.ts'
import { served } from './states.ts'

const config = '{"backend": "onnxruntime"}'

const broken: readonly (readonly [Readonly<Record<string, Uint8Array>>, RegExp])[] = [
  [{ 'file:7/model.onnx': plusModel(7).subarray(0, 60) }, /model\.onnx/],
  [{ 'file:7/model.onnx': new Uint8Array() }, /empty/],
  [{ 'file:7/readme': Buffer.from('soon') }, /no model file/],
  [{ 'file:labels.txt': Buffer.from('a') }, /no model file/],
  [{ 'file:7/model.onnx': scatteredModel(7, 2)['model.onnx']! }, /share-0\.bin/],
]

const outside: readonly string[] = [
  ...['../x', '7/../../x', '..', '/tmp/x', '/', '7/./x', '.', '7//x', ''],
  ...['7\\..\\..\\x', 'C:\\x', '7/\0', 'x\0/../..', 'a'.repeat(300), `${'a/'.repeat(3000)}x`],
  // a file and a folder at once
  '7/model.onnx/x',
]

describe('a model that is sent', { concurrency: true }, () => {
  it('takes the place of that on disk, lies in private, and goes with an unload', async (t) => {
    const { server, asking, left } = await setUp(t)
    const sent = await load(server, { config, 'file:7/model.onnx': plusModel(7) })
    assert.equal(sent.status, 200, sent.text)
    asking.notBefore(7)
    assert.deepEqual(await served(server), ['7'])
    assert.equal(left().length, 1)
    const { mode } = statSync(left()[0]!)
    assert.equal(mode & 0o077, 0, 'nobody else may read it')
    const next = await load(server, { config, ...prefixed('9', scatteredModel(9, 4)) })
    assert.equal(next.status, 200, next.text)
    assert.equal(left().length, 1)
    await allIsWell({ server, asking }, '9')
    await server.ask({ path: '/v2/repository/models/plus/unload', body: {} })
    assert.deepEqual(left(), [])
    assert.equal((await load(server)).status, 200)
    assert.deepEqual(await served(server), ['1'])
  })

  it('goes when the model on disk is loaded again, and with the server', async (t) => {
    const { server, asking, left } = await setUp(t)
    await load(server, { config, 'file:7/model.onnx': plusModel(7) }, 'other')
    await load(server, { config, 'file:8/model.onnx': plusModel(8) })
    assert.equal(left().length, 2)
    assert.equal((await load(server)).status, 200)
    assert.deepEqual(await served(server), ['1'])
    assert.equal(left().length, 1)
    await allIsWell({ server, asking }, '1')
    const { code } = await server.process.end('SIGTERM')
    assert.equal(code, 0)
    assert.deepEqual(left(), [])
  })

  it('and is broken changes nothing, and leaves nothing', async (t) => {
    const { server, asking, left } = await setUp(t)
    for (const [files, why] of broken) {
      const { status, json } = await load(server, { config, ...files })
      assert.equal(status, 400)
      assert.match(String(json?.error), /^failed to load 'plus', /)
      assert.match(String(json?.error), why)
      assert.deepEqual(await served(server), ['1'])
      assert.equal((await load(server)).status, 200)
      assert.deepEqual(left(), [])
    }
    await allIsWell({ server, asking }, '1')
  })

  it('to a path out of its folder is refused, and nothing of it is written', async (t) => {
    const { server, asking, left } = await setUp(t)
    for (const path of outside) {
      const files = { 'file:7/model.onnx': plusModel(7), [`file:${path}`]: plusModel(7) }
      const { status, text } = await load(server, { config, ...files })
      assert.equal(status, 400, `${path}: ${text}`)
      assert.deepEqual(left(), [], path)
      assert.deepEqual(await served(server), ['1'])
    }
    await allIsWell({ server, asking }, '1')
  })

  it('as a configuration alone holds until the model is loaded again', async (t) => {
    const { server, asking } = await setUp(t)
    const before = await configOf(server)
    const sent = await load(server, { config: '{"max_batch_size": "16"}' })
    assert.equal(sent.status, 200, sent.text)
    assert.equal((await configOf(server)).max_batch_size, 16)
    const broken = await load(server, { config: '{"max_batch": 16}' })
    assert.equal(broken.status, 400)
    assert.equal((await configOf(server)).max_batch_size, 16)
    assert.equal((await load(server)).status, 200)
    assert.deepEqual(await configOf(server), before)
    await allIsWell({ server, asking }, '1')
  })

  it('by twenty clients at once, and unloaded by others, leaves one state and no files', async (t) => {
    const { server, asking, left } = await setUp(t)
    await asking.stop()
    const unload = () => server.ask({ path: '/v2/repository/models/plus/unload', body: {} })
    const ways = [
      () => load(server, { config, 'file:7/model.onnx': plusModel(7) }),
      () => load(server, { config, 'file:8/model.onnx': plusModel(8) }),
      () => load(server),
      unload,
    ]
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => ways[at % 4]!()))
    for (const { status, text } of answers) assert.ok(status === 200 || status === 400, text)
    assert.equal((await load(server, { config, 'file:9/model.onnx': plusModel(9) })).status, 200)
    assert.deepEqual(await served(server), ['9'])
    assert.equal(left().length, 1)
    await unload()
    await until(async () => (await served(server)).length === 0, 'it is unloaded')
    assert.deepEqual(left(), [])
  })
})

interface Sending extends Serving {
  /** Private folders of models that were sent. */
  readonly left: () => readonly string[]
}

async function setUp(t: TestContext): Promise<Sending> {
  const temporary = mkdtempSync(join(tmpdir(), 'sluice-e2e-sent-'))
  t.after(() => rmSync(temporary, { recursive: true, force: true }))
  const set = await serving(t, { mode: 'explicit', env: { TMPDIR: temporary } })
  return { ...set, left: () => readdirSync(temporary).map((name) => join(temporary, name)) }
}

function load(
  server: Server,
  parameters: Readonly<Record<string, string | Uint8Array>> = {},
  model = 'plus',
): Promise<Answer> {
  const encoded = Object.entries(parameters).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : Buffer.from(value).toString('base64'),
  ])
  const body = { parameters: Object.fromEntries(encoded) }
  return server.ask({ path: `/v2/repository/models/${model}/load`, body })
}

const prefixed = (version: string, files: Readonly<Record<string, Uint8Array>>) =>
  Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [`file:${version}/${name}`, bytes]),
  )

async function configOf(server: Server): Promise<Readonly<Record<string, unknown>>> {
  const { json, text } = await server.ask({ path: '/v2/models/plus/config' })
  assert.ok(json !== undefined, text)
  return json
}
