import assert from 'node:assert/strict'
import { test } from 'node:test'
import koffi from 'koffi'
import { openHeap } from './heap.ts'

const isGlibc =
  process.platform === 'linux' &&
  'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header

test('what was freed is given back to the system', {
  skip: isGlibc ? false : 'not glibc',
}, async () => {
  const heap = openHeap()
  const mib = 2 ** 20
  for (const trim of [async () => heap.trim(), () => heap.trimLater()]) {
    const keep = holes(100 * mib)
    const before = process.memoryUsage.rss()
    await trim()
    const given = before - process.memoryUsage.rss()
    keep.free()
    assert.ok(given > 50 * mib, `${given} bytes were given back`)
  }
})

test('elsewhere nothing is done', async () => {
  const heap = openHeap('darwin')
  heap.trim()
  await heap.trimLater()
})

/** So many bytes of memory that are free, but for small pieces that lie between them. */
function holes(bytes: number) {
  const library = koffi.load('libc.so.6')
  const malloc = library.func('malloc', 'void *', ['size_t'])
  const free = library.func('free', 'void', ['void *'])
  const pieceBytes = 2 ** 16
  const pieces: bigint[] = []
  const between: bigint[] = []
  for (let made = 0; made < bytes; made += pieceBytes) {
    const piece = malloc(pieceBytes) as bigint
    new Uint8Array(koffi.view(piece, pieceBytes)).fill(1)
    pieces.push(piece)
    between.push(malloc(32) as bigint)
  }
  for (const piece of pieces) free(piece)
  return {
    free() {
      for (const piece of between) free(piece)
    },
  }
}
