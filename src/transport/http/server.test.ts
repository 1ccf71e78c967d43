import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { systemClock } from '../../clock.ts'
import { fail, type ServingError } from '../../errors.ts'
import { type Fields, silentLog } from '../../log.ts'
import type { Exchange } from './exchange.ts'
import type { HttpProtocol, Route } from './route.ts'
import { HttpServer, type HttpServerOptions } from './server.ts'
import { httpStatus } from './status.ts'

test('the id of a request is kept where it is fit for a log, and replaced where it is not', async (t) => {
  const { ask } = await setUp(t, [get('/id', (exchange) => exchange.json(200, '{}'))])
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
  for (const given of ['a', 'req-1/2:3', 'x'.repeat(128)]) {
    const { headers } = await ask('/id', { headers: { 'x-request-id': given } })
    assert.equal(headers['x-request-id'], given)
  }
  for (const given of ['', 'two words', 'tab\there', 'é', 'x'.repeat(129)]) {
    const { headers } = await ask('/id', { headers: { 'x-request-id': given } })
    assert.match(String(headers['x-request-id']), uuid)
  }
  const [one, two] = [await ask('/id'), await ask('/id')]
  assert.notEqual(one.headers['x-request-id'], two.headers['x-request-id'])
})

test('a time limit that is none is refused, and one that passes ends the call', async (t) => {
  const { ask } = await setUp(t, [
    get('/wait', ({ call }) => new Promise((_, reject) => call.onEnd(reject))),
    get('/now', (exchange) => exchange.json(200, '{}')),
  ])
  const within = (ms: string) => ({ headers: { 'x-request-timeout-ms': ms } })
  for (const ms of ['', '0', '-5', 'soon', '5, 6', 'Infinity', 'NaN']) {
    const { status, text } = await ask('/now', within(ms))
    assert.equal(status, 422, ms)
    assert.match(text, /"x-request-timeout-ms" must be a number of milliseconds above 0/)
  }
  assert.equal((await ask('/now', within('60000'))).status, 200)
  const { status, text } = await ask('/wait', within('20.5'))
  assert.deepEqual([status, text], [504, 'the deadline passed while the request was served'])
})

test('what a handler throws is answered in the words of its protocol, and its cause is logged', async (t) => {
  const thrown = new Error('secret')
  const { ask, logged, answered } = await setUp(t, [
    get('/foreseen', () => Promise.reject(fail('QUEUE_FULL', { model: 'm', limit: 3 }))),
    get('/unforeseen', () => {
      throw thrown
    }),
  ])
  assert.equal((await ask('/foreseen')).status, 429)
  assert.equal(logged.length, 0)
  const { status, text } = await ask('/unforeseen')
  assert.equal(status, 500)
  assert.doesNotMatch(text, /secret/)
  assert.equal(logged[0]?.cause, thrown)
  assert.deepEqual(
    answered.map((error) => error?.reason),
    ['QUEUE_FULL', 'INTERNAL'],
  )
})

test('an error after the answer has begun breaks the connection, so that half is not taken for whole', async (t) => {
  const { ask, answered } = await setUp(t, [
    get('/half', ({ response }) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      throw fail('INTERNAL')
    }),
    get('/now', (exchange) => exchange.json(200, '{}')),
  ])
  await assert.rejects(ask('/half'), { code: 'ECONNRESET' })
  assert.equal(answered[0]?.reason, 'INTERNAL')
  assert.equal((await ask('/now')).status, 200)
})

test('a protocol that fails to word an error costs its client the connection, and nobody else', async (t) => {
  const broken = get('/broken', () => {
    throw fail('INTERNAL')
  })
  const { ask } = await setUp(t, [broken], {
    fail: () => {
      throw new Error('no words')
    },
  })
  await assert.rejects(ask('/broken'), { code: 'ECONNRESET' })
  await assert.rejects(ask('/nosuch'), { code: 'ECONNRESET' })
})

test('pages of other origins are let in only where they are listed', async (t) => {
  const routes = [get('/now', (exchange) => exchange.json(200, '{}'))]
  const off = await setUp(t, routes)
  const none = await off.ask('/now', { method: 'OPTIONS' })
  assert.equal(none.headers['access-control-allow-origin'], undefined)
  assert.equal(none.headers.vary, undefined)

  const { ask } = await setUp(t, routes, { corsOrigins: ['https://page.example'] })
  const listed = await ask('/now', { headers: { origin: 'https://page.example' } })
  assert.equal(listed.status, 200)
  assert.equal(listed.headers['access-control-allow-origin'], 'https://page.example')
  assert.equal(listed.headers.vary, 'origin')
  const other = await ask('/now', { headers: { origin: 'https://other.example' } })
  assert.equal(other.status, 403)
  assert.equal(other.headers['access-control-allow-origin'], undefined)
  assert.equal(other.headers.vary, 'origin')

  const preflight = await ask('/now', {
    method: 'OPTIONS',
    headers: { origin: 'https://page.example', 'access-control-request-headers': 'x-a, x-b' },
  })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers['access-control-allow-methods'], 'GET, HEAD, OPTIONS')
  assert.equal(preflight.headers['access-control-allow-headers'], 'x-a, x-b')
})

