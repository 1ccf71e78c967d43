/**
 * The load of the questions about the scheduler, a process of its own: `driver.ts WORKLOAD`, binary
 * tensors. Every answer is held against what is right, so that rows that were swapped are seen.
 *
 * Statements and questions on stdin, answers on stdout, a line of JSON each:
 * {"expected"}                                 what is right for each input
 * {"url", "connections", "seconds"}            closed loop -> a `Load`
 * {"url", "perSecond", "seconds", "seed"}      open loop -> a `Load`
 */
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { arrivals } from '../repository/schedule.ts'
import { answerOf, requestsOf } from '../requests.ts'
import { close } from '../verify.ts'
import { workloads } from '../workloads.ts'
import { Connection, messageOf, type Reply } from './connection.ts'
import type { Load } from './outcome.ts'

interface Line {
  readonly expected?: readonly (readonly number[])[]
  readonly url?: string
  readonly connections?: number
  readonly seconds?: number
  readonly perSecond?: number
  readonly seed?: number
}

const [id = 'W3'] = process.argv.slice(2) as [keyof typeof workloads]
const { path, headers, bodies } = requestsOf(workloads[id], 'binary')
let expected: readonly (readonly number[])[] = []

for await (const text of createInterface({ input: process.stdin })) {
  const line = JSON.parse(text) as Line
  if (line.expected !== undefined) expected = line.expected
  if (line.url === undefined) continue
  const url = new URL(path, line.url)
  const messages = bodies.map((body) => messageOf(url, headers, body))
  const { connections, seconds = 0, perSecond = 0, seed = 1 } = line
  const done =
    connections === undefined
      ? open(url, messages, perSecond, seconds, seed)
      : closed(url, messages, connections, seconds)
  console.log(JSON.stringify(await done))
}

/** Asks when it is time to, however many answers are still to come. */
async function open(
  url: URL,
  messages: readonly Buffer[],
  perSecond: number,
  seconds: number,
  seed: number,
): Promise<Load> {
  const idle: Connection[] = []
  const all = new Set<Connection>()
  const asked: Promise<readonly [number, number, number, number]>[] = []
  const one = async (due: number, dueMs: number) => {
    let connection = idle.pop()
    while (connection?.usable === false) connection = idle.pop()
    connection ??= new Connection(url)
    all.add(connection)
    const sent = performance.now()
    const input = asked.length % messages.length
    const status = await outcome(connection.ask(messages[input]!), input)
    const now = performance.now()
    if (connection.usable) idle.push(connection)
    else all.delete(connection)
    return [dueMs, sent - due, now - due, status] as const
  }
  const start = performance.now()
  for (const at of arrivals(perSecond, seed)) {
    if (at > seconds * 1000) break
    for (let left = start + at - performance.now(); left > 0; ) {
      await wait(left)
      left = start + at - performance.now()
    }
    asked.push(one(start + at, at))
  }
  const answered = await Promise.all(asked)
  for (const connection of all) connection.close()
  return loadOf(answered, seconds)
}

/** A connection asks when it has its answer. */
async function closed(
  url: URL,
  messages: readonly Buffer[],
  connections: number,
  seconds: number,
): Promise<Load> {
  const answered: (readonly [number, number, number, number])[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  let turn = 0
  const client = async () => {
    let connection = new Connection(url)
    for (let now = start; now < end; ) {
      const input = turn++ % messages.length
      const sent = now
      if (!connection.usable) connection = new Connection(url)
      const status = await outcome(connection.ask(messages[input]!), input)
      now = performance.now()
      answered.push([sent - start, 0, now - sent, status])
      if (status === 0) await wait(10) // a server that hangs up is not asked without end
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: connections }, client))
  return loadOf(answered, (performance.now() - start) / 1000)
}

/** The status; 0 where the connection broke, 1 where the answer is wrong. */
async function outcome(reply: Promise<Reply>, input: number): Promise<number> {
  try {
    const { status, body, headerLength } = await reply
    if (status !== 200) return status
    const got = answerOf('binary', body, headerLength)
    const row = expected[input]!
    const right = got.length === row.length && row.every((value, i) => close(value, got[i]!))
    return right ? 200 : 1
  } catch {
    return 0
  }
}

function loadOf(
  answered: readonly (readonly [number, number, number, number])[],
  seconds: number,
): Load {
  return {
    seconds,
    dueMs: answered.map(([due]) => round(due)),
    sentLateMs: answered.map(([, late]) => round(late)),
    latencyMs: answered.map(([, , latency]) => round(latency)),
    status: answered.map(([, , , status]) => status),
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
