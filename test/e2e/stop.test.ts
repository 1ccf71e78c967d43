/** The end of the server: what was accepted is answered, and nothing stays behind. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { echoModel, modelFolder, slowModel } from './models.ts'
import { childrenOf, type Server, Sluice, startServer, until } from './server.ts'
import { endless, occupy, rawSlow, slow, turnsFor, waiting } from './slow.ts'
import { Wire } from './wire.ts'

test('a signal ends an idle server quickly, also with idle and silent connections open', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const server = await setUp(t)
    const kept = await Wire.open(server.port)
    await kept.send(getLive)
    const { status, headers } = await kept.answer()
    assert.deepEqual([status, headers.connection], [200, 'keep-alive'])
    const silent = await Wire.open(server.port)
    const halfAsked = await Wire.open(server.port)
    await halfAsked.send('GET /health HTTP/1.1\r\nHost: local')

    const { code, ms } = await server.process.end(signal)
    assert.equal(code, 0)
    assert.ok(ms < 3000, `${ms} ms`)
    await Promise.all([kept.closed, silent.closed, halfAsked.closed])
  }
})

test('all that was accepted before the signal is answered, and readiness is gone at once', async (t) => {
  const server = await setUp(t)
  const turns = await turnsFor(server, 300)
  const asked = [3, 5, 7, 11].map((x) => server.ask(slow(turns, x)))
  const busy = await Wire.open(server.port)
  await busy.send(rawSlow(turns, 13))
  // one runs, one is handed over ahead of it, three wait
  await until(async () => (await waiting(server)) === 3, 'three requests wait')

  server.process.signal('SIGTERM')
  await server.process.said(/"msg":"stopping"/)
  await busy.send(`GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  const answers = await Promise.all(asked)
  assert.deepEqual(
    answers.map(({ status, json }) => [status, json?.prediction]),
    [3, 5, 7, 11].map((x) => [200, [x]]),
  )
  const last = await busy.answer()
  assert.deepEqual([last.status, last.json?.prediction], [200, [13]])
  const ready = await busy.answer()
  assert.deepEqual([ready.status, ready.headers.connection], [503, 'close'])
  assert.equal(ready.text, '{"status":"unavailable"}')
  const { code, stderr } = await server.process.exit
  assert.equal(code, 0)
  assert.match(stderr, /"inTime":true/)
})

test('no new connection is taken once the server stops', async (t) => {
  const server = await setUp(t)
  const running = await occupy(server, await turnsFor(server, 1000))
  server.process.signal('SIGTERM')
  await server.process.said(/"msg":"stopping"/)
  await assert.rejects(Wire.open(server.port), { code: 'ECONNREFUSED' })
  for (const answer of running) assert.equal((await answer)?.status, 200)
  assert.equal((await server.process.exit).code, 0)
})

test('a second signal ends the process at once, while a model runs', async (t) => {
  const server = await setUp(t)
  const running = await occupy(server, endless)
  server.process.signal('SIGTERM')
  await server.process.said(/"msg":"another signal ends this at once"/)
  const { code, ms, stderr } = await server.process.end('SIGTERM')
  assert.equal(code, 1)
  assert.ok(ms < 2000, `${ms} ms`)
  assert.match(stderr, /"msg":"stopped at once"/)
  for (const answer of running) assert.equal(await answer, undefined)
})

test('a signal that is told twice, as by npm and the terminal, is one', async (t) => {
  const server = await setUp(t)
  server.process.signal('SIGINT')
  assert.equal((await server.process.end('SIGINT')).code, 0)
})

test('what is not answered within the shutdown timeout is given up, with exit code 1', async (t) => {
  const server = await setUp(t, ['--shutdown-timeout', '0.3'])
  const running = await occupy(server, endless)
  const { code, signal, ms, stderr } = await server.process.end()
  assert.deepEqual([code, signal], [1, null])
  assert.ok(ms >= 300 && ms < 5000, `${ms} ms`)
  assert.match(stderr, /"inTime":false/)
  for (const answer of running) assert.equal(await answer, undefined)
})

test('a shutdown timeout of 0 is long enough where nothing is under way', async (t) => {
  const server = await setUp(t, ['--shutdown-timeout', '0'])
  assert.equal((await server.process.end()).code, 0)
})

test('a signal during the start ends it well, and no ready line is printed', async (t) => {
  const files = Array.from({ length: 300 }, (_, index) => [`m${index}.onnx`, echoModel()])
  const flags = ['--http-port', '0', '--metrics-port', '0']
  const process = new Sluice(['serve', modelFolder(Object.fromEntries(files)), ...flags])
  t.after(() => process.end('SIGKILL'))
  await process.said(/runtime started/)
  const { code, stdout, stderr } = await process.end()
  assert.deepEqual([code, stdout], [0, ''])
  assert.doesNotMatch(stderr, /cannot serve|model failed|\n {4}at /)
})

test('the server is one process', async (t) => {
  const server = await setUp(t)
  assert.equal((await server.ask(slow(2, 1.5))).status, 200)
  assert.deepEqual(childrenOf(server.process.pid), [])
})

const getLive = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n'

async function setUp(t: TestContext, flags: readonly string[] = []): Promise<Server> {
  const folder = modelFolder({ 'slow.onnx': slowModel() })
  // one run at once, and one ahead of it
  const server = await startServer([folder, ...flags], { yaml: 'onnx: { executors: 1 }' })
  t.after(() => server.process.end('SIGKILL'))
  return server
}
