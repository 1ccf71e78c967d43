import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { systemClock } from '../../clock.ts'
import { silentLog } from '../../log.ts'
import type { Exchange } from './exchange.ts'
import { HttpServer } from './server.ts'

test('a body that comes with its headers is read at once, without making a stream of it flow', async (t) => {
  const { talk, exchanges } = await setUp(t)
  assert.deepEqual(await talk([post('one')], 1), ['one'])
  assert.equal(exchanges[0]?.request.readableFlowing, null)
  assert.equal(exchanges[0]?.bytesIn, 3)
})

test('wherever a request is cut in two, it is answered the same, and the connection is kept', async (t) => {
  const { talk, exchanges } = await setUp(t)
  const text = post('abcdefgh')
  const pieces = Array.from({ length: text.length - 1 }, (_, at) => [
    text.slice(0, at + 1),
    text.slice(at + 1),
  ])
  assert.deepEqual(
    await talk(pieces.flat(), pieces.length),
    pieces.map(() => 'abcdefgh'),
  )
  assert.equal(exchanges.length, pieces.length)
})

test('requests that come together are answered in their order', async (t) => {
  const { talk } = await setUp(t)
  const bodies = ['first', '', 'third', 'x'.repeat(3000), 'last']
  const chunked =
    'POST /echo HTTP/1.1\r\nhost: a.localhost\r\ntransfer-encoding: chunked\r\n\r\n2\r\nch\r\n4\r\nunks\r\n0\r\n\r\n'
  const all = bodies.map(post).join('') + chunked + post('more')
  assert.deepEqual(await talk([all], 7), [...bodies, 'chunks', 'more'])
})

test('what follows an answered request on its connection is no part of it', async (t) => {
  const { talk } = await setUp(t)
  const other = post('ignored').replace('/echo', '/deaf')
  assert.deepEqual(await talk([other + post('heard'), other, post('again')], 4), [
    'deaf',
    'heard',
    'deaf',
    'again',
  ])
})

test('an answer after which the connection is closed is whole', async (t) => {
  const { talk } = await setUp(t)
  const body = 'y'.repeat(2000)
  for (const last of [
    post(body).replace('host:', 'connection: close\r\nhost:'),
    post(body).replace('HTTP/1.1', 'HTTP/1.0'),
  ]) {
    assert.deepEqual(await talk([post('one') + last], 2), ['one', body])
    assert.deepEqual(await talk([last], 1), [body])
  }
})

test('what follows a compressed body is not taken for the next request', async (t) => {
  const { talk } = await setUp(t)
  const bytes = Buffer.concat([gzipSync('zipped'), Buffer.alloc(20)])
  const head = `POST /echo HTTP/1.1\r\nhost: a.localhost\r\ncontent-encoding: gzip\r\ncontent-length: ${bytes.byteLength}\r\n\r\n`
  const cut = bytes.byteLength - 10
  const pieces = [Buffer.concat([Buffer.from(head), bytes.subarray(0, cut)]), bytes.subarray(cut)]
  assert.deepEqual(await talk([...pieces, post('next')], 2), ['zipped', 'next'])
})

const post = (body: string) =>
  `POST /echo HTTP/1.1\r\nhost: a.localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`

async function setUp(t: TestContext) {
  const exchanges: Exchange[] = []
  const route = (path: string, handle: (exchange: Exchange) => Promise<void>) =>
    ({ method: 'POST', path, scope: 'infer', handle }) as const
  const server = await HttpServer.listen({
    host: '127.0.0.1',
    port: 0,
    protocols: [
      {
        prefix: '',
        routes: [
          route('/echo', async (exchange) => {
            exchanges.push(exchange)
            const { bytes } = await exchange.readBody()
            await exchange.json(200, JSON.stringify({ body: Buffer.from(bytes).toString() }))
          }),
          route('/deaf', async (exchange) => exchange.json(200, '{"body":"deaf"}')),
        ],
        fail: (exchange, error) => void exchange.json(500, JSON.stringify({ body: error.message })),
      },
    ],
    access: { boundTo: '127.0.0.1', adminToken: undefined, allowedHosts: [], corsOrigins: [] },
    maxBodyBytes: 10_000,
    headersTimeoutMs: 10_000,
    bodyTimeoutMs: 10_000,
    idleTimeoutMs: 10_000,
    clock: systemClock,
    log: silentLog,
    onAnswered: () => {},
  })
  t.after(async () => {
    server.abort()
    await server.drain()
  })

  /** The bodies of so many answers on one connection, on which the pieces arrive one by one. */
  async function talk(
    pieces: readonly (string | Buffer)[],
    answers: number,
  ): Promise<readonly string[]> {
    const socket = connect(server.port, '127.0.0.1').setNoDelay(true)
    await once(socket, 'connect')
    let text = ''
    const bodies = () =>
      [...text.matchAll(/\r\n\r\n\{"body":"([^"]*)"\}/g)].map(([, body]) => body!)
    const heard = Promise.withResolvers<void>()
    socket.on('data', (chunk) => {
      text += chunk
      if (bodies().length === answers) heard.resolve()
    })
    socket.on('close', () => heard.reject(new Error(`closed after ${text}`)))
    for (const piece of pieces) {
      await new Promise((sent) => socket.write(piece, sent))
      await new Promise(setImmediate) // the server takes it in before the next comes
    }
    await heard.promise
    socket.removeAllListeners('close').destroy()
    return bodies()
  }
  return { talk, exchanges }
}
