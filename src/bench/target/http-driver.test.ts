import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Reply } from './driver.ts'
import { openHttpDriver } from './http-driver.ts'
import { plainForm } from './plain-form.ts'

test('an answer is kept where answers are looked at, and read without what differs by right', async (t) => {
  const seen: unknown[] = []
  const port = await serve(t, (request, response) => {
    request.setEncoding('utf8').on('data', (body) => seen.push([request.url, body]))
    request.on('end', () => response.end('{"prediction":3,"model_version":"7","latency_ms":0.2}'))
  })
  const driver = await open(t, port)
  const reply = await ask(driver)
  assert.ok(reply.ok)
  assert.deepEqual(driver.read(reply.answer), { prediction: 3 })
  assert.deepEqual(seen, [['/below/predict/m', '{"features":1}']])
})

test('the headers that were asked for are sent', async (t) => {
  let token: string | undefined
  const port = await serve(t, (request, response) => {
    token = request.headers.authorization
    response.end('{}')
  })
  await ask(await open(t, port))
  assert.equal(token, 'Bearer x')
})

for (const [name, answer, why] of [
  [
    'in the words of the plain API',
    [503, '{"detail":"the queue is full"}'],
    'HTTP 503: the queue is full',
  ],
  ['in its list of problems', [422, '{"detail":[{"msg":"no number"}]}'], 'HTTP 422: no number'],
  ['without words', [500, '<html>'], 'HTTP 500'],
  ['by a redirection', [302, ''], 'HTTP 302'],
] as const) {
  test(`a refusal is told ${name}`, async (t) => {
    const port = await serve(t, (_, response) => response.writeHead(answer[0]).end(answer[1]))
    assert.deepEqual(await ask(await open(t, port)), { ok: false, why })
  })
}

test('a server that does not answer in time is a miss, and its connection is used no more', async (t) => {
  let asked = 0
  const port = await serve(t, (_, response) => {
    asked += 1
    if (asked === 2) response.end('{}')
  })
  const driver = await open(t, port, 1)
  assert.deepEqual(await ask(driver, 30), { ok: false, why: 'no answer within 30 ms' })
  assert.ok((await ask(driver)).ok)
})

test('a request that never got a connection is missed in time all the same', async (t) => {
  const port = await serve(t, () => {})
  const driver = await open(t, port, 1)
  const replies = await Promise.all([ask(driver, 40), ask(driver, 40)])
  assert.deepEqual(
    replies.map((reply) => reply.ok),
    [false, false],
  )
})

for (const [name, onSocket, why] of [
  ['closed before it answered', (s: Socket) => s.end(), /^the connection was closed$/],
  ['reset', (s: Socket) => s.resetAndDestroy(), /^the connection was closed$/],
  [
    'answered with something else',
    (s: Socket) => s.end('nonsense\r\n\r\n'),
    /^the answer is no HTTP$/,
  ],
  [
    'ended in the middle of the answer',
    (s: Socket) => s.end('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"predi'),
    /^the connection was closed$/,
  ],
] as const) {
  test(`a connection that was ${name} is a miss`, async (t) => {
    const server = createSocketServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => onSocket(socket))
    }).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    const driver = await open(t, (server.address() as AddressInfo).port)
    const reply = await ask(driver)
    assert.ok(!reply.ok)
    assert.match(reply.why, why)
  })
}

test('no server is a miss', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  assert.deepEqual(await ask(await open(t, port)), {
    ok: false,
    why: 'the connection was refused',
  })
})

test('where time goes is asked of the server before and after', async (t) => {
  let requests = 4
  const port = await serve(t, (request, response) => {
    if (request.method !== 'GET') return
    assert.equal(request.url, '/below/stats')
    const stats = { success: { count: requests }, queue: { ns: requests * 3e6 } }
    response.end(JSON.stringify({ model_stats: [{ inference_stats: stats }] }))
  })
  const since = await (await open(t, port)).split()
  requests = 9
  const split = await since()
  assert.deepEqual([split?.requests, split?.queueMs], [5, 3])
})

async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function open(t: TestContext, port: number, connections = 4) {
  const driver = await openHttpDriver({
    base: `http://127.0.0.1:${port}/below/`,
    form: plainForm('m', undefined),
    questions: [{ inputs: [], rows: 1, body: { form: 'plain', text: '{"features":1}' } }],
    headers: [['authorization', 'Bearer x']],
    connections,
    keepAnswers: true,
    statisticsPath: 'stats',
  })
  t.after(() => driver.close())
  return driver
}

const ask = (driver: Awaited<ReturnType<typeof open>>, timeoutMs = 20_000): Promise<Reply> =>
  new Promise((resolve, reject) => {
    let times = 0
    driver.send(0, timeoutMs, (reply) => {
      times += 1
      if (times > 1) reject(new Error('told twice'))
      setImmediate(resolve, reply)
    })
  })
