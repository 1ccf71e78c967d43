import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { encodeBody, preferredEncoding } from './compression.ts'

test('the encoding that the client likes best is taken', () => {
  const cases = [
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['deflate', 'deflate'],
    ['deflate, gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['*', 'gzip'],
    ['zstd;q=0, *', 'gzip'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['zstd;q=0.5, gzip', 'gzip'],
    ['br', undefined],
    ['br, *;q=0.1', 'gzip'],
    ['gzip;q=0', undefined],
    ['gzip;q=0, *', 'deflate'],
    ['gzip;q=0.3, deflate;q=0.7', 'deflate'],
    ['gzip ; q=0.7 , deflate; q=0.3', 'gzip'],
    ['gzip;q=0.5, identity', undefined],
    ['gzip, identity;q=0.5', 'gzip'],
    ['gzip;q=x', undefined],
    ['identity', undefined],
  ] as const
  for (const [accepted, expected] of cases) {
    assert.equal(preferredEncoding(accepted), expected, accepted)
  }
})

test('a body that is worth it is compressed, and a small one is not', async () => {
  const text = Buffer.from('0.25,'.repeat(2000))
  const gzipped = await encodeBody(text, 'gzip')
  assert.equal(gzipped.encoding, 'gzip')
  assert.deepEqual(gunzipSync(gzipped.bytes), text)
  const deflated = await encodeBody(text, 'deflate')
  assert.equal(deflated.encoding, 'deflate')
  assert.deepEqual(inflateSync(deflated.bytes), text)
  const zstded = await encodeBody(text, 'zstd')
  assert.equal(zstded.encoding, 'zstd')
  assert.deepEqual(zstdDecompressSync(zstded.bytes), text)
  const small = text.subarray(0, 8191)
  assert.deepEqual(await encodeBody(small, 'gzip'), { bytes: small, encoding: undefined })
  assert.deepEqual(await encodeBody(text, 'br'), { bytes: text, encoding: undefined })
})
