/** What is odd or wrong in HTTP itself: limits, framing, pipelines, and clients that are slow. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { echoModel, modelFolder } from './models.ts'
import { type Server, startServer, until } from './server.ts'
import { Wire, type WireAnswer } from './wire.ts'

const yaml = `
http:
  maxBodyBytes: 1MiB
  headersTimeoutMs: 400
  bodyTimeoutMs: 400
  idleTimeoutMs: 60000
`
const limit = 2 ** 20

/** The two protocols: where they are asked, and how each tells an error. */
const protocols = [
  {
    name: 'plain',
    path: '/predict/echo',
    invalid: 422,
    wordsOf: ({ json }: WireAnswer) => {
      const { detail } = json ?? {}
      return String(Array.isArray(detail) ? detail[0].msg : detail)
    },
  },
  {
    name: 'the Open Inference Protocol',
    path: '/v2/models/echo/infer',
    invalid: 400,
    wordsOf: ({ json }: WireAnswer) => String(json?.error),
  },
] as const

for (const { name, path, invalid, wordsOf } of protocols) {
  const head = (...lines: readonly string[]) =>
    [`POST ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n')
  const chunk = (bytes: Uint8Array) =>
    Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])

  test(`${name}: a body over the limit is refused before it is read, and the client hears of it`, async () => {
    const wire = await Wire.open(server.port)
    await wire.send(head(`Content-Length: ${limit + 1}`))
    const answer = await wire.answer()
    assert.equal(answer.status, 413)
    assert.match(wordsOf(answer), /larger than the limit of 1048576 bytes/)
    wire.destroy()
    await nothingHappened(answer)
  })

  test(`${name}: a client that sends all of a large body first still hears why it was refused`, async () => {
    const wire = await Wire.open(server.port)
    await wire.send(head(`Content-Length: ${16 * limit}`))
    await wire.send(Buffer.alloc(16 * limit, 32))
    const answer = await wire.answer()
    assert.equal(answer.status, 413)
    await wire.closed
    await nothingHappened(answer)
  })

  test(`${name}: a body of chunks over the limit is refused`, async () => {
    const wire = await Wire.open(server.port)
    await wire.send(head('Transfer-Encoding: chunked'))
    const piece = chunk(Buffer.alloc(65_536, 32))
    for (let sent = 0; sent <= limit; sent += 65_536) await wire.send(piece)
    await wire.send('0\r\n\r\n')
    const answer = await wire.answer()
    assert.equal(answer.status, 413)
    assert.match(wordsOf(answer), /larger than the limit of 1048576 bytes/)
    wire.destroy()
    await nothingHappened(answer)
  })

  test(`${name}: a small body that inflates to more than the limit is refused, and memory stays`, async () => {
    const before = await server.metric('process_resident_memory_bytes')
    for (const [encoding, compress] of [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
    ] as const) {
      const bomb = compress(Buffer.alloc(300 * limit))
      assert.ok(bomb.byteLength < limit)
      const answer = await exchange([
        head(`Content-Encoding: ${encoding}`, `Content-Length: ${bomb.byteLength}`),
        bomb,
      ])
      assert.equal(answer.status, 413)
      assert.match(wordsOf(answer), /larger than the limit of 1048576 bytes/)
      await nothingHappened(answer)
    }
    const grown = (await server.metric('process_resident_memory_bytes')) - before
    assert.ok(grown < 100 * limit, `${grown} bytes more`)
  })

  test(`${name}: a compressed body that is damaged, cut off or of an unknown kind is refused`, async () => {
    const good = gzipSync('{"features":[1,2,3],"inputs":[]}')
    const damaged = Buffer.from(good).fill(0xff, 12, 20)
    for (const [encoding, bytes, status, expected] of [
      ['gzip', damaged, invalid, /the compressed body is damaged/],
      ['gzip', good.subarray(0, 20), invalid, /the compressed body is damaged/],
      ['deflate', good, invalid, /the compressed body is damaged/],
      ['br', good, 415, /content-encoding "br" is not understood, expected gzip, deflate/],
      ['gzip, gzip', good, 415, /content-encoding "gzip, gzip" is not understood/],
      ['constructor', good, 415, /content-encoding "constructor" is not understood/],
    ] as const) {
      const lines = head(`Content-Encoding: ${encoding}`, `Content-Length: ${bytes.byteLength}`)
      const answer = await exchange([lines, bytes])
      assert.equal(answer.status, status, encoding)
      assert.match(wordsOf(answer), expected)
      await nothingHappened(answer)
    }
  })

  test(`${name}: a client is told to go on only where its body will be read`, async () => {
    const wire = await Wire.open(server.port)
    const body = name === 'plain' ? '{"features":[7,8,9]}' : oipBody
    await wire.send(head('Expect: 100-continue', `Content-Length: ${body.length}`))
    assert.equal((await wire.answer()).status, 100)
    await wire.send(body)
    assert.equal((await wire.answer()).status, 200)
    wire.destroy()

    for (const lines of [
      [`Content-Length: ${limit + 1}`],
      ['Content-Length: 10', 'Content-Encoding: br'],
    ]) {
      const refused = await Wire.open(server.port)
      await refused.send(head('Expect: 100-continue', ...lines))
      const answer = await refused.answer()
      assert.ok([413, 415].includes(answer.status), `${answer.status}`)
      refused.destroy()
      await nothingHappened(answer)
    }
  })

  test(`${name}: more than 65,536 chunks are refused, and memory stays`, async () => {
    const before = await server.metric('process_resident_memory_bytes')
    const wire = await Wire.open(server.port)
    await wire.send(head('Transfer-Encoding: chunked'))
    await wire.send('1\r\n \r\n'.repeat(200_000))
    const answer = await wire.answer()
    assert.equal(answer.status, invalid)
    assert.match(wordsOf(answer), /the body comes in more than 65536 chunks/)
    wire.destroy()
    await nothingHappened(answer)
    const grown = (await server.metric('process_resident_memory_bytes')) - before
    assert.ok(grown < 100 * limit, `${grown} bytes more`)
  })

  test(`${name}: a body that pauses too long is refused`, async () => {
    for (const [start, piece] of [
      [head('Content-Length: 100'), '{"features":'],
      [head('Transfer-Encoding: chunked'), '5\r\n{"fea\r\n'],
      [head('Content-Length: 100', 'Content-Encoding: gzip'), gzipSync('{}').subarray(0, 12)],
    ] as const) {
      const wire = await Wire.open(server.port)
      await wire.send(start)
      await wire.send(piece)
      const answer = await wire.answer()
      assert.equal(answer.status, 408)
      assert.match(wordsOf(answer), /the body did not arrive within 400 ms/)
      await wire.closed
      await nothingHappened(answer)
    }
  })

  test(`${name}: a client that stops in the middle of its body is told so, if it listens`, async () => {
    for (const [start, piece] of [
      [head('Content-Length: 100'), '{"features":'],
      [head('Transfer-Encoding: chunked'), '5\r\n{"fea\r\n'],
    ] as const) {
      const wire = await Wire.open(server.port)
      await wire.send(`${start}${piece}`)
      wire.end()
      const answer = await wire.answer()
      assert.equal(answer.status, invalid)
      assert.match(wordsOf(answer), /the body ends too early: the client closed the connection/)
      await wire.closed
      await nothingHappened(answer)
    }
  })

  test(`${name}: a client that leaves in the middle of its body is forgotten`, async () => {
    const refused = () =>
      server.process.stderr.split(`"url":"${path}","status":${invalid}`).length - 1
    const before = refused()
    const wire = await Wire.open(server.port)
    await wire.send(`${head('Content-Length: 100')}{"features":`)
    wire.destroy()
    await until(async () => refused() > before, 'the access log tells of it')
    await nothingHappened()
  })

  test(`${name}: a damaged chunk is told in its words`, async () => {
    const answer = await exchange([head('Transfer-Encoding: chunked'), '4\r\n{"fe\r\nzz\r\n'])
    assert.equal(answer.status, invalid)
    assert.match(wordsOf(answer), /the body is damaged: expected chunks/)
    await nothingHappened(answer)
  })

  test(`${name}: bytes behind the declared length are no part of the body`, async () => {
    const body = name === 'plain' ? '{"features":[7,8,9]}' : oipBody
    const wire = await Wire.open(server.port)
    await wire.send(`${head(`Content-Length: ${body.length}`)}${body}!!garbage!!\r\n\r\n`)
    assert.equal((await wire.answer()).status, 200)
    await wire.closed
    await nothingHappened()
  })

  test(`${name}: a body that is cut by its declared length is no JSON`, async () => {
    const wire = await Wire.open(server.port)
    await wire.send(`${head('Content-Length: 10')}{"features":[7,8,9]}`)
    const answer = await wire.answer()
    assert.equal(answer.status, invalid)
    assert.match(wordsOf(answer), /not JSON/)
    wire.destroy()
    await nothingHappened(answer)
  })
}

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
    const wire = await Wire.open(server.port)
    const head = ['POST /predict/echo HTTP/1.1', 'Host: localhost', ...lines, '', ''].join('\r\n')
    await wire.send(`${head}0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    const answer = await wire.answer()
    assert.equal(answer.status, 400, `${lines}`)
    assert.deepEqual(answer.json, { detail: 'this is not an HTTP request' })
    await wire.closed
    await nothingHappened(answer)
  }
  assert.doesNotMatch(server.process.stderr, /smuggled/)
})

