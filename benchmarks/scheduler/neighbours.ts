/**
 * What does a model lose when another one beside it is asked for ten times what the server can do?
 * Where both want all the time, half of it is fair. And where it wants a quarter, its answers should
 * wait for runs of the other that are under way, and for no more.
 */
import { type Question, rate, type Sample, sampleOf } from '../question.ts'
import { sampled } from '../sampling.ts'
import type { Workload } from '../workloads.ts'
import { type Load, sampleOfLoad } from './outcome.ts'
import { Driver, demanded, serve, startYardstick } from './set-up.ts'

const connections = 8
const modest = 0.25
const factor = 10

export async function openNeighbours(
  script: string,
  hot: Workload,
  other: Workload,
): Promise<Question> {
  const { bare, run } = await startYardstick(hot)
  const { bare: otherBare } = await startYardstick(other)
  const server = await serve(script, [{ workload: hot }, { workload: other }])
  const { url } = server
  const hotDriver = await Driver.start(hot, bare)
  const driver = await Driver.start(other, otherBare)
  await otherBare.child.stop()
  const hotCapacity = await hotDriver.saturatedRate(url, connections, 2)
  const capacity = await driver.saturatedRate(url, connections, 2)

  const always = (s: number) => driver.closed(url, connections, s)
  const modestly = (s: number) => driver.open(url, modest * capacity, s)
  const beside = async (s: number, ask: (s: number) => Promise<Load>): Promise<Sample> => {
    const lead = 0.3 // the neighbour's queue is full before anything counts
    const hotLoad = hotDriver.open(url, factor * hotCapacity, s + 2 * lead)
    await new Promise((resolve) => setTimeout(resolve, lead * 1000))
    const sample = sampleOfLoad(await ask(s))
    const { refused, asked } = sampleOfLoad(await hotLoad).figures!
    return { ...sample, figures: { ...sample.figures, hotRefused: refused! / asked! } }
  }
  const watched = { subject: server.child, driver: driver.child }
  return {
    name: `${other.id} beside ${hot.id} at ${factor}x`,
    calibrate: async (seconds) => rate(await run(seconds)),
    phases: [
      { name: 'bare', run: () => sampled({ subject: bare.child }, () => run(1)) },
      { name: 'alone', run: (s) => sampled(watched, async () => demanded(await always(s))) },
      { name: 'beside', run: (s) => sampled(watched, () => beside(s, always)) },
      {
        name: 'modest alone',
        run: (s) => sampled(watched, async () => demanded(await modestly(s))),
      },
      { name: 'modest beside', run: (s) => sampled(watched, () => beside(s, modestly)) },
    ],
    metrics: [
      {
        ...{ name: 'rate / fair share', unit: '', better: 'more', bar: 0.8 },
        value: (samples) =>
          rate(sampleOf(samples, 'beside')) / (rate(sampleOf(samples, 'alone')) / 2),
      },
      {
        ...{ name: 'p99 over alone, in runs of the other', unit: '', better: 'less', bar: 2 },
        value: (samples) =>
          (sampleOf(samples, 'modest beside').p99Ms! - sampleOf(samples, 'modest alone').p99Ms!) /
          sampleOf(samples, 'bare').p50Ms,
      },
      {
        ...{ name: 'p50 over alone, in runs of the other', unit: '', better: 'less' },
        value: (samples) =>
          (sampleOf(samples, 'modest beside').p50Ms - sampleOf(samples, 'modest alone').p50Ms) /
          sampleOf(samples, 'bare').p50Ms,
      },
      {
        ...{ name: 'p99 alone', unit: 'ms', better: 'less' },
        value: (samples) => sampleOf(samples, 'modest alone').p99Ms!,
      },
      {
        ...{ name: 'a run of the other', unit: 'ms', better: 'less' },
        value: (samples) => sampleOf(samples, 'bare').p50Ms,
      },
      {
        ...{ name: 'without an answer', unit: '', better: 'less', bar: 0 },
        value: (samples) =>
          ['beside', 'modest beside'].reduce((sum, phase) => {
            const { refused, failed } = sampleOf(samples, phase).figures!
            return sum + refused! + failed!
          }, 0),
      },
    ],
    notes: { hotCapacity, capacity, modest, factor },
    async close() {
      await Promise.all([server.stop(), bare.child.stop(), driver.stop(), hotDriver.stop()])
    },
  }
}
