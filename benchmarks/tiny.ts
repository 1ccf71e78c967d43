/**
 * What does a request for a tiny model cost over an echo, in one or more checkouts? A minute of
 * alternating seconds, to tune the path of a request by; nothing of it is kept.
 *
 *     node benchmarks/tiny.ts [--server A/bin/sluice.mjs --server B/bin/sluice.mjs] [--seconds 60]
 *                             [--connections 8,32] [--format oip,binary]
 *
 * Servers are on core 0, `wrk` is on core 1. The figures are medians with 95 % intervals; the
 * last line of each group is the second server over the first, turn by turn.
 */
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bareAnswers } from './bare-side.ts'
import { exitOnSignals } from './child.ts'
import { prepare } from './prepare.ts'
import { readStat, stealShare } from './proc.ts'
import { cpuUs, rate, type Sample } from './question.ts'
import { type Format, requestsOf } from './requests.ts'
import { sampled } from './sampling.ts'
import { type Server, startEcho, startSluice } from './server.ts'
import { type Estimate, estimate } from './statistics.ts'
import { startDriver, verify } from './verify.ts'
import { modelPath, workloads } from './workloads.ts'
import { Wrk } from './wrk.ts'

const workload = workloads.tiny
const [serverCores, driverCores] = availableParallelism() > 1 ? ['0', '1'] : ['0', '0']
const { values: flags } = parseArgs({
  options: {
    server: {
      type: 'string',
      multiple: true,
      default: [join(import.meta.dirname, '../bin/sluice.mjs')],
    },
    seconds: { type: 'string', default: '60' },
    connections: { type: 'string', default: '8,32' },
    format: { type: 'string', default: 'oip' },
  },
})

exitOnSignals()

await main()

async function main(): Promise<void> {
  prepare()
  const answers = await bareAnswers(workload)
  const servers: Server[] = [await startEcho(serverCores)]
  const names = ['echo', ...flags.server]
  for (const script of flags.server) {
    const options = { script: resolve(script), cores: serverCores }
    servers.push(await startSluice(modelPath(workload), options))
  }
  const settings = flags.format.split(',').flatMap((format) =>
    flags.connections.split(',').map((connections) => ({
      format: format as Format,
      connections: Number(connections),
      samples: servers.map((): Sample[] => []),
      wrk: new Wrk(requestsOf(workload, format as Format), driverCores),
    })),
  )
  for (const { format, connections, wrk } of settings) {
    const driver = startDriver(workload, format)
    for (const { url } of servers.slice(1)) {
      await verify(driver, url, { answers: async () => answers })
    }
    await driver.stop()
    for (const { url } of servers) await wrk.run(url, connections, 2)
  }

  const turns = Math.max(3, Math.floor(Number(flags.seconds) / (settings.length * servers.length)))
  const before = readStat()
  for (let turn = 0; turn < turns; turn += 1) {
    for (const { connections, samples, wrk } of settings) {
      const order = [...servers.keys()]
      for (const i of turn % 2 === 0 ? order : order.toReversed()) {
        const { child, url } = servers[i]!
        samples[i]!.push(await sampled({ subject: child }, () => wrk.run(url, connections, 1)))
      }
    }
  }
  const steal = stealShare(before, readStat())
  for (const { format, connections, samples, wrk } of settings) {
    console.log(`\n${format}, ${connections} connections, ${turns} turns`)
    for (const line of lines(names, samples)) console.log(line)
    wrk.close()
  }
  console.log(`\nstolen by other machines: ${(steal * 100).toFixed(1)} %`)
  await Promise.all(servers.map((server) => server.stop()))
}

function lines(names: readonly string[], samples: readonly (readonly Sample[])[]): string[] {
  const over = (value: (sample: Sample) => number, i: number, j: number) =>
    estimate(samples[i]!.map((sample, turn) => value(sample) / value(samples[j]![turn]!)))
  const told = names.map((name, i) => {
    const us = estimate(samples[i]!.map(cpuUs))
    const figures = [
      `${us.median.toFixed(1)} us a request`,
      `CPU / echo ${shown(over(cpuUs, i, 0))}`,
      `rate / echo ${shown(over(rate, i, 0))}`,
      `p50 ${estimate(samples[i]!.map((sample) => sample.p50Ms)).median.toFixed(3)} ms`,
    ]
    return `  ${figures.join(', ')}  ${name}`
  })
  if (names.length < 3) return told
  return [
    ...told,
    `  CPU of the second over the first ${shown(over(cpuUs, 2, 1))}, rate ${shown(over(rate, 2, 1))}`,
  ]
}

function shown({ median, low, high }: Estimate): string {
  return `${median.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`
}
