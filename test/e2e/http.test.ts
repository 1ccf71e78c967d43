/** What is odd or wrong in HTTP itself: framing, headers, pipelines, methods. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitedServer } from './limited-server.ts'
import { Wire, type WireAnswer } from './wire.ts'

const limited = limitedServer()

test('lengths that contradict each other, or are none, are refused and the connection is closed', async () => {
  for (const lines of [
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: 5'],
    ['Content-Length: 5', 'Content-Length: 6'],
    ['Content-Length: -5'],
    ['Content-Length: five'],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding : chunked'],
  ]) {
    const wire = await Wire.open(limited.server.port)
    const head = ['POST /predict/echo HTTP/1.1', 'Host: localhost', ...lines, '', ''].join('\r\n')
    await wire.send(`${head}0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    const answer = await wire.answer()
    assert.equal(answer.status, 400, `${lines}`)
    assert.deepEqual(answer.json, { detail: 'this is not an HTTP request' })
    await wire.closed
    await limited.nothingHappened(answer)
  }
  assert.doesNotMatch(limited.server.process.stderr, /smuggled/)
})

test('headers over the limit are refused', async () => {
  const answer = await limited.exchange([
    `GET /health HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`,
  ])
  assert.equal(answer.status, 431)
  assert.match(String(answer.json?.detail), /headers are larger than the limit of 16 KiB/)
  await limited.nothingHappened(answer)
})

test('what is no HTTP at all is refused', async () => {
  for (const bytes of ['hello\r\n\r\n', '\x16\x03\x01\x02\x00\x01', 'FOO / HTTP/1.1\r\n\r\n']) {
    const answer = await limited.exchange([bytes])
    assert.equal(answer.status, 400)
    assert.deepEqual(answer.json, { detail: 'this is not an HTTP request' })
    await limited.nothingHappened(answer)
  }
})

test('headers that do not arrive in time are refused', async () => {
  const answer = await limited.exchange(['GET /health HTTP/1.1\r\nHost: lo'])
  assert.equal(answer.status, 408)
  assert.match(String(answer.json?.detail), /the headers have 400 ms/)
  await limited.nothingHappened(answer)
})

test('requests that come at once on one connection are answered in their order', async () => {
  const wire = await Wire.open(limited.server.port)
  const one = (features: readonly number[]) => {
    const body = JSON.stringify({ features })
    return `POST /predict/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  }
  const get = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const nothing = 'POST /nosuch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}'
  await wire.send(one([1, 2, 3]) + get + nothing + one([4, 5, 6]) + get)
  const answers: WireAnswer[] = []
  for (let count = 0; count < 5; count++) answers.push(await wire.answer())
  assert.deepEqual(
    answers.map(({ status, json }) => [status, json?.outputs]),
    [
      [200, { y: [1, 2, 3] }],
      [200, undefined],
      [404, undefined],
      [200, { y: [4, 5, 6] }],
      [200, undefined],
    ],
  )
  assert.ok(answers.every(({ headers }) => headers.connection === 'keep-alive'))
  wire.destroy()
})

test('a connection serves again after a request that was refused with its body', async () => {
  const wire = await Wire.open(limited.server.port)
  for (const body of ['{"features":[1,2', '{"features":[1,2,3]}', '[]']) {
    await wire.send(
      `POST /predict/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    assert.equal((await wire.answer()).status, body.endsWith('3]}') ? 200 : 422)
  }
  wire.destroy()
})

test('HTTP/1.0 is answered, and its connection closed unless it asks otherwise', async () => {
  const closing = await Wire.open(limited.server.port)
  await closing.send('GET /health/live HTTP/1.0\r\n\r\n')
  assert.equal((await closing.answer()).status, 200)
  await closing.closed
  const kept = await Wire.open(limited.server.port)
  for (const _ of [1, 2]) {
    await kept.send('GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    assert.equal((await kept.answer()).status, 200)
  }
  kept.destroy()
})

test('other methods: HEAD has no body, OPTIONS lists, the rest is refused with what is allowed', async () => {
  const wire = await Wire.open(limited.server.port)
  const send = (method: string, path: string) =>
    wire.send(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await send('HEAD', '/health')
  const head = await wire.answer(false)
  assert.equal(head.status, 200)
  assert.ok(Number(head.headers['content-length']) > 0)
  await send('OPTIONS', '/predict/echo')
  const options = await wire.answer()
  assert.deepEqual([options.status, options.headers.allow], [204, 'POST, OPTIONS'])
  for (const method of ['TRACE', 'DELETE', 'PUT', 'PATCH', 'PROPFIND']) {
    await send(method, '/predict/echo')
    const { status, headers } = await wire.answer()
    assert.deepEqual([status, headers.allow], [405, 'POST'], method)
  }
  wire.destroy()
  await limited.nothingHappened()
})

test('names of headers and models that mean something to JavaScript mean nothing here', async () => {
  const answer = await limited.server.ask({
    path: '/predict/echo',
    body: { features: [1, 2, 3] },
    headers: { ['__proto__']: 'x', constructor: 'y', tostring: 'z' },
  })
  assert.equal(answer.status, 200)
  for (const name of ['__proto__', 'constructor', 'toString', '%00', '%2e%2e%2fetc']) {
    const { status } = await limited.server.ask({ path: `/predict/${name}`, body: {} })
    assert.equal(status, 404, name)
  }
  for (const path of ['/predict/%', '/predict/%zz', '/%c0%ae']) {
    assert.equal((await limited.server.ask({ path, body: {} })).status, 404, path)
  }
  await limited.nothingHappened()
})

test('a request that names this server by a stranger’s name is refused', async () => {
  const ask = (headers: Readonly<Record<string, string>>) =>
    limited.server.ask({ path: '/predict/echo', body: { features: [1, 2, 3] }, headers })
  assert.equal((await ask({ host: 'evil.example' })).status, 403)
  assert.equal((await ask({ origin: 'https://evil.example' })).status, 403)
  assert.equal((await ask({ host: `localhost:${limited.server.port}` })).status, 200)
  assert.equal((await ask({ origin: 'http://localhost:5173' })).status, 200)
})