test('a large answer is compressed for who asks for it, and still depends on the origin', async (t) => {
  const text = JSON.stringify('0.25,'.repeat(3000))
  const routes = [get('/large', (exchange) => exchange.json(200, text))]
  const { ask } = await setUp(t, routes, { corsOrigins: ['https://page.example'] })
  const headers = { 'accept-encoding': 'gzip' }
  const { bytes, ...answer } = await ask('/large', { headers })
  assert.equal(answer.headers['content-encoding'], 'gzip')
  assert.equal(answer.headers['content-length'], `${bytes.byteLength}`)
  assert.equal(answer.headers.vary, 'origin, accept-encoding')
  assert.equal(gunzipSync(bytes).toString(), text)
  assert.equal((await ask('/large')).text, text)
})

test('HEAD is answered as GET is, without the body', async (t) => {
  const { ask } = await setUp(t, [get('/now', (exchange) => exchange.json(200, '{"a":1}'))])
  const { status, headers, text } = await ask('/now', { method: 'HEAD' })
  assert.deepEqual([status, headers['content-length'], text], [200, '7', ''])
})

test('a client that leaves ends its call', async (t) => {
  const ended = Promise.withResolvers<ServingError>()
  const begun = Promise.withResolvers<void>()
  const { server, told } = await setUp(t, [
    get('/wait', ({ call }) => {
      begun.resolve()
      return new Promise((_, reject) => {
        call.onEnd((why) => {
          ended.resolve(why)
          reject(why)
        })
      })
    }),
  ])
  const socket = connect(server.port, '127.0.0.1')
  socket.write('GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await begun.promise
  assert.equal(server.underWay, 1)
  socket.destroy()
  assert.equal((await ended.promise).reason, 'CANCELLED')
  assert.equal((await told())?.reason, 'CANCELLED')
  assert.equal(server.underWay, 0)
})

test('draining answers what is under way, and ends what is silent', async (t) => {
  const release = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const { ask, server } = await setUp(t, [
    get('/wait', async (exchange) => {
      begun.resolve()
      await release.promise
      await exchange.json(200, '{}')
    }),
  ])
  const silent = connect(server.port, '127.0.0.1')
  await once(silent, 'connect')
  const asked = ask('/wait')
  await begun.promise
  const drained = server.drain()
  await once(silent.resume(), 'close')
  assert.equal(server.underWay, 1)
  release.resolve()
  const { status, headers } = await asked
  assert.deepEqual([status, headers.connection], [200, 'close'])
  await drained
})

const get = (path: string, handle: Route['handle']): Route => {
  return { method: 'GET', path, scope: 'read', handle }
}

interface Options {
  readonly corsOrigins?: readonly string[]
  readonly fail?: HttpProtocol['fail']
  readonly silenceTimeoutMs?: number
}

test('a client that does not read its answer is cut off, one that waits for it is not', async (t) => {
  const released = Promise.withResolvers<void>()
  const routes = [
    get('/large', (exchange) => exchange.send(200, 'text/plain', Buffer.alloc(50_000_000))),
    get('/slow', async (exchange) => {
      await released.promise
      await exchange.json(200, '{}')
    }),
  ]
  const { server, ask, told } = await setUp(t, routes, { silenceTimeoutMs: 50 })
  const slow = ask('/slow')
  const reader = connect(server.port, '127.0.0.1')
  t.after(() => reader.destroy())
  reader.pause()
  reader.write('GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n')
  assert.equal((await told())?.reason, 'CANCELLED') // its socket is gone, after as long as /slow waits
  released.resolve()
  assert.equal((await slow).status, 200)
})

async function setUp(t: TestContext, routes: readonly Route[], options: Options = {}) {
  const { corsOrigins = [], fail = answerText, ...more } = options
  const logged: Fields[] = []
  const answered: (ServingError | undefined)[] = []
  const told = Promise.withResolvers<ServingError | undefined>()
  const all: HttpServerOptions = {
    host: '127.0.0.1',
    port: 0,
    protocols: [{ prefix: '', routes, fail }],
    access: { boundTo: '127.0.0.1', adminToken: undefined, allowedHosts: [], corsOrigins },
    maxBodyBytes: 10_000,
    headersTimeoutMs: 10_000,
    bodyTimeoutMs: 10_000,
    idleTimeoutMs: 10_000,
    ...more,
    clock: systemClock,
    log: { ...silentLog, error: (_, fields = {}) => logged.push(fields) },
    onAnswered: (_, error) => {
      answered.push(error)
      told.resolve(error)
    },
  }
  const server = await HttpServer.listen(all)
  t.after(async () => {
    server.abort()
    await server.drain()
  })
  const ask = (path: string, question: Question = {}) => askOn(server.port, path, question)
  return { server, ask, logged, answered, told: () => told.promise }
}

function answerText(exchange: Exchange, error: ServingError): void {
  void exchange.send(httpStatus(error), 'text/plain', Buffer.from(error.message))
}

interface Question {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function askOn(port: number, path: string, { method = 'GET', headers = {} }: Question) {
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const { statusCode: status, headers: told } = response
  return { status, headers: told, bytes, text: bytes.toString() }
}
