import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BodyBuffers } from './body-buffers.ts'

test('buffers come in powers of two, from 4 KiB on', () => {
  const buffers = new BodyBuffers(0)
  const cases = [
    [0, 4096],
    [1, 4096],
    [4096, 4096],
    [4097, 8192],
    [65_536, 65_536],
    [65_537, 131_072],
    [1_000_000, 1_048_576],
  ]
  for (const [bytes, size] of cases) assert.equal(buffers.take(bytes!).byteLength, size)
})

test('what was given is taken again by whoever needs its size', () => {
  const buffers = new BodyBuffers(100_000)
  const small = buffers.take(5000)
  const large = buffers.take(20_000)
  buffers.give(small)
  buffers.give(large)
  assert.equal(buffers.keptBytes, 8192 + 32_768)
  assert.notEqual(buffers.take(3000), small)
  assert.equal(buffers.take(8192), small)
  assert.equal(buffers.take(16_385), large)
  assert.equal(buffers.keptBytes, 0)
  assert.notEqual(buffers.take(8192), small)
})

test('no more is kept than the limit', () => {
  const buffers = new BodyBuffers(10_000)
  buffers.give(new ArrayBuffer(8192))
  buffers.give(new ArrayBuffer(4096))
  assert.equal(buffers.keptBytes, 8192)
  buffers.take(8000)
  buffers.give(new ArrayBuffer(4096))
  buffers.give(new ArrayBuffer(4096))
  buffers.give(new ArrayBuffer(4096))
  assert.equal(buffers.keptBytes, 8192)
})
