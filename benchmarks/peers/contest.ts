/**
 * One question to all: bare ONNX Runtime, the echo, this server and every peer that can be asked it,
 * in turn within each round. All of them answer rightly before anything is timed. A peer that does
 * not start or fails is left out by name, and the others go on.
 */
import { availableParallelism } from 'node:os'
import { type Bare, startFasterBare } from '../bare-side.ts'
import { memoryBytes } from '../proc.ts'
import { type Question, rate, type Sample } from '../question.ts'
import { type Format, requestsOf } from '../requests.ts'
import { sampled } from '../sampling.ts'
import { startEcho, startSluice } from '../server.ts'
import { startDriver, verify } from '../verify.ts'
import { modelPath } from '../workloads.ts'
import { Wrk } from '../wrk.ts'
import { formatOf, type Peer } from './known.ts'
import { metricsOf } from './metrics.ts'
import { Running } from './running.ts'
import type { Setting } from './settings.ts'
import type { Stand } from './standing.ts'

export interface Contest extends Question {
  readonly notes: Readonly<Record<string, unknown>> & Pick<Stand, 'startMs' | 'memoryBytes'>
  /** Why peers are not in it. */
  readonly leftOut: ReadonlyMap<string, string>
}

interface Contender {
  readonly name: string
  readonly url: string
  readonly pid: number
  readonly wrk: Wrk
  readonly startMs: number
  stop(): Promise<void>
}

const warmUpSeconds = 3

export async function openContest(
  setting: Setting,
  script: string,
  peers: readonly Peer[],
): Promise<Contest> {
  const { workload, wire, connections, apart } = setting
  const serverCores = apart ? '0' : undefined
  const driverCores = apart ? `${Math.min(1, availableParallelism() - 1)}` : undefined
  const runs = apart ? 1 : availableParallelism()
  const own: Format = wire === 'json' ? 'oip' : 'binary'
  const leftOut = new Map<string, string>()
  const bare = await startFasterBare(workload, runs)
  const load = (format: Format) => new Wrk(requestsOf(workload, format), driverCores)

  const startEchoing = async (): Promise<Contender> => {
    const began = performance.now()
    const echo = await startEcho(serverCores)
    return contender('echo', echo, echo.child.pid, load(own), performance.now() - began)
  }
  const startOwn = async (): Promise<Contender> => {
    const began = performance.now()
    const server = await startSluice(modelPath(workload), {
      script,
      ...(serverCores !== undefined && { cores: serverCores }),
    })
    const started = performance.now() - began
    await verified(own, setting, server.url, bare)
    return contender('sluice', server, server.child.pid, load(own), started)
  }
  const startPeer = async (peer: Peer): Promise<Contender | undefined> => {
    const format = formatOf(peer, setting.group, wire)
    if (format === undefined) {
      leftOut.set(peer.name, `is not asked for this model in ${wire} over HTTP`)
      return undefined
    }
    try {
      const requests = requestsOf(workload, format)
      const running = await Running.start(peer, { workload, runs, cores: serverCores, requests })
      const wrk = load(format)
      try {
        await verified(format, setting, running.url, bare)
        await wrk.run(running.url, connections, warmUpSeconds)
      } catch (cause) {
        await running.stop()
        throw cause
      }
      return contender(peer.name, running, running.pid, wrk, running.startMs)
    } catch (cause) {
      leftOut.set(peer.name, (cause as Error).message)
      return undefined
    }
  }

  const all = [await startEchoing(), await startOwn()]
  for (const { wrk, url } of all) await wrk.run(url, connections, warmUpSeconds)
  for (const peer of peers) {
    const started = await startPeer(peer)
    if (started !== undefined) all.push(started)
  }
  const timed = async ({ name, url, pid, wrk }: Contender, seconds: number): Promise<Sample> => {
    if (leftOut.has(name)) return nothing
    try {
      return await sampled({ subject: { pid } }, () => wrk.run(url, connections, seconds))
    } catch (cause) {
      if (name === 'sluice' || name === 'echo') throw cause
      leftOut.set(name, `failed under load: ${(cause as Error).message}`)
      return nothing
    }
  }
  return {
    name: setting.name,
    leftOut,
    calibrate: async (seconds) => rate(await bare.run(seconds)),
    phases: [
      { name: 'bare', run: (s) => sampled({ subject: bare.child }, () => bare.run(s)) },
      ...all.map((one) => ({ name: one.name, run: (s: number) => timed(one, s) })),
    ],
    get metrics() {
      const names = all.map((one) => one.name).filter((name) => !leftOut.has(name))
      return metricsOf(setting, names.slice(2))
    },
    notes: {
      ...{ bare: bare.binding, bareRates: bare.rates },
      startMs: Object.fromEntries(all.map((one) => [one.name, one.startMs])),
      memoryBytes: Object.fromEntries(all.map((one) => [one.name, memoryBytes(one.pid)])),
    },
    async close() {
      await Promise.all([bare.child.stop(), ...all.map((one) => one.stop())])
    },
  }
}

const nothing: Sample = { requests: 0, seconds: 1, p50Ms: Number.NaN, cpuSeconds: 0 }

async function verified(format: Format, setting: Setting, url: string, bare: Bare): Promise<void> {
  const driver = startDriver(setting.workload, format)
  try {
    await verify(driver, url, bare)
  } finally {
    await driver.stop()
  }
}

function contender(
  name: string,
  server: { readonly url: string; stop(): Promise<void> },
  pid: number,
  wrk: Wrk,
  startMs: number,
): Contender {
  const stop = async () => {
    await server.stop()
    wrk.close()
  }
  return { name, url: server.url, pid, wrk, startMs, stop }
}
