/**
 * How late are answers at 70 % of what the machine can do, over what they must be? The arrivals that
 * the server had go through an ideal queue: a server for each core, whose runs take what bare runs
 * took in the same round, and nothing else takes any time.
 */
import { figure, type Question, rate, sampleOf } from '../question.ts'
import { sampled } from '../sampling.ts'
import { quantile, seeded } from '../statistics.ts'
import type { Workload } from '../workloads.ts'
import { idealLatencies } from './ideal.ts'
import { sampleOfLoad } from './outcome.ts'
import { cores, Driver, demanded, serve, startYardstick } from './set-up.ts'

const share = 0.7
/** A second has about a hundred arrivals, and the p99 needs some hundreds. */
const phasesLonger = 2

export async function openPoisson(script: string, workload: Workload): Promise<Question> {
  const { bare } = await startYardstick(workload)
  const server = await serve(script, [{ workload }])
  const driver = await Driver.start(workload, bare)
  demanded(await driver.closed(server.url, 8, 4))
  let now = { perSecond: 0, runMs: [0] as readonly number[] }
  return {
    name: `${workload.id}, arrivals at ${share * 100} % of bare`,
    calibrate: async (seconds) => {
      const sample = await bare.run({ threads: cores, seconds, times: true })
      now = { perSecond: share * rate(sample), runMs: sample.runMs! }
      return rate(sample)
    },
    phases: [
      {
        name: 'served',
        run: (s) => {
          const { perSecond, runMs } = now
          return sampled({ subject: server.child, driver: driver.child }, async () => {
            const load = await driver.open(server.url, perSecond, s * phasesLonger)
            const sample = sampleOfLoad(load)
            const random = seeded(1)
            const draw = () => runMs[Math.floor(random() * runMs.length)]!
            const ideal = idealLatencies(load.dueMs, cores, draw)
            const idealP50Ms = quantile(ideal, 0.5)
            const figures = { ...sample.figures, idealP50Ms, idealP99Ms: quantile(ideal, 0.99) }
            return { ...sample, figures }
          })
        },
      },
    ],
    metrics: [
      {
        ...{ name: 'p99 / ideal p99', unit: '', better: 'less', bar: 2 },
        value: (samples) => {
          return sampleOf(samples, 'served').p99Ms! / figure(samples, 'served', 'idealP99Ms')
        },
      },
      {
        ...{ name: 'p50 / ideal p50', unit: '', better: 'less' },
        value: (samples) => {
          return sampleOf(samples, 'served').p50Ms / figure(samples, 'served', 'idealP50Ms')
        },
      },
      {
        ...{ name: 'p99', unit: 'ms', better: 'less' },
        value: (samples) => sampleOf(samples, 'served').p99Ms!,
      },
      {
        ...{ name: 'requests without an answer', unit: '', better: 'less', bar: 0 },
        value: (samples) =>
          figure(samples, 'served', 'refused') + figure(samples, 'served', 'failed'),
      },
      {
        ...{ name: 'driver sent late, p99', unit: 'ms', better: 'less' },
        value: (samples) => sampleOf(samples, 'served').sentLateP99Ms!,
      },
    ],
    notes: { share, threads: cores },
    async close() {
      await Promise.all([server.stop(), bare.child.stop(), driver.stop()])
    },
  }
}
