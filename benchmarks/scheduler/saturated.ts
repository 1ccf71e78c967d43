/**
 * How near is the server to the best that a fixed number of requests a run gives, with no setting
 * touched? The best is searched for first; it is one that the server has to find by itself.
 */
import { cpuUs, type Question, rate, type Sample, sampleOf } from '../question.ts'
import { sampled } from '../sampling.ts'
import type { Workload } from '../workloads.ts'
import { cores, Driver, demanded, serve, startYardstick } from './set-up.ts'

const leastConnections = 32
const sizes = [1, 2, 4, 8, 16, 32]
const warmUpSeconds = 5

export interface Saturated {
  readonly workload: Workload
  /** Whether the model takes any number of rows. */
  readonly joinable: boolean
  /** At most, over bare: the form of the bar that is free of what the driver takes. */
  readonly mostCpu: number
}

export async function openSaturated(
  script: string,
  { workload, joinable, mostCpu }: Saturated,
): Promise<Question> {
  const { bare, run } = await startYardstick(workload)
  const sweep = new Map<number, number>()
  for (let turn = 0; turn < 2; turn += 1) {
    for (const rows of joinable ? sizes : [1]) {
      sweep.set(rows, Math.max(sweep.get(rows) ?? 0, rate(await run(1, rows))))
    }
  }
  const [best] = [...sweep].reduce((a, b) => (b[1] > a[1] ? b : a))
  // as bare always has it: each thread runs such a batch, and the next one waits
  const connections = Math.max(leastConnections, 2 * cores * best)
  const server = await serve(script, [{ workload }])
  const driver = await Driver.start(workload, bare)
  const drive = async (seconds: number): Promise<Sample> =>
    demanded(await driver.closed(server.url, connections, seconds))
  await drive(warmUpSeconds)
  return {
    name: `${workload.id}, ${workload.shape.slice(1).join('x')}, saturated, ${connections} connections`,
    calibrate: async (seconds) => rate(await run(seconds)),
    phases: [
      { name: 'bare', run: (s) => sampled({ subject: bare.child }, () => run(s, best)) },
      {
        name: 'served',
        run: (s) => sampled({ subject: server.child, driver: driver.child }, () => drive(s)),
      },
    ],
    metrics: [
      {
        ...{ name: 'rate / best batch of bare', unit: '', better: 'more', bar: 0.95 },
        claim: 'near the best batch',
        value: (samples) => rate(sampleOf(samples, 'served')) / rate(sampleOf(samples, 'bare')),
      },
      {
        ...{ name: 'CPU per request / that of it', unit: '', better: 'less', bar: mostCpu },
        claim: 'near the best batch',
        value: (samples) => cpuUs(sampleOf(samples, 'served')) / cpuUs(sampleOf(samples, 'bare')),
      },
      {
        ...{ name: 'requests a run of that batch', unit: '', better: 'more' },
        value: () => best,
      },
      {
        ...{ name: 'cores taken by the driver', unit: '', better: 'less' },
        value: (samples) => {
          const { driverCpuSeconds, seconds } = sampleOf(samples, 'served')
          return driverCpuSeconds! / seconds
        },
      },
    ],
    notes: { sweep: Object.fromEntries(sweep), threads: cores },
    async close() {
      await Promise.all([server.stop(), bare.child.stop(), driver.stop()])
    },
  }
}
