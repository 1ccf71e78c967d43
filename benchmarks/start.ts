/** How long from the start of the command to its ready line, with one tiny model? */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startFasterBare } from './bare-side.ts'
import { type Question, rate, type Sample, sampleOf } from './question.ts'
import { startSluice } from './server.ts'
import { median } from './statistics.ts'
import { modelPath, type Workload } from './workloads.ts'

const startsPerPhase = 3
const mostStartMs = 600

export async function openStart(workload: Workload, script: string): Promise<Question> {
  const bare = await startFasterBare(workload, 1)
  const served = async () => {
    const server = await startSluice(modelPath(workload), { script })
    return { ready: performance.now(), end: () => server.stop() }
  }
  const node = async () => {
    await once(spawn(process.execPath, ['-e', '0']), 'exit')
    return { ready: performance.now(), end: async () => {} }
  }
  await timed(served) // so that files are in the page cache for every round alike
  return {
    name: 'start to ready, one tiny model',
    calibrate: async (seconds) => rate(await bare.run(seconds)),
    phases: [
      { name: 'node', run: () => timed(node) },
      { name: 'served', run: () => timed(served) },
    ],
    metrics: [
      {
        name: 'spawn to ready line',
        unit: 'ms',
        better: 'less',
        bar: mostStartMs,
        value: (samples) => sampleOf(samples, 'served').p50Ms,
      },
      {
        name: 'over `node -e 0`',
        unit: '',
        better: 'less',
        value: (samples) => sampleOf(samples, 'served').p50Ms / sampleOf(samples, 'node').p50Ms,
      },
    ],
    notes: { bare: bare.binding, bareRates: bare.rates },
    close: () => bare.child.stop(),
  }
}

interface Started {
  readonly ready: number
  end(): Promise<void>
}

async function timed(start: () => Promise<Started>): Promise<Sample> {
  const times: number[] = []
  for (let i = 0; i < startsPerPhase; i += 1) {
    const before = performance.now()
    const { ready, end } = await start()
    times.push(ready - before)
    await end()
  }
  const seconds = times.reduce((sum, ms) => sum + ms, 0) / 1000
  return { requests: times.length, seconds, p50Ms: median(times) }
}
