/**
 * A million inputs that nobody would send, through everything that reads what comes from outside:
 * each is answered, or refused in the words of the catalogue, quickly and without much memory.
 *
 * A fault names its case, which `new Random(seed, case)` makes again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { targets } from './fuzz/targets.ts'
import type { Outcome, Work } from './fuzz/thread.ts'

const seed = 20_261_125
const slowestMs = 2000 // all cases take microseconds; this leaves room for a machine that is busy
const hungMs = 20_000
const heapMiB = 512
const peakMiB = 1024 // of the whole process: the heap, and buffers outside of it

test('a million cases are tried', () => {
  assert.equal(
    targets.reduce((sum, { cases }) => sum + cases, 0),
    1_000_000,
  )
})

for (const { name, cases } of targets) {
  test(`${name}: ${cases} cases are answered or refused`, async (t) => {
    const outcome = await tryAll(name)
    assert.equal(outcome.fault, undefined, outcome.fault)
    assert.equal(outcome.tried, cases)
    t.diagnostic(`slowest: case ${outcome.slowestCase}, ${outcome.slowestMs.toFixed(1)} ms`)
    assert.ok(
      outcome.slowestMs < slowestMs,
      `case ${outcome.slowestCase} took ${outcome.slowestMs} ms`,
    )
  })
}

test('none of them takes much memory', () => {
  const peak = process.resourceUsage().maxRSS / 1024
  assert.ok(peak < peakMiB, `${peak} MiB`)
})

/** In a thread of its own, which can be ended where a case hangs. */
function tryAll(target: string): Promise<Outcome> {
  const progress = new Int32Array(new SharedArrayBuffer(4))
  const workerData: Work = { target, seed, progress }
  const worker = new Worker(new URL('./fuzz/thread.ts', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  })
  return new Promise<Outcome>((resolve, reject) => {
    let last = -1
    const watch = setInterval(() => {
      const now = Atomics.load(progress, 0)
      if (now === last) {
        void worker.terminate()
        reject(new Error(`case ${now} of ${target} hangs, or takes more than ${hungMs} ms`))
      }
      last = now
    }, hungMs)
    worker.once('message', resolve)
    worker.once('error', (thrown) => {
      reject(new Error(`case ${progress[0]} of ${target}`, { cause: thrown }))
    })
    worker.once('exit', () => {
      clearInterval(watch)
      reject(new Error(`the thread of ${target} ended at case ${progress[0]}`))
    })
  })
}
