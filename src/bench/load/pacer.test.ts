import assert from 'node:assert/strict'
import { test } from 'node:test'
import { threadPacer } from './pacer.ts'

test('a thread tells of every moment, never before it has come', async () => {
  const pacer = threadPacer()
  const moments = new Float64Array(new SharedArrayBuffer(4 * 8))
  moments.set([1, 2.25, 2.5, 9])
  const start = performance.now() + 5
  const rung: (readonly [at: number, come: number])[] = []
  await new Promise<void>((resolve) => {
    pacer.follow(moments, start, (come) => {
      rung.push([performance.now() - start, come])
      if (come === moments.length) resolve()
    })
  })
  await pacer.stop()
  const slack = 0.05 // two threads read the clock, and what lies between theirs was read once
  let before = 0
  for (const [at, come] of rung) {
    assert.ok(come > before, 'each time of something new')
    assert.ok(at >= moments[come - 1]! - slack, `${at}: ${come}`)
    before = come
  }
})
