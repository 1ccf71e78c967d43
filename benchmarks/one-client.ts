/**
 * How much longer does one client wait for an answer than a bare run takes?
 *
 * The p50 that the client sees (`node:http`, binary tensors, one connection) minus the p50 of the
 * bare run. The client's own time is in it; beside it stands the same client with the echo, which
 * answers the same bytes without a model, so that one sees how much of the difference is that.
 */
import { startFasterBare } from './bare-side.ts'
import { type Question, rate, type Samples, sampleOf } from './question.ts'
import { sampled } from './sampling.ts'
import { startEcho, startSluice } from './server.ts'
import { startDriver, verify } from './verify.ts'
import { modelPath, type Workload } from './workloads.ts'

export async function openOneClient(workload: Workload, script: string): Promise<Question> {
  const bare = await startFasterBare(workload, 1)
  const server = await startSluice(modelPath(workload), { script })
  const echo = await startEcho()
  const driver = startDriver(workload, 'binary')
  await verify(driver, server.url, bare)

  const drive = (url: string, seconds: number) =>
    driver.ask<never>({ url, connections: 1, seconds })
  await drive(server.url, 1)
  await drive(echo.url, 1)
  const p50 = (phase: string) => (samples: Samples) => sampleOf(samples, phase).p50Ms

  return {
    name: `${workload.id}, one client`,
    calibrate: async (seconds) => rate(await bare.run(seconds)),
    phases: [
      { name: 'bare', run: (s) => sampled({ subject: bare.child }, () => bare.run(s)) },
      {
        name: 'served',
        run: (s) => sampled({ subject: server.child, driver }, () => drive(server.url, s)),
      },
      {
        name: 'echo',
        run: (s) => sampled({ subject: echo.child, driver }, () => drive(echo.url, s)),
      },
    ],
    metrics: [
      {
        name: 'p50 served - p50 bare',
        unit: 'ms',
        better: 'less',
        ...(workload.bars.oneClientMs !== undefined && { bar: workload.bars.oneClientMs }),
        value: (samples) => p50('served')(samples) - p50('bare')(samples),
      },
      { name: 'p50 of the echo', unit: 'ms', better: 'less', value: p50('echo') },
      { name: 'p50 of the bare run', unit: 'ms', better: 'less', value: p50('bare') },
    ],
    notes: { bare: bare.binding, bareRates: bare.rates },
    async close() {
      await Promise.all([server.stop(), echo.stop(), bare.child.stop(), driver.stop()])
    },
  }
}
