/** Bodies on the wire, for both protocols: limits, compression, chunks, and clients that are slow or leave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { limit, limitedServer } from './limited-server.ts'
import { until } from './server.ts'
import { Wire, type WireAnswer } from './wire.ts'

const limited = limitedServer()

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

const oipBody = JSON.stringify({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [7, 8, 9] }],
})

for (const { name, path, invalid, wordsOf } of protocols) {
  const head = (...lines: readonly string[]) =>
    [`POST ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n')
  const chunk = (bytes: Uint8Array) =>
    Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])

  test(`${name}: a body over the limit is refused before it is read, and the client hears of it`, async () => {
    const wire = await Wire.open(limited.server.port)
    await wire.send(head(`Content-Length: ${limit + 1}`))
    const answer = await wire.answer()
    assert.equal(answer.status, 413)
    assert.match(wordsOf(answer), /larger than the limit of 1048576 bytes/)
    wire.destroy()
    await limited.nothingHappened(answer)
  })

  test(`${name}: a client that sends all of a large body first still hears why it was refused`, async () => {
    const wire = await Wire.open(limited.server.port)
    await wire.send(head(`Content-Length: ${16 * limit}`))
    await wire.send(Buffer.alloc(16 * limit, 32))
    const answer = await wire.answer()
    assert.equal(answer.status, 413)
    await wire.closed
    await limited.nothingHappened(answer)
  })

  test(`${name}: a body of chunks over the limit is refused`, async () => {
    const wire = await Wire.open(limited.server.port)
    await wire.send(head('Transfer-Encoding: chunked'))
    const piece = chunk(Buffer.alloc(65_536, 32))
    for (let sent = 0; sent <= limit; sent += 65_536) await wire.send(piece)
    await wire.send('0\r\n\r\n')
    const answer = await wire.answer()
    assert.equal(answer.status, 413)
    assert.match(wordsOf(answer), /larger than the limit of 1048576 bytes/)
    wire.destroy()
    await limited.nothingHappened(answer)
  })

  test(`${name}: a small body that inflates to more than the limit is refused, and memory stays`, async () => {
    const before = await limited.server.metric('process_resident_memory_bytes')
    for (const [encoding, compress] of [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
    ] as const) {
      const bomb = compress(Buffer.alloc(300 * limit))
      assert.ok(bomb.byteLength < limit)
      const answer = await limited.exchange([
        head(`Content-Encoding: ${encoding}`, `Content-Length: ${bomb.byteLength}`),
        bomb,
      ])
      assert.equal(answer.status, 413)
      assert.match(wordsOf(answer), /larger than the limit of 1048576 bytes/)
      await limited.nothingHappened(answer)
    }
    const grown = (await limited.server.metric('process_resident_memory_bytes')) - before
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
      const answer = await limited.exchange([lines, bytes])
      assert.equal(answer.status, status, encoding)
      assert.match(wordsOf(answer), expected)
      await limited.nothingHappened(answer)
    }
  })

  test(`${name}: a client is told to go on only where its body will be read`, async () => {
    const wire = await Wire.open(limited.server.port)
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
      const refused = await Wire.open(limited.server.port)
      await refused.send(head('Expect: 100-continue', ...lines))
      const answer = await refused.answer()
      assert.ok([413, 415].includes(answer.status), `${answer.status}`)
      refused.destroy()
      await limited.nothingHappened(answer)
    }
  })

  test(`${name}: more than 65,536 chunks are refused, and memory stays`, async () => {
    const before = await limited.server.metric('process_resident_memory_bytes')
    const wire = await Wire.open(limited.server.port)
    await wire.send(head('Transfer-Encoding: chunked'))
    await wire.send('1\r\n \r\n'.repeat(200_000))
    const answer = await wire.answer()
    assert.equal(answer.status, invalid)
    assert.match(wordsOf(answer), /the body comes in more than 65536 chunks/)
    wire.destroy()
    await limited.nothingHappened(answer)
    const grown = (await limited.server.metric('process_resident_memory_bytes')) - before
    assert.ok(grown < 100 * limit, `${grown} bytes more`)
  })

  test(`${name}: a body that pauses too long is refused`, async () => {
    for (const [start, piece] of [
      [head('Content-Length: 100'), '{"features":'],
      [head('Transfer-Encoding: chunked'), '5\r\n{"fea\r\n'],
      [head('Content-Length: 100', 'Content-Encoding: gzip'), gzipSync('{}').subarray(0, 12)],
    ] as const) {
      const wire = await Wire.open(limited.server.port)
      await wire.send(start)
      await wire.send(piece)
      const answer = await wire.answer()
      assert.equal(answer.status, 408)
      assert.match(wordsOf(answer), /nothing of the body arrived for 400 ms/)
      await wire.closed
      await limited.nothingHappened(answer)
    }
  })

  test(`${name}: a client that stops in the middle of its body is told so, if it listens`, async () => {
    for (const [start, piece] of [
      [head('Content-Length: 100'), '{"features":'],
      [head('Transfer-Encoding: chunked'), '5\r\n{"fea\r\n'],
    ] as const) {
      const wire = await Wire.open(limited.server.port)
      await wire.send(`${start}${piece}`)
      wire.end()
      const answer = await wire.answer()
      assert.equal(answer.status, invalid)
      assert.match(wordsOf(answer), /the body ends too early: the client closed the connection/)
      await wire.closed
      await limited.nothingHappened(answer)
    }
  })

  test(`${name}: a client that leaves in the middle of its body is forgotten`, async () => {
    const refused = () =>
      limited.server.process.stderr.split(`"url":"${path}","status":${invalid}`).length - 1
    const before = refused()
    const wire = await Wire.open(limited.server.port)
    await wire.send(`${head('Content-Length: 100')}{"features":`)
    wire.destroy()
    await until(async () => refused() > before, 'the access log tells of it')
    await limited.nothingHappened()
  })

  test(`${name}: a damaged chunk is told in its words`, async () => {
    const answer = await limited.exchange([
      head('Transfer-Encoding: chunked'),
      '4\r\n{"fe\r\nzz\r\n',
    ])
    assert.equal(answer.status, invalid)
    assert.match(wordsOf(answer), /the body is damaged: expected chunks/)
    await limited.nothingHappened(answer)
  })

  test(`${name}: bytes behind the declared length are no part of the body`, async () => {
    const body = name === 'plain' ? '{"features":[7,8,9]}' : oipBody
    const wire = await Wire.open(limited.server.port)
    await wire.send(`${head(`Content-Length: ${body.length}`)}${body}!!garbage!!\r\n\r\n`)
    assert.equal((await wire.answer()).status, 200)
    await wire.closed
    await limited.nothingHappened()
  })

  test(`${name}: a body that is cut by its declared length is no JSON`, async () => {
    const wire = await Wire.open(limited.server.port)
    await wire.send(`${head('Content-Length: 10')}{"features":[7,8,9]}`)
    const answer = await wire.answer()
    assert.equal(answer.status, invalid)
    assert.match(wordsOf(answer), /not JSON/)
    wire.destroy()
    await limited.nothingHappened(answer)
  })
}
