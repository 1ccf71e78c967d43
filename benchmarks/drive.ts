/**
 * The closed-loop load driver, a process of its own: `drive.ts WORKLOAD FORMAT`. Each connection
 * sends its next request when the answer to the one before is there. That measures saturation and
 * what one client waits for; it says nothing about latency under a given load (coordinated
 * omission).
 *
 * Questions on stdin, answers on stdout, a line of JSON each:
 * {"url", "connections", "seconds"} -> {"requests", "seconds", "p50Ms"}
 * {"url", "answers": true} -> one list of numbers for every input
 */
import { Agent, type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'
import { answerOf, type Format, requestsOf } from './requests.ts'
import { quantile } from './statistics.ts'
import { workloads } from './workloads.ts'

interface Question {
  readonly url: string
  readonly connections?: number
  readonly seconds?: number
  readonly answers?: true
}

const [id = 'W3', format = 'binary'] = process.argv.slice(2) as [keyof typeof workloads, Format]
const { path, headers, bodies } = requestsOf(workloads[id], format)

for await (const line of createInterface({ input: process.stdin })) {
  const { url, connections = 1, seconds = 0, answers } = JSON.parse(line) as Question
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const send = (body: Buffer) => post(new URL(path, url), agent, body)
  console.log(JSON.stringify(await (answers ? ask(send) : load(send, connections, seconds))))
  agent.destroy()
}

async function ask(send: Send): Promise<readonly (readonly number[])[]> {
  const results: (readonly number[])[] = []
  for (const body of bodies) {
    const { response, chunks } = await send(body)
    const headerLength = Number(response.headers['inference-header-content-length'] ?? 0)
    results.push(answerOf(format, Buffer.concat(chunks), headerLength))
  }
  return results
}

/** What has begun before the time is over is finished and counted. */
async function load(send: Send, connections: number, seconds: number) {
  const times: number[] = []
  let turn = 0
  const start = performance.now()
  const end = start + seconds * 1000
  const client = async () => {
    let before = performance.now()
    while (before < end) {
      await send(bodies[turn++ % bodies.length]!)
      const after = performance.now()
      times.push(after - before)
      before = after
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  const passed = (performance.now() - start) / 1000
  return { requests: times.length, seconds: passed, p50Ms: quantile(times, 0.5) }
}

type Send = (body: Buffer) => Promise<Answer>

interface Answer {
  readonly response: IncomingMessage
  readonly chunks: readonly Buffer[]
}

/** Any status but 200 ends the driver, and the benchmark with it: wrong answers are not timed. */
function post(url: URL, agent: Agent, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': body.length },
    }
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) return resolve({ response, chunks })
        reject(new Error(`status ${response.statusCode}: ${Buffer.concat(chunks)}`))
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
