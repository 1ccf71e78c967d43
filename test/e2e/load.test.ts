/** More requests than can run, and clients that do not wait: who is refused, and what is stopped. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { modelFolder, slowModel } from './models.ts'
import { type Server, startServer, until } from './server.ts'
import { endless, occupy, slow, turnsFor, waiting } from './slow.ts'

test('a request that finds the queue full is told to come again', async (t) => {
  const { server, leave, signal } = await setUp(t, ['--max-waiting', '1'])
  const running = await occupy(server, endless, signal)

  const plain = await server.ask(slow(2, 4))
  assert.equal(plain.status, 429)
  assert.match(String(plain.headers['retry-after']), /^[1-9]\d*$/)
  const { request_id, ...told } = plain.json ?? {}
  assert.match(String(request_id), /^[0-9a-f-]{36}$/)
  assert.deepEqual(told, {
    detail: '1 requests are already waiting for "slow"',
    code: 'overloaded',
    hint: 'retry after the time in Retry-After',
  })
  const oip = await server.ask(slowOip(2, 5))
  assert.equal(oip.status, 503)
  assert.match(String(oip.headers['retry-after']), /^[1-9]\d*$/)
  assert.match(oip.text, /^\{"error":"1 requests are already waiting for \\"slow\\" \(.*\)"\}$/)

  leave()
  await Promise.all(running)
  await isWell(server)
})

test('a client that leaves while its request waits is not run for', async (t) => {
  const { server, leave, signal } = await setUp(t)
  const turns = await turnsFor(server, 400)
  const before = await runs(server)
  const running = [server.ask(slow(turns, 1)), server.ask(slow(turns, 2))]
  const left = assert.rejects(server.ask({ ...slow(2, 3), signal }))
  await until(async () => (await waiting(server)) === 1, 'one waits')
  leave()
  await left
  await until(async () => (await waiting(server)) === 0, 'it has left the queue')
  for (const answer of running) assert.equal((await answer).status, 200)
  await isWell(server)
  assert.equal((await runs(server)) - before, 3)
  assert.equal(await failures(server, 'CANCELED'), 1)
})

test('a client that leaves while its request runs frees its place', async (t) => {
  const { server, leave, signal } = await setUp(t)
  const running = await occupy(server, endless, signal)
  leave()
  await Promise.all(running)
  await isWell(server)
  assert.equal(await failures(server, 'CANCELED'), 3)
})

test('a request that passes its deadline is told so, and its run is stopped', async (t) => {
  const { server } = await setUp(t)
  const began = performance.now()
  const headers = { 'x-request-timeout-ms': '300' }
  const [plain, ahead, waited, oip] = await Promise.all([
    ...[1, 2, 3].map((x) => server.ask({ ...slow(endless, x), headers })),
    server.ask({ ...slowOip(endless, 4), headers }),
  ])
  assert.ok(performance.now() - began < 3000)
  for (const { status, json } of [plain!, ahead!, waited!]) {
    assert.equal(status, 504)
    assert.match(String(json?.detail), /^the deadline passed while the request was /)
    assert.equal(json?.code, 'deadline_exceeded')
  }
  assert.equal(oip!.status, 504)
  assert.match(oip!.text, /^\{"error":"the deadline passed while the request was [a-z]+"\}$/)
  await isWell(server)
})

test('a request that is answered before its deadline never hears of it', async (t) => {
  const { server } = await setUp(t)
  const headers = { 'x-request-timeout-ms': '20000' }
  const { status, json } = await server.ask({ ...slow(1000, 7.5), headers })
  assert.deepEqual([status, json?.prediction], [200, [7.5]])
})

const slowOip = (turns: number, x: number) => ({
  path: '/v2/models/slow/infer',
  body: {
    inputs: [
      { name: 'n', datatype: 'INT64', shape: [1], data: [turns] },
      { name: 'x', datatype: 'FP32', shape: [1], data: [x] },
    ],
  },
})

const runs = (server: Server) => server.metric('nv_inference_exec_count', 'slow')

async function failures(server: Server, reason: string): Promise<number> {
  const { text } = await server.ask({ path: '/metrics' })
  const line = new RegExp(`^nv_inference_request_failure\\{.*reason="${reason}".*\\} (\\d+)$`, 'm')
  return Number(line.exec(text)?.[1])
}

async function isWell(server: Server): Promise<void> {
  const { status, json } = await server.ask(slow(2, 6.5))
  assert.deepEqual([status, json?.prediction], [200, [6.5]])
}

async function setUp(t: TestContext, flags: readonly string[] = []) {
  const folder = modelFolder({ 'slow.onnx': slowModel() })
  // one run at once, and one ahead of it
  const server = await startServer([folder, ...flags], { yaml: 'onnx: { executors: 1 }' })
  t.after(() => server.process.end('SIGKILL'))
  const client = new AbortController()
  return { server, signal: client.signal, leave: () => client.abort() }
}
