import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { Call } from '../../call.ts'
import { fail, ServingError } from '../../errors.ts'
import { type Body, readBody } from './body.ts'
import { BodyBuffers } from './body-buffers.ts'

test('a body is read as it was sent, whatever its pieces, with and without a length', async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(pieces, fc.boolean(), fc.nat(200), async (parts, declared, alignAt) => {
      const whole = Buffer.concat(parts)
      const headers = declared ? { 'content-length': `${whole.byteLength}` } : {}
      const { send, reading } = setUp({ headers, alignAt, maxBytes: 60_000 })
      send(...parts.filter(({ byteLength }) => byteLength > 0))
      const { bytes } = await reading
      assert.deepEqual(Buffer.from(bytes), whole)
    }),
    { seed: 11, numRuns: 100 },
  )
})

test('in a body that comes in pieces the byte at alignAt lies on a boundary of 64 bytes', async () => {
  for (const alignAt of [0, 1, 63, 64, 65, 117, 300]) {
    for (const headers of [{ 'content-length': '9000' }, {}]) {
      const { send, reading } = setUp({ headers, alignAt })
      send(Buffer.alloc(100, 1), Buffer.alloc(8900, 2))
      const { bytes } = await reading
      assert.equal((bytes.byteOffset + alignAt) % 64, 0, `${alignAt}`)
      assert.deepEqual([bytes[99], bytes[100], bytes.byteLength], [1, 2, 9000])
    }
  }
})

test('a body that comes whole is not copied', async () => {
  const { send, reading } = setUp({ headers: { 'content-length': '5000' } })
  const piece = Buffer.alloc(5000, 7)
  send(piece)
  const { bytes } = await reading
  assert.equal(bytes.buffer, piece.buffer)
})

test('the memory of a body is used again once it is recycled', async () => {
  const buffers = new BodyBuffers(1_000_000)
  const headers = { 'content-length': '9000' }
  const read = async (fill: number): Promise<Body> => {
    const { send, reading } = setUp({ headers, buffers })
    send(Buffer.alloc(1000, fill), Buffer.alloc(8000, fill + 1))
    return reading
  }
  const first = await read(1)
  const second = await read(3)
  assert.notEqual(second.bytes.buffer, first.bytes.buffer)
  first.recycle()
  first.recycle()
  assert.equal(buffers.keptBytes, 16_384)
  const third = await read(5)
  assert.equal(third.bytes.buffer, first.bytes.buffer)
  assert.deepEqual([second.bytes[0], third.bytes[0], third.bytes[8999]], [3, 5, 6])
})

test('a body that fails gives its memory back', async () => {
  const buffers = new BodyBuffers(1_000_000)
  const { send, reading } = setUp({ headers: { 'content-length': '9000' }, buffers })
  send(Buffer.alloc(8000))
  await refused(reading, 'BODY_MALFORMED', /ends after 8000 bytes, expected 9000/)
  assert.equal(buffers.keptBytes, 16_384)
})

test('a body that is too large by its length is refused before the client is told to go on', async () => {
  const { reading, accepted } = setUp({ headers: { 'content-length': '1001' }, maxBytes: 1000 })
  await refused(reading, 'BODY_TOO_LARGE', /limit of 1000 bytes/)
  assert.equal(accepted(), 0)
})

test('a body that is too large by its pieces is refused at the piece', async () => {
  const { request, reading, accepted } = setUp({ headers: {}, maxBytes: 1000 })
  request.write(Buffer.alloc(600))
  request.write(Buffer.alloc(401))
  await refused(reading, 'BODY_TOO_LARGE', /limit of 1000 bytes/)
  assert.equal(accepted(), 1)
})

test('a body of exactly the limit is read', async () => {
  for (const headers of [{ 'content-length': '1000' }, {}]) {
    const { send, reading } = setUp({ headers, maxBytes: 1000 })
    send(Buffer.alloc(600), Buffer.alloc(400))
    assert.equal((await reading).bytes.byteLength, 1000)
  }
})

test('too many chunks are refused, and as many pieces of a declared length are not', async () => {
  const many = Array.from({ length: 65_537 }, () => Buffer.from('x'))
  const chunked = setUp({ headers: {} })
  chunked.send(...many)
  await refused(chunked.reading, 'BODY_MALFORMED', /more than 65536 chunks/)
  const declared = setUp({ headers: { 'content-length': '65537' } })
  declared.send(...many)
  assert.equal((await declared.reading).bytes.byteLength, 65_537)
})

test('gzip, deflate and zstd are inflated', async () => {
  const text = 'abc'.repeat(10_000)
  for (const [encoding, compress] of [
    ['gzip', gzipSync],
    ['X-GZIP', gzipSync],
    [' deflate ', deflateSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    const { send, reading } = setUp({ headers: { 'content-encoding': encoding } })
    send(compress(text))
    assert.equal(Buffer.from((await reading).bytes).toString(), text)
  }
})

test('the limit holds for what a body inflates to, and inflating stops there', async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000))
  const headers = { 'content-encoding': 'gzip', 'content-length': `${bomb.byteLength}` }
  const { request, reading, buffers } = setUp({ headers, maxBytes: 60_000 })
  request.write(bomb)
  await refused(reading, 'BODY_TOO_LARGE', /limit of 60000 bytes/)
  assert.ok(buffers.keptBytes <= 2 * 131_072 + 65_536, `${buffers.keptBytes}`)
  assert.equal(request.listenerCount('data'), 0, 'it is read by no inflater any more')
})

