/**
 * Preload (`node --import`) that tells how much of the JavaScript heap is in use. On SIGUSR2 it
 * collects the garbage and appends the bytes that are left to the file `BENCHMARK_PROBE`.
 */
import { appendFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

const file = process.env.BENCHMARK_PROBE

// Preloads run in worker threads too.
if (isMainThread && file !== undefined) {
  delete process.env.BENCHMARK_PROBE
  process.on('SIGUSR2', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    collect()
    appendFileSync(file, `${process.memoryUsage().heapUsed}\n`)
  })
}
