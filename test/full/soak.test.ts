/**
 * Minutes of everything at once against the real binary: every good request is answered rightly,
 * and nothing is left behind.
 *
 * Memory grows at first and then stays. The server keeps bodies for 2 times `--max-body` (32 MiB
 * here), ONNX Runtime an arena for each model as large as its runs at once have needed, V8 a heap
 * as large as its last rush, and malloc what lies between pieces in use. The warm-up makes most of
 * that room, from 190 to 390 MiB. From then on memory wandered up and down by 20 MiB and rose by 54
 * at most (in 80,000 requests, with V8's heap and its buffers no larger): kinds that are rare come to
 * rest late. Sent alone, clients that leave did so at 378 MiB after 16,000 requests and were there
 * after 64,000. `mostGrowthMiB` leaves room for that, and a leak of 2.5 KiB a request passes it in
 * the 43,000 requests of the rest.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesModel, echoModel, modelFolder, pairModel, slowModel } from '../e2e/models.ts'
import { type Server, startServer, until } from '../e2e/server.ts'
import { turnsFor } from '../e2e/slow.ts'
import { Random } from './fuzz/random.ts'
import { Client } from './soak/client.ts'
import { kinds } from './soak/requests.ts'

const seed = 3_141_592
const warmUpMs = 120_000
const soakMs = 150_000
const atOnce = 8
const mostGrowthMiB = 96

const skip = process.platform === 'linux' ? false : 'reads /proc'

test('after minutes of mixed load nothing is wrong, lost or left behind', { skip }, async (t) => {
  const files = {
    'echo.onnx': echoModel(),
    'bytes.onnx': bytesModel(),
    'pair.onnx': pairModel(),
    'slow.onnx': slowModel(),
  }
  const server = await startServer([modelFolder(files), '--max-body', '16MiB'], {
    yaml: 'onnx: { executors: 2 }',
    limitMs: 2 * (warmUpMs + soakMs),
  })
  t.after(() => server.process.end('SIGKILL'))
  const turnsPerMs = (await turnsFor(server, 100)) / 100
  const turns = (ms: number) => 2 * Math.ceil((turnsPerMs * ms) / 2)
  await isQuiet(server)
  const filesAtStart = openFiles(server)

  const warm = await load(server, turns, 0, warmUpMs)
  await isQuiet(server)
  const before = residentMiB(server)
  const rest = await load(server, turns, warm.sent, soakMs)
  await isQuiet(server)
  // what was freed may take the collector a moment: the least of some seconds counts
  let after = residentMiB(server)
  for (let second = 0; second < 10; second++) {
    await sleep(1000)
    after = Math.min(after, residentMiB(server))
  }

  t.diagnostic(
    `${warm.sent} requests, then ${rest.sent - warm.sent}: ${[...rest.counts].join('; ')}`,
  )
  t.diagnostic(`${before.toFixed(1)} MiB after the warm-up, ${after.toFixed(1)} at the end`)
  assert.deepEqual([...warm.faults, ...rest.faults], [])
  for (const kind of Object.keys(kinds)) {
    assert.ok((rest.counts.get(kind) ?? 0) > 20, `${rest.counts.get(kind)} of ${kind}`)
  }
  assert.ok(after - before < mostGrowthMiB, `${before} MiB became ${after} MiB`)
  assert.equal(openFiles(server), filesAtStart)
  const { code, stderr } = await server.process.end()
  assert.equal(code, 0)
  assert.match(stderr, /"inTime":true/)
  assert.doesNotMatch(stderr, /"level":"error"|"level":50|\n {4}at /)
})

interface Load {
  /** Requests of the whole sequence so far. */
  readonly sent: number
  readonly counts: ReadonlyMap<string, number>
  /** The first few; no more, since one fault may be met ten thousand times. */
  readonly faults: readonly string[]
}

/** Sends request after request of the one sequence for so long, some of them at once. */
async function load(
  server: Server,
  turns: (ms: number) => number,
  first: number,
  ms: number,
): Promise<Load> {
  const client = new Client(server.port, atOnce)
  const counts = new Map<string, number>()
  const faults: string[] = []
  const deadline = performance.now() + ms
  let sent = first
  const one = async () => {
    while (performance.now() < deadline && faults.length < 5) {
      const number = sent++
      const random = new Random(seed, number)
      const kind = random.of(deck)
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      try {
        await kinds[kind]![1](client, random, turns)
      } catch (thrown) {
        faults.push(`request ${number}, ${kind}: ${String(thrown).slice(0, 1000)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  client.close()
  return { sent, counts, faults }
}

/** Each kind as often as its share says. */
const deck = Object.entries(kinds).flatMap(([kind, [share]]) => Array<string>(share).fill(kind))

/** Nothing waits, and nobody is connected but who asks this. */
async function isQuiet(server: Server): Promise<void> {
  for (const model of ['echo', 'bytes', 'pair', 'slow']) {
    const waiting = () => server.metric('nv_inference_pending_request_count', model)
    await until(async () => (await waiting()) === 0, `nothing waits for ${model}`)
  }
  await until(async () => connections(server) === 0, 'every connection is closed')
}

const openFiles = ({ process: { pid } }: Server): number => readdirSync(`/proc/${pid}/fd`).length

function residentMiB({ process: { pid } }: Server): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

/** Connections to the server that are open on its side. */
function connections({ port, metricsPort, process: { pid } }: Server): number {
  const hex = [port, metricsPort].flatMap((one) =>
    one === undefined ? [] : [one.toString(16).toUpperCase().padStart(4, '0')],
  )
  const lines = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').trim().split('\n').slice(1)
  return lines.filter((line) => {
    // local_address rem_address st: established is 01
    const [, local = '', , state] = line.trim().split(/\s+/)
    return state === '01' && hex.includes(local.split(':')[1]!)
  }).length
}
