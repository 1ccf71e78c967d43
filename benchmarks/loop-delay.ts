/**
 * Preload (`node --import`) that samples the event loop's delay. On SIGUSR2 it appends the quantile
 * 0.99 in milliseconds since the signal before to the file `BENCHMARK_PROBE`, and starts anew.
 *
 * The timer fires every 5 ms, which is inside every value: only differences mean something.
 */
import { appendFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const file = process.env.BENCHMARK_PROBE

// Preloads run in worker threads and in child processes too; the loop asked about is this one's.
if (isMainThread && file !== undefined) {
  delete process.env.BENCHMARK_PROBE
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  process.on('SIGUSR2', () => {
    appendFileSync(file, `${delay.percentile(99) / 1e6}\n`)
    delay.reset()
  })
}
