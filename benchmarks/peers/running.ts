/** A peer that runs: started for one model, ended with all that it started. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { descendants } from '../proc.ts'
import type { Requests } from '../requests.ts'
import { modelPath, type Workload } from '../workloads.ts'
import { pythonOf } from './install.ts'
import type { Peer } from './known.ts'

const patienceMs = 120_000

export interface RunningOptions {
  readonly workload: Workload
  /** How many runs may be under way at once. */
  readonly runs: number
  /** As `taskset` reads them; without it all. */
  readonly cores?: string | undefined
  /** The first of them is asked until it is answered. */
  readonly requests: Requests
}

export class Running {
  readonly url: string
  readonly #process: ChildProcess
  readonly #folder: string
  readonly #kill: () => void
  #startMs = 0

  private constructor(url: string, process: ChildProcess, folder: string) {
    this.url = url
    this.#process = process
    this.#folder = folder
    this.#kill = () => {
      kill(this.pid)
      rmSync(folder, { recursive: true, force: true })
    }
    globalThis.process.once('exit', this.#kill)
  }

  /** Answers when it returns. Fails with what it said last. */
  static async start(peer: Peer, options: RunningOptions): Promise<Running> {
    const { workload, runs, cores, requests } = options
    const folder = mkdtempSync(join(tmpdir(), `peer-${peer.name}-`))
    const log = openSync(join(folder, 'log'), 'a')
    const port = await freePort()
    const pinned = cores === undefined ? [] : ['taskset', '-c', cores]
    const script = join(import.meta.dirname, peer.name, 'server.py')
    const [program = '', ...args] = [...pinned, pythonOf(peer), script, `${port}`]
    const began = performance.now()
    const child = spawn(program, args, {
      detached: true, // a group of its own, to be ended with all that is in it
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        PYTHONPATH: join(import.meta.dirname, 'shared'),
        BENCHMARK_MODEL: modelPath(workload),
        BENCHMARK_RUNS: `${runs}`,
        TMPDIR: folder, // what it writes goes with it
      },
    })
    closeSync(log)
    const url = `http://127.0.0.1:${port}`
    const running = new Running(url, child, folder)
    try {
      await answers(new URL(requests.path, url), requests, child)
      running.#startMs = performance.now() - began
      return running
    } catch (cause) {
      const said = running.#said()
      await running.stop()
      const why = (cause as Error).message
      throw new Error(`it does not start: ${why}; it said: ${said}`, { cause })
    }
  }

  /** From its start until its first answer. */
  get startMs(): number {
    return this.#startMs
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('it could not be started')
    return this.#process.pid
  }

  async stop(): Promise<void> {
    process.off('exit', this.#kill)
    const all = descendants(this.pid)
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGTERM')
      await Promise.race([once(this.#process, 'exit'), wait(10_000, undefined, { ref: false })])
    }
    for (const pid of [-this.pid, ...all]) killOne(pid)
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }

  /** The last that stands in its log. */
  #said(): string {
    const text = readFileSync(join(this.#folder, 'log'), 'utf8').trim()
    return text.slice(-400).replaceAll(/\s+/g, ' ') || 'nothing'
  }
}

/** Until it answers a request with a success. */
async function answers(url: URL, requests: Requests, child: ChildProcess): Promise<void> {
  const until = performance.now() + patienceMs
  let last = 'no connection'
  while (performance.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it has ended')
    try {
      const body = new Uint8Array(requests.bodies[0]!)
      const signal = AbortSignal.timeout(10_000)
      const response = await fetch(url, { method: 'POST', headers: requests.headers, body, signal })
      const text = await response.text()
      if (response.ok) return
      last = `status ${response.status}: ${text.slice(0, 200)}`
    } catch (cause) {
      last = (cause as Error).message
    }
    await wait(50)
  }
  throw new Error(`no answer within ${patienceMs / 1000} s (${last})`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const kill = (pid: number) => [-pid, ...descendants(pid)].forEach(killOne)

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}
