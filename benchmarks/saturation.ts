/**
 * How much of the machine's bare throughput is left when everything is busy, and is the event loop
 * still in time?
 *
 * Eight connections that always ask, against as many concurrent bare runs as there are cores. The
 * load driver needs processor time of the same cores; what it took is printed, and the processor
 * time of the server's own process per request stands beside the rate: one of the two must meet
 * its bar. The loop's delay is compared with that of an idle loop beside the bare load.
 */
import { availableParallelism } from 'node:os'
import { startFasterBare } from './bare-side.ts'
import { LoopProbe, startIdleLoop } from './loop.ts'
import { processCount } from './proc.ts'
import { cpuUs, type Question, rate, type Sample, sampleOf } from './question.ts'
import { sampled } from './sampling.ts'
import { startSluice } from './server.ts'
import { startDriver, verify } from './verify.ts'
import { modelPath, type Workload } from './workloads.ts'

const connections = 8
const mostLoopDelayMs = 2

export async function openSaturation(workload: Workload, script: string): Promise<Question> {
  const bare = await startFasterBare(workload, availableParallelism())
  const probe = new LoopProbe()
  const idleProbe = new LoopProbe()
  const idle = await startIdleLoop(idleProbe)
  const server = await startSluice(modelPath(workload), {
    script,
    nodeArgs: probe.args,
    env: probe.env,
  })
  if (processCount(server.child.pid) > 1) {
    throw new Error('the server runs in a child process: the loop watched would be another one')
  }
  const driver = startDriver(workload, 'binary')
  await verify(driver, server.url, bare)

  const drive = (seconds: number) => driver.ask<Sample>({ url: server.url, connections, seconds })
  await drive(1)

  const { rate: rateBar, cpu: cpuBar } = workload.bars
  return {
    name: `${workload.id}, saturated, ${connections} connections`,
    calibrate: async (seconds) => rate(await bare.run(seconds)),
    phases: [
      {
        name: 'bare',
        run: (s) =>
          sampled({ subject: bare.child, loop: { probe: idleProbe, child: idle } }, () =>
            bare.run(s),
          ),
      },
      {
        name: 'served',
        run: (s) =>
          sampled({ subject: server.child, driver, loop: { probe, child: server.child } }, () =>
            drive(s),
          ),
      },
    ],
    metrics: [
      {
        name: 'rate / bare',
        unit: '',
        better: 'more',
        ...(rateBar !== undefined && { bar: rateBar }),
        claim: 'near bare',
        value: (samples) => rate(sampleOf(samples, 'served')) / rate(sampleOf(samples, 'bare')),
      },
      {
        name: 'CPU per request / bare',
        unit: '',
        better: 'less',
        ...(cpuBar !== undefined && { bar: cpuBar }),
        claim: 'near bare',
        value: (samples) => cpuUs(sampleOf(samples, 'served')) / cpuUs(sampleOf(samples, 'bare')),
      },
      {
        name: 'loop delay p99 - idle loop',
        unit: 'ms',
        better: 'less',
        bar: mostLoopDelayMs,
        value: (samples) =>
          sampleOf(samples, 'served').loopP99Ms! - sampleOf(samples, 'bare').loopP99Ms!,
      },
      {
        name: 'cores taken by the driver',
        unit: '',
        better: 'less',
        value: (samples) => {
          const { driverCpuSeconds, seconds } = sampleOf(samples, 'served')
          return driverCpuSeconds! / seconds
        },
      },
    ],
    notes: { bare: bare.binding, bareRates: bare.rates },
    async close() {
      await Promise.all([server.stop(), idle.stop(), bare.child.stop(), driver.stop()])
      probe.close()
      idleProbe.close()
    },
  }
}
