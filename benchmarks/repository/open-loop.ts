/**
 * The load of the questions about models that come and go, a process of its own:
 * `open-loop.ts WORKLOAD`. Three kinds of clients ask, each with its share, and every answer is
 * held against the values that the version it names must give.
 *
 * Statements and questions on stdin, answers on stdout, a line of JSON each:
 * {"expected", "variants"}                  what is answered to each input; a version adds to
 *                                           each value its number modulo the variants there are
 * {"url", "connections", "seconds"}         closed loop -> {"requests", "seconds", "p50Ms"}
 * {"url", "perSecond", "seed"}              open loop, until {"stop": true} -> a list of `Answer`
 */
import { Agent } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import type { Sample } from '../question.ts'
import { quantile, seeded } from '../statistics.ts'
import { close } from '../verify.ts'
import { workloads } from '../workloads.ts'
import type { Answer } from './answers.ts'
import { ask, type Reply } from './ask.ts'
import { type Kind, kindsOf } from './clients.ts'
import { arrivals } from './schedule.ts'

interface Line {
  readonly expected?: readonly (readonly number[])[]
  readonly variants?: number
  readonly stop?: true
  readonly url?: string
  readonly connections?: number
  readonly seconds?: number
  readonly perSecond?: number
  readonly seed?: number
}

const [id = 'W3'] = process.argv.slice(2) as [keyof typeof workloads]
const kinds = kindsOf(workloads[id])
const agent = new Agent({ keepAlive: true })
let expected: readonly (readonly number[])[] = []
let variants = 1
let stopped = false

createInterface({ input: process.stdin }).on('line', (text) => {
  const line = JSON.parse(text) as Line
  if (line.expected !== undefined)
    ({ expected, variants = 1 } = { ...line, expected: line.expected })
  if (line.stop === true) stopped = true
  if (line.url === undefined) return
  const { url, connections, seconds = 0, perSecond = 0, seed = 1 } = line
  const load =
    connections === undefined ? open(url, perSecond, seed) : closed(url, connections, seconds)
  void load.then((result) => console.log(JSON.stringify(result)))
})

/** Asks when it is time to, however many answers are still to come. */
async function open(url: string, perSecond: number, seed: number): Promise<readonly Answer[]> {
  const answers: Promise<Answer>[] = []
  const random = seeded(seed + 1)
  const start = performance.now()
  stopped = false
  for (const at of arrivals(perSecond, seed)) {
    for (let left = start + at - performance.now(); left > 0 && !stopped; ) {
      await wait(left)
      left = start + at - performance.now()
    }
    if (stopped) break
    answers.push(answered(url, start + at, random))
  }
  return Promise.all(answers)
}

/** A connection asks when it has its answer. Ends this process where one is not right. */
async function closed(url: string, connections: number, seconds: number): Promise<Sample> {
  const times: number[] = []
  const random = seeded(1)
  const start = performance.now()
  const end = start + seconds * 1000
  const client = async () => {
    for (let now = start; now < end; now = performance.now()) {
      const { latencyMs, failed, wrong } = await answered(url, now, random)
      const problem = failed ?? wrong
      if (problem !== undefined) throw new Error(problem)
      times.push(latencyMs)
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  const passed = (performance.now() - start) / 1000
  return { requests: times.length, seconds: passed, p50Ms: quantile(times, 0.5) }
}

async function answered(url: string, dueAt: number, random: () => number): Promise<Answer> {
  const kind = kinds[Math.floor(random() * kinds.length)]!
  const input = Math.floor(random() * expected.length)
  const sentLateMs = performance.now() - dueAt
  const sentAt = Date.now()
  const reply = await ask(new URL(kind.path, url), agent, kind.bodies[input]!, kind.headers).catch(
    (thrown: Error) => thrown,
  )
  const times = { latencyMs: performance.now() - dueAt, sentLateMs, sentAt, answeredAt: Date.now() }
  return { ...times, ...judged(kind, input, reply) }
}

function judged(
  { name, read }: Kind,
  input: number,
  reply: Reply | Error,
): Pick<Answer, 'version' | 'failed' | 'wrong'> {
  if (reply instanceof Error) return { version: 0, failed: `${name}: ${reply.message}` }
  const { status, headers, body } = reply
  if (status !== 200) return { version: 0, failed: `${name}: status ${status}: ${body}` }
  const { version, values } = read(body, Number(headers['inference-header-content-length'] ?? 0))
  const named = Number(headers['x-sluice-version'])
  if (named !== version) {
    return { version, wrong: `${name}: version ${version} in the body, ${named} in the header` }
  }
  const row = expected[input]!
  const offset = version % variants
  const at = row.findIndex((value, i) => !close(value + offset, values[i]!))
  if (at < 0 && values.length === row.length) return { version }
  return {
    version,
    wrong: `${name}: version ${version}, element ${at} of ${values.length}: expected ${row[at]! + offset}, got ${values[at]}`,
  }
}
