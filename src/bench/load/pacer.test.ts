import assert from 'node:assert/strict'
import { test } from 'node:test'
import { threadPacer } from './pacer.ts'

test('a thread tells of every moment, never before it has come', async () => {
  const pacer = threadPacer()
  const moments = new Float64Array(new SharedArrayBuffer(4 * 8))
  moments.set([1, 2.25, 2.5, 9])
  const start = performance.now() + 5
  const rung: number[] = []
  await new Promise<void>((resolve) => {
    pacer.follow(moments, start, () => {
      rung.push(performance.now() - start)
      if (rung.at(-1)! >= 9) resolve()
    })
  })
  await pacer.stop()
  // when the k-th ring comes, at least k moments have come: one ring may stand for several
  assert.ok(rung.length <= moments.length)
  const slack = 0.05 // two threads read the clock, and the offset of theirs was read once
  for (const [index, at] of rung.entries()) assert.ok(at >= moments[index]! - slack, `${rung}`)
})
