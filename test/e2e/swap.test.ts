/** Versions that change under load: no request is lost, none is answered by the wrong version. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Asking } from './asking.ts'
import { plusModel } from './models.ts'
import { Published } from './published.ts'
import { startServer, until } from './server.ts'
import { untilOnly } from './serving.ts'
import { served, states } from './states.ts'

test('twenty versions after each other, and not one request is lost', async (t) => {
  const { server, published } = await setUp(t)
  const versions = Array.from({ length: 20 }, (_, index) => index + 2)
  const staged = versions.map((version) =>
    published.stage('plus', version, { 'model.onnx': plusModel(version) }),
  )
  const asking = new Asking(server, 'plus')
  for (const [index, version] of versions.entries()) {
    staged[index]!()
    await until(async () => (await served(server)).join() === `${version}`, `${version} alone`)
    asking.notBefore(version)
    published.remove('plus', version - 1)
  }
  await asking.stop()
  assert.ok(asking.seen.size > 10, `answers of ${asking.seen.size} versions`)
  await untilOnly(server, '21')
})

test('a version that is broken never takes traffic, and health says why', async (t) => {
  const { server, published } = await setUp(t)
  const asking = new Asking(server, 'plus')
  published.version('plus', 2, { 'model.onnx': plusModel(2).subarray(0, 40) })
  await until(async () => (await states(server))[1]?.[1] === 'failed', 'version 2 has failed')
  const [one, two] = await states(server)
  assert.deepEqual(one, ['1', 'ready', undefined])
  assert.deepEqual(two!.slice(0, 2), ['2', 'failed'])
  assert.match(String(two![2]), /model\.onnx/)
  assert.equal((await server.ask({ path: '/health' })).status, 200)
  assert.equal(await server.metric('sluice_model_load_failures_total', 'plus'), 1)
  // mended under its own number
  published.remove('plus', 2)
  published.version('plus', 2, { 'model.onnx': plusModel(2) })
  await until(async () => (await served(server)).join() === '2', 'version 2 serves')
  await asking.stop()
})

test('files deleted under load: what serves goes on until something else can', async (t) => {
  const { server, published } = await setUp(t)
  published.version('other', 1, { 'model.onnx': plusModel(1) })
  await until(async () => (await served(server, 'other')).join() === '1', 'the other one serves')
  const asking = new Asking(server, 'plus')
  published.remove('plus', 1, 'model.onnx')
  await until(
    async () => (await states(server)).length > 1 || (await states(server))[0]![2] !== undefined,
    'told of',
  )
  assert.deepEqual(await served(server), ['1'])
  published.remove('plus', 1)
  published.version('plus', 2, { 'model.onnx': plusModel(2) })
  await until(async () => (await served(server)).join() === '2', 'version 2 serves')
  await asking.stop()
})

test('twenty clients that load and unload one model leave it in one state', async (t) => {
  const { server } = await setUp(t, 'explicit')
  const control = (what: string) =>
    server.ask({ path: `/v2/repository/models/plus/${what}`, body: {} })
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => control(index % 2 === 0 ? 'load' : 'unload')),
  )
  for (const { status, text } of answers) assert.equal(status, 200, text)
  assert.equal((await control('load')).status, 200)
  assert.deepEqual(await served(server), ['1'])
  assert.equal((await server.ask({ path: '/predict/plus', body: { features: [1] } })).status, 200)
  assert.equal((await control('unload')).status, 200)
  await until(async () => (await states(server))[0]?.[1] === 'unloaded', 'it is unloaded')
  assert.equal((await server.ask({ path: '/predict/plus', body: { features: [1] } })).status, 503)
})

async function setUp(t: TestContext, mode = 'poll') {
  const published = new Published()
  published.version('plus', 1, { 'model.onnx': plusModel(1) })
  const server = await startServer([
    published.root,
    ...['--model-control-mode', mode, '--repository-poll-secs', '0.5'],
    ...(mode === 'explicit' ? ['--load-model', 'plus'] : []),
    ...['--log-level', 'error'],
  ])
  t.after(() => server.process.end('SIGKILL'))
  return { server, published }
}