test('a compressed body that is damaged or cut off is refused', async () => {
  for (const [encoding, compress] of [
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    const good = compress(Buffer.from(Array.from({ length: 300 }, (_, i) => (i * i) % 251)))
    for (const bytes of [
      good.subarray(0, 20),
      Buffer.from(good).fill(0xff, 2, 20),
      Buffer.from('x'),
    ]) {
      const { send, reading } = setUp({ headers: { 'content-encoding': encoding } })
      send(bytes)
      await refused(reading, 'BODY_MALFORMED', /the compressed body is damaged/)
    }
  }
})

test('a body that needs more than 8 MiB to be inflated is refused', async () => {
  const params = { [constants.ZSTD_c_windowLog]: 24, [constants.ZSTD_c_compressionLevel]: 19 }
  const { send, reading } = setUp({ headers: { 'content-encoding': 'zstd' }, maxBytes: 2 ** 25 })
  send(zstdCompressSync(Buffer.alloc(2 ** 24), { params }))
  await refused(reading, 'BODY_MALFORMED', /the compressed body is damaged/)
})

test('an unknown encoding is refused by name, and not inherited ones either', async () => {
  for (const encoding of ['br', 'gzip, gzip', 'constructor', '__proto__']) {
    const { reading, accepted } = setUp({ headers: { 'content-encoding': encoding } })
    await refused(reading, 'MEDIA_TYPE_UNSUPPORTED', new RegExp(`"${encoding}"`))
    assert.equal(accepted(), 0)
  }
})

test('a pause that is too long is refused', async () => {
  const { request, reading } = setUp({ headers: { 'content-length': '10' }, pauseMs: 20 })
  request.write('abc')
  await refused(reading, 'BODY_TIMEOUT', /nothing of the body arrived for 20 ms/)
})

test('a client that breaks the connection off has given up', async () => {
  const { request, reading } = setUp({ headers: { 'content-length': '10' } })
  request.write('abc')
  request.destroy(new Error('aborted'))
  await refused(reading, 'CANCELLED', /gave up/)
})

test('the end of the call ends the reading, also where it has ended before', async () => {
  const during = setUp({ headers: { 'content-length': '10' } })
  during.request.write('abc')
  during.call.end(fail('DEADLINE_EXCEEDED', { where: 'served' }))
  await refused(during.reading, 'DEADLINE_EXCEEDED', /served/)

  const call = new Call({ requestId: 'id' })
  call.cancel()
  const before = setUp({ headers: { 'content-length': '10' }, call })
  await refused(before.reading, 'CANCELLED', /gave up/)
  assert.equal(before.accepted(), 0)
})

interface Options {
  readonly headers: Readonly<Record<string, string>>
  readonly maxBytes?: number
  readonly pauseMs?: number
  readonly alignAt?: number
  readonly buffers?: BodyBuffers
  readonly call?: Call
}

function setUp({
  headers,
  maxBytes = 1_000_000,
  pauseMs = 10_000,
  alignAt,
  buffers = new BodyBuffers(1_000_000),
  call = new Call({ requestId: 'id' }),
}: Options) {
  const request = Object.assign(new PassThrough({ highWaterMark: 0 }), { headers })
  let accepted = 0
  const reading = readBody(request as unknown as IncomingMessage, {
    call,
    limits: { maxBytes, pauseMs },
    buffers,
    alignAt,
    onAccepted: () => {
      accepted += 1
    },
  })
  reading.catch(() => {}) // the test looks at it in its own time
  const send = (...pieces: readonly Uint8Array[]) => {
    for (const piece of pieces) request.write(piece)
    request.end()
  }
  return { request, reading, send, buffers, call, accepted: () => accepted }
}

async function refused(reading: Promise<Body>, reason: string, message: RegExp): Promise<void> {
  await assert.rejects(reading, (thrown) => {
    assert.ok(thrown instanceof ServingError)
    assert.equal(thrown.reason, reason)
    assert.match(thrown.message, message)
    return true
  })
}

test('a length that is only announced takes no memory', async () => {
  const taken: number[] = []
  const buffers = new (class extends BodyBuffers {
    override take(bytes: number): ArrayBuffer {
      taken.push(bytes)
      return super.take(bytes)
    }
  })(0)
  const { send, reading } = setUp({
    headers: { 'content-length': `${50 * 2 ** 20}` },
    maxBytes: 64 * 2 ** 20,
    buffers,
  })
  send(Buffer.alloc(10, 1), Buffer.alloc(2 ** 21, 2))
  await assert.rejects(reading, { reason: 'BODY_MALFORMED' })
  assert.ok(taken[0]! <= 2 ** 20 + 64, `${taken}`)
  assert.ok(Math.max(...taken) <= 9 * 2 ** 20, `${taken}`)
})

test('a body for which there is no memory is refused, and nothing else happens', async () => {
  const buffers = new (class extends BodyBuffers {
    override take(): ArrayBuffer {
      throw new RangeError('Array buffer allocation failed')
    }
  })(0)
  const { send, reading } = setUp({ headers: { 'content-length': '20' }, buffers })
  send(Buffer.alloc(10), Buffer.alloc(10))
  await assert.rejects(reading, { reason: 'MEMORY_SHORT', code: 'unavailable' })
})
