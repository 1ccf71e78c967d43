/**
 * What does a model cost that is there and hardly asked? One tiny model against 500 of them: all
 * loaded, and all but two asleep, to be loaded when they are asked. Fresh servers in every round,
 * started after each other; memory is read when they have rested.
 */
import { Agent } from 'node:http'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { LoopProbe } from '../loop.ts'
import { type Sluice, startSluice } from '../server.ts'
import { median, quantile } from '../statistics.ts'
import { demand } from './ask.ts'
import { RepositoryFolder } from './folder.ts'
import { tinyModel } from './onnx-models.ts'
import { counted, estimated, type Part } from './part.ts'
import { residentBytes } from './resident.ts'

export interface RegisteredPlan {
  readonly rounds: number
  readonly restMs: number
}

const many = 500
/** What `one` is measured against: each server's further options. */
const servers = {
  one: [],
  loaded: [],
  // room for two of them
  asleep: ['--model-memory', '1MiB', '--model-evict'],
} as const
const bars = { asleepKiB: 20, loadedKiB: 0.6 * 1024 }
const name = `${many} tiny models`

type Which = keyof typeof servers

interface Started {
  readonly server: Sluice
  readonly probe: LoopProbe
  readonly readyMs: number
}

interface Rested {
  readonly readyMs: number
  readonly bytes: number
  /** Of JavaScript, once garbage was collected. */
  readonly heapBytes: number
}

export async function measureRegistered(
  script: string,
  { rounds, restMs }: RegisteredPlan,
): Promise<Part> {
  const folders = { one: folderOf(1), loaded: folderOf(many), asleep: folderOf(many) }
  const taken: Readonly<Record<Which, Rested>>[] = []
  const afterRestMs: number[] = []
  const firstMs: number[] = []
  const againMs: number[] = []
  for (let i = 0; i < rounds; i += 1) {
    const order = Object.keys(servers) as Which[]
    const started = new Map<Which, Started>()
    for (const which of i % 2 === 0 ? order : order.toReversed()) {
      started.set(which, await start(script, folders[which].root, servers[which]))
    }
    await wait(restMs)
    const rested = (which: Which) => rest(started.get(which)!)
    const round = {
      one: await rested('one'),
      loaded: await rested('loaded'),
      asleep: await rested('asleep'),
    }
    taken.push(round)
    const { first, again } = await firstRequests(started.get('asleep')!.server.url)
    afterRestMs.push(first[0]!)
    firstMs.push(...first.slice(1))
    againMs.push(...again)
    await Promise.all([...started.values()].map(({ server }) => server.stop()))
    for (const { probe } of started.values()) probe.close()
    console.error(`${name}, round ${i + 1}: ${JSON.stringify(round)}`)
  }
  for (const folder of Object.values(folders)) folder.close()

  /** Of the 499 that there are more than in `one`, in each round. */
  const each = (which: Which, what: keyof Rested, per = 1) =>
    taken.map((round) => (round[which][what] - round.one[what]) / (many - 1) / per)
  const row = (metric: string, unit: string, values: readonly number[], bar?: number) =>
    estimated(name, { metric, unit, values, ...(bar !== undefined && { bar }) })
  const ms = (metric: string, value: number) => counted(name, { metric, unit: 'ms', value })
  return {
    name,
    rounds: [],
    notes: { restMs, taken, afterRestMs, firstMs, againMs },
    summaries: [
      row('memory of one loaded', 'KiB', each('loaded', 'bytes', 1024), bars.loadedKiB),
      row('JavaScript heap of that', 'KiB', each('loaded', 'heapBytes', 1024)),
      row('memory of one asleep', 'KiB', each('asleep', 'bytes', 1024), bars.asleepKiB),
      row('JavaScript heap of that', 'KiB', each('asleep', 'heapBytes', 1024)),
      row(
        'start to ready with one',
        'ms',
        taken.map(({ one }) => one.readyMs),
      ),
      row('more for each one loaded', 'ms', each('loaded', 'readyMs')),
      row('more for each one asleep', 'ms', each('asleep', 'readyMs')),
      ms('first request to one asleep, median', median(firstMs)),
      ms('first request to one asleep, p99', quantile(firstMs, 0.99)),
      ms('first request to any after the rest, median', median(afterRestMs)),
      ms('the request after it, median', median(againMs)),
    ],
  }
}

async function start(script: string, root: string, args: readonly string[]): Promise<Started> {
  const probe = new LoopProbe(join(import.meta.dirname, 'heap-in-use.ts'))
  const began = performance.now()
  const server = await startSluice(root, {
    ...{ script, args, nodeArgs: probe.args, env: probe.env },
  })
  return { server, probe, readyMs: performance.now() - began }
}

async function rest({ server, probe, readyMs }: Started): Promise<Rested> {
  const bytes = residentBytes(server.child.pid)
  return { readyMs, bytes, heapBytes: await probe.take(server.child) }
}

/** Each of these wakes a model and puts another one to sleep; one after the other. */
async function firstRequests(url: string) {
  const agent = new Agent({ keepAlive: true })
  const body = JSON.stringify({ features: Array.from({ length: 32 }, (_, i) => i / 32) })
  const first: number[] = []
  const again: number[] = []
  // the first few may be awake
  for (let i = 5; i < many; i += 5) {
    for (const times of [first, again]) {
      const began = performance.now()
      await demand(`${url}/predict/${nameOf(i)}`, agent, body)
      times.push(performance.now() - began)
    }
  }
  agent.destroy()
  return { first, again }
}

function folderOf(count: number): RepositoryFolder {
  const folder = new RepositoryFolder()
  for (let i = 0; i < count; i += 1) folder.write(nameOf(i), 1, tinyModel(i))
  return folder
}

const nameOf = (i: number) => `tiny-${i}`
