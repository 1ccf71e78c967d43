/** What does an answer cost that was given before, over an echo and over one that is computed? */
import { availableParallelism } from 'node:os'
import { cpuUs, type Question, rate, sampleOf } from '../question.ts'
import { requestsOf } from '../requests.ts'
import { sampled } from '../sampling.ts'
import { type Server, startEcho } from '../server.ts'
import { startDriver, verify } from '../verify.ts'
import type { Workload } from '../workloads.ts'
import { Wrk } from '../wrk.ts'
import { NotThere, serve, startYardstick } from './set-up.ts'

const connections = 32

export async function openCached(script: string, workload: Workload): Promise<Question> {
  const { bare, run } = await startYardstick(workload)
  const driverCores = `${Math.min(1, availableParallelism() - 1)}`
  const kept = await serve(script, [{ workload, yaml: 'cache: {ttlMs: 60000}' }], '0')
  const computed = await serve(script, [{ workload }], '0')
  const echo = await startEcho('0')
  const wrk = new Wrk(requestsOf(workload, 'oip'), driverCores)
  const driver = startDriver(workload, 'oip')
  for (const { url } of [kept, computed]) await verify(driver, url, bare)
  await driver.stop()
  const servers: Readonly<Record<string, Server>> = { echo, computed, kept }
  for (const { url } of Object.values(servers)) await wrk.run(url, connections, 3)
  if (!((await hits(kept.url)) > 0)) throw new NotThere('the server counts no hit of its cache')
  return {
    name: `${workload.id}, json, answers given again, ${connections} connections`,
    calibrate: async (seconds) => rate(await run(seconds)),
    phases: Object.entries(servers).map(([name, { child, url }]) => ({
      name,
      run: (s: number) => sampled({ subject: child }, () => wrk.run(url, connections, s)),
    })),
    metrics: [
      {
        ...{ name: 'CPU per request / echo', unit: '', better: 'less', bar: 1.5 },
        value: (samples) => cpuUs(sampleOf(samples, 'kept')) / cpuUs(sampleOf(samples, 'echo')),
      },
      {
        ...{ name: 'CPU per request / computed', unit: '', better: 'less', bar: 1 },
        value: (samples) => cpuUs(sampleOf(samples, 'kept')) / cpuUs(sampleOf(samples, 'computed')),
      },
    ],
    notes: {},
    async close() {
      const all = Object.values(servers).map((server) => server.stop())
      await Promise.all([...all, bare.child.stop()])
      wrk.close()
    },
  }
}

/** What the server says of its cache. */
async function hits(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^nv_cache_num_hits_per_model\{[^}]*\} (\S+)/m.exec(text)?.[1] ?? 0)
}