test('headers over the limit are refused', async () => {
  const answer = await exchange([
    `GET /health HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`,
  ])
  assert.equal(answer.status, 431)
  assert.match(String(answer.json?.detail), /headers are larger than the limit of 16 KiB/)
  await nothingHappened(answer)
})

test('what is no HTTP at all is refused', async () => {
  for (const bytes of ['hello\r\n\r\n', '\x16\x03\x01\x02\x00\x01', 'FOO / HTTP/1.1\r\n\r\n']) {
    const answer = await exchange([bytes])
    assert.equal(answer.status, 400)
    assert.deepEqual(answer.json, { detail: 'this is not an HTTP request' })
    await nothingHappened(answer)
  }
})

test('headers that do not arrive in time are refused', async () => {
  const answer = await exchange(['GET /health HTTP/1.1\r\nHost: lo'])
  assert.equal(answer.status, 408)
  assert.match(String(answer.json?.detail), /the headers have 400 ms/)
  await nothingHappened(answer)
})

test('requests that come at once on one connection are answered in their order', async () => {
  const wire = await Wire.open(server.port)
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
  const wire = await Wire.open(server.port)
  for (const body of ['{"features":[1,2', '{"features":[1,2,3]}', '[]']) {
    await wire.send(
      `POST /predict/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    assert.equal((await wire.answer()).status, body.endsWith('3]}') ? 200 : 422)
  }
  wire.destroy()
})

test('HTTP/1.0 is answered, and its connection closed unless it asks otherwise', async () => {
  const closing = await Wire.open(server.port)
  await closing.send('GET /health/live HTTP/1.0\r\n\r\n')
  assert.equal((await closing.answer()).status, 200)
  await closing.closed
  const kept = await Wire.open(server.port)
  for (const _ of [1, 2]) {
    await kept.send('GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    assert.equal((await kept.answer()).status, 200)
  }
  kept.destroy()
})

test('other methods: HEAD has no body, OPTIONS lists, the rest is refused with what is allowed', async () => {
  const wire = await Wire.open(server.port)
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
  await nothingHappened()
})

test('names of headers and models that mean something to JavaScript mean nothing here', async () => {
  const answer = await server.ask({
    path: '/predict/echo',
    body: { features: [1, 2, 3] },
    headers: { ['__proto__']: 'x', constructor: 'y', tostring: 'z' },
  })
  assert.equal(answer.status, 200)
  for (const name of ['__proto__', 'constructor', 'toString', '%00', '%2e%2e%2fetc']) {
    const { status } = await server.ask({ path: `/predict/${name}`, body: {} })
    assert.equal(status, 404, name)
  }
  for (const path of ['/predict/%', '/predict/%zz', '/%c0%ae']) {
    assert.equal((await server.ask({ path, body: {} })).status, 404, path)
  }
  await nothingHappened()
})

test('a request that names this server by a stranger’s name is refused', async () => {
  const ask = (headers: Readonly<Record<string, string>>) =>
    server.ask({ path: '/predict/echo', body: { features: [1, 2, 3] }, headers })
  assert.equal((await ask({ host: 'evil.example' })).status, 403)
  assert.equal((await ask({ origin: 'https://evil.example' })).status, 403)
  assert.equal((await ask({ host: `localhost:${server.port}` })).status, 200)
  assert.equal((await ask({ origin: 'http://localhost:5173' })).status, 200)
})

const oipBody = JSON.stringify({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [7, 8, 9] }],
})

/** One answer on a connection of its own, which is closed. */
async function exchange(pieces: readonly (string | Uint8Array)[]): Promise<WireAnswer> {
  const wire = await Wire.open(server.port)
  for (const piece of pieces) await wire.send(piece)
  const answer = await wire.answer()
  wire.destroy()
  return answer
}

/** No error tells of the inside of the server, and the next request on a new connection is answered. */
async function nothingHappened(answer?: WireAnswer): Promise<void> {
  assert.doesNotMatch(answer?.text ?? '', /\/tmp|\/src\/|node_modules|\bat \S+ \(|Error\b/)
  const features = [1.5, -2, 0.25]
  const { status, json } = await server.ask({ path: '/predict/echo', body: { features } })
  assert.deepEqual([status, json?.outputs], [200, { y: features }])
}

let server: Server
before(async () => {
  server = await startServer([modelFolder({ 'echo.onnx': echoModel() })], { yaml })
})
after(() => server.process.end('SIGKILL'))
