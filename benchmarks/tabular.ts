/**
 * What does a request for a tiny model cost, where the model itself costs next to nothing?
 *
 * Rate and processor time per request over those of the echo with the same body, both driven by
 * `wrk` from another process on the same cores, unpinned. No bar yet.
 */
import { startFasterBare } from './bare-side.ts'
import { cpuUs, type Question, rate, sampleOf } from './question.ts'
import { type Format, requestsOf } from './requests.ts'
import { sampled } from './sampling.ts'
import { startEcho, startSluice } from './server.ts'
import { startDriver, verify } from './verify.ts'
import { modelPath, type Workload } from './workloads.ts'
import { Wrk } from './wrk.ts'

export async function openTabular(
  workload: Workload,
  script: string,
  format: Format,
  connections: number,
): Promise<Question> {
  const bare = await startFasterBare(workload, 1)
  const server = await startSluice(modelPath(workload), { script })
  const echo = await startEcho()
  const driver = startDriver(workload, format)
  await verify(driver, server.url, bare)
  await driver.stop()

  const wrk = new Wrk(requestsOf(workload, format))
  await wrk.run(server.url, connections, 1)
  await wrk.run(echo.url, connections, 1)

  return {
    name: `${workload.id}, ${format}, ${connections} connection${connections > 1 ? 's' : ''}`,
    calibrate: async (seconds) => rate(await bare.run(seconds)),
    phases: [
      {
        name: 'echo',
        run: (s) => sampled({ subject: echo.child }, () => wrk.run(echo.url, connections, s)),
      },
      {
        name: 'served',
        run: (s) => sampled({ subject: server.child }, () => wrk.run(server.url, connections, s)),
      },
    ],
    metrics: [
      {
        name: 'CPU per request / echo',
        unit: '',
        better: 'less',
        value: (samples) => cpuUs(sampleOf(samples, 'served')) / cpuUs(sampleOf(samples, 'echo')),
      },
      {
        name: 'rate / echo',
        unit: '',
        better: 'more',
        value: (samples) => rate(sampleOf(samples, 'served')) / rate(sampleOf(samples, 'echo')),
      },
    ],
    notes: { bare: bare.binding, bareRates: bare.rates },
    async close() {
      await Promise.all([server.stop(), echo.stop(), bare.child.stop()])
      wrk.close()
    },
  }
}
