/**
 * What is left of a server that is asked for twice and for ten times what it can do, and has promised
 * to answer in time? Answers in time over what it can answer at all, how soon it refuses the others,
 * and whether those that it admits are in time.
 */
import { figure, type Metric, type Question, rate, type Samples, sampleOf } from '../question.ts'
import { sampled } from '../sampling.ts'
import type { Workload } from '../workloads.ts'
import { sampleOfLoad } from './outcome.ts'
import { Driver, demanded, serve, startYardstick } from './set-up.ts'

const factors = [2, 10]
/** Of a server that promises nothing, for what it can answer at all. */
const connections = 8
/** On a machine on which five runs take longer, these are promised. */
const leastSloMs = 50
const sloRuns = 5

export async function openOverload(script: string, workload: Workload): Promise<Question> {
  const { bare, run } = await startYardstick(workload)
  const sloMs = Math.max(leastSloMs, Math.ceil(sloRuns * (await run(2)).p50Ms))
  const server = await serve(script, [{ workload, yaml: `slo: {p99Ms: ${sloMs}}` }])
  const free = await serve(script, [{ workload }])
  const driver = await Driver.start(workload, bare)
  const capacity = await driver.saturatedRate(free.url, connections, 2)
  await driver.open(server.url, capacity, 4)
  return {
    name: `${workload.id}, overload, ${sloMs} ms promised`,
    calibrate: async (seconds) => rate(await run(seconds)),
    phases: [
      {
        name: 'capacity',
        run: (s) =>
          sampled({ subject: free.child, driver: driver.child }, async () =>
            demanded(await driver.closed(free.url, connections, s)),
          ),
      },
      ...factors.map((factor) => ({
        name: `x${factor}`,
        run: (s: number) =>
          sampled({ subject: server.child, driver: driver.child }, async () =>
            sampleOfLoad(await driver.open(server.url, factor * capacity, s), sloMs),
          ),
      })),
    ],
    metrics: factors.flatMap((factor) => metricsOf(`x${factor}`, sloMs)),
    notes: { sloMs, capacity },
    async close() {
      await Promise.all([server.stop(), free.stop(), bare.child.stop(), driver.stop()])
    },
  }
}

function metricsOf(phase: string, sloMs: number): readonly Metric[] {
  const of = (name: string) => (samples: Samples) => figure(samples, phase, name)
  return [
    {
      ...{ name: `${phase}: answers in time / capacity`, unit: '', better: 'more', bar: 0.9 },
      value: (samples) =>
        of('good')(samples) /
        sampleOf(samples, phase).seconds /
        rate(sampleOf(samples, 'capacity')),
    },
    {
      ...{ name: `${phase}: p99 of a refusal`, unit: 'ms', better: 'less', bar: 5 },
      value: of('refusedP99Ms'),
    },
    { ...{ name: `${phase}: p50 of it`, unit: 'ms', better: 'less' }, value: of('refusedP50Ms') },
    {
      ...{ name: `${phase}: p99 of the admitted`, unit: 'ms', better: 'less', bar: sloMs },
      value: (samples) => sampleOf(samples, phase).p99Ms!,
    },
    {
      ...{ name: `${phase}: neither answered nor refused`, unit: '', better: 'less', bar: 0 },
      value: of('failed'),
    },
    {
      ...{ name: `${phase}: driver sent late, p99`, unit: 'ms', better: 'less' },
      value: (samples) => sampleOf(samples, phase).sentLateP99Ms!,
    },
  ]
}
