import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import koffi from 'koffi'
import { openNativeMemory } from './native-memory.ts'
import { pinned } from './pinned.ts'

const noFunctions = () => ({
  func: () => {
    throw new Error('not there')
  },
})

for (const [name, open] of [
  ['by memcpy', () => openNativeMemory()],
  ['by views, where there is no memcpy', () => openNativeMemory(noFunctions)],
] as const) {
  describe(`native memory, ${name}`, () => {
    const theirs = pinned(Uint8Array.from({ length: 100 }, (_, index) => index))
    const address = koffi.address(theirs)
    const memory = open()

    it('is read into all of a view, and nothing else', () => {
      const all = new Uint8Array(50).fill(255)
      memory.read(address + 3n, all.subarray(10, 14))
      assert.deepEqual([...all.subarray(9, 15)], [255, 3, 4, 5, 6, 255])
      const numbers = new Float64Array(2)
      memory.read(address, numbers)
      assert.deepEqual([...new Uint8Array(numbers.buffer)], [...theirs.subarray(0, 16)])
    })

    it('is written from all of a view, and nothing else', () => {
      const all = Uint8Array.from({ length: 20 }, (_, index) => 200 + index)
      memory.write(address + 50n, all.subarray(5, 8))
      assert.deepEqual([...theirs.subarray(49, 54)], [49, 205, 206, 207, 53])
    })
  })
}
