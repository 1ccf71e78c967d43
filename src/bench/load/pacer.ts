/** Who tells an open loop that the next request is due. */
import { Worker } from 'node:worker_threads'

export interface Pacer {
  /**
   * Calls back when moments have come, counted in milliseconds from `start`, a moment of the clock,
   * with how many of them have: once for several that are close to each other.
   */
  follow(moments: Float64Array<SharedArrayBuffer>, start: number, due: (come: number) => void): void
  stop(): Promise<void>
}

/**
 * By a thread that sleeps until the moment. Timers of the event loop count whole milliseconds, and
 * ring half of one late in the mean; this is a tenth late, and no loop is busy.
 */
export function threadPacer(): Pacer {
  const worker = new Worker(siblingModule('pacer-thread'))
  return {
    follow(moments, start, due) {
      worker.on('message', due)
      // moments of this thread's clock mean nothing to the other one
      const offset = hrtimeMs() - performance.now()
      worker.postMessage({ moments, start: start + offset })
    },
    async stop() {
      worker.removeAllListeners('message')
      await worker.terminate()
    },
  }
}

/** The machine's monotonic clock in milliseconds, the same in every thread. */
export function hrtimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

/** A .ts file in the sources, a .js file in the package. */
function siblingModule(name: string): URL {
  const extension = import.meta.filename.slice(import.meta.filename.lastIndexOf('.'))
  return new URL(`./${name}${extension}`, import.meta.url)
}
