/** The thread of `threadPacer`: sleeps until each moment, then says so. */
import { parentPort } from 'node:worker_threads'
import { hrtimeMs } from './pacer.ts'

interface Order {
  readonly moments: Float64Array<SharedArrayBuffer>
  readonly start: number
}

parentPort!.once('message', ({ moments, start }: Order) => {
  const bell = new Int32Array(new SharedArrayBuffer(4)) // which nobody rings: it only times out
  let next = 0
  while (next < moments.length) {
    const wait = start + moments[next]! - hrtimeMs()
    if (wait > 0) Atomics.wait(bell, 0, 0, wait)
    const now = hrtimeMs() - start
    while (next < moments.length && moments[next]! <= now) next += 1
    parentPort!.postMessage(next)
  }
})
