/** The real binary, as a child process that never outlives its test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as aTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ask, type Question } from './ask.ts'

export interface Exit {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
}

export interface StartOptions {
  /** The text of a `sluice.yaml` in the folder that the server is started in. */
  readonly yaml?: string
  readonly env?: Readonly<Record<string, string>>
  /** A command that ends in the place of the server: `nice`. */
  readonly through?: readonly string[]
  /** After which the process is killed, whatever happens; a minute if left out. */
  readonly limitMs?: number
}

const binary = fileURLToPath(new URL('../../bin/sluice.mjs', import.meta.url))

/** A process of `sluice`; killed after a while whatever happens. */
export class Sluice {
  readonly exit: Promise<Exit>
  readonly #child: ChildProcess
  #stdout = ''
  #stderr = ''
  #listeners: (() => void)[] = []

  constructor(args: readonly string[], options: StartOptions = {}) {
    const { yaml, env = {}, through = [], limitMs = 60_000 } = options
    const cwd = mkdtempSync(join(tmpdir(), 'sluice-e2e-'))
    if (yaml !== undefined) writeFileSync(join(cwd, 'sluice.yaml'), yaml)
    const clean = Object.entries(process.env).filter(
      ([name]) => !/^(SLUICE_|NODE_|npm_)/.test(name),
    )
    const began = performance.now()
    const [command, ...words] = [...through, process.execPath, binary, ...args]
    const child = spawn(command!, words, {
      cwd,
      env: { ...Object.fromEntries(clean), SLUICE_STATE_DIR: 'off', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#wake()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#wake()
    })
    const kill = () => child.kill('SIGKILL')
    const limit = setTimeout(kill, limitMs).unref()
    process.once('exit', kill)
    this.exit = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        clearTimeout(limit)
        process.off('exit', kill)
        rmSync(cwd, { recursive: true, force: true })
        const ms = performance.now() - began
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr, ms })
        this.#wake()
      })
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  get stderr(): string {
    return this.#stderr
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends the signal, and waits for the end. `ms` is counted from the signal. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    const began = performance.now()
    this.signal(signal)
    const exit = await this.exit
    return { ...exit, ms: performance.now() - began }
  }

  /** Resolves when this was said on stdout or stderr; fails where the process ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr)
        const ended = this.#child.exitCode !== null || this.#child.signalCode !== null
        if (found !== null) resolve(found)
        else if (ended)
          reject(new Error(`ended without ${pattern}:\n${this.#stdout}${this.#stderr}`))
        else this.#listeners.push(look)
      }
      look()
    })
  }

  #wake(): void {
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}

/** A server that is ready. */
export interface Server {
  readonly process: Sluice
  readonly port: number
  readonly metricsPort: number | undefined
  ask(question: Question): ReturnType<typeof ask>
  /** The value of a metric, of one model where it has one. */
  metric(name: string, model?: string): Promise<number>
}

/** `sluice serve` on free ports. Whoever calls ends it, also where the test fails. */
export async function startServer(
  args: readonly string[],
  options: StartOptions = {},
): Promise<Server> {
  const ports = ['--http-port', '0', '--metrics-port', '0']
  const process = new Sluice(['serve', ...ports, '--log-format', 'json', ...args], options)
  const [, http, metrics] = await process.said(
    /^ready http:\/\/127\.0\.0\.1:(\d+)(?: metrics http:\/\/127\.0\.0\.1:(\d+)\/metrics)?$/m,
  )
  return {
    process,
    port: Number(http),
    metricsPort: metrics === undefined ? undefined : Number(metrics),
    ask: (question) => ask(Number(http), question),
    metric: async (name, model) => {
      const { text } = await ask(Number(metrics ?? http), { path: '/metrics' })
      const begin = model === undefined ? `${name} ` : `${name}{model="${model}"`
      const line = text.split('\n').find((one) => one.startsWith(begin))
      return Number(line?.split(' ').at(-1))
    },
  }
}

/** Asks again until it is so: for what no event tells. Fails after half a minute. */
export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not after half a minute: ${what}`)
    await aTurn() // a condition that waits for nothing would let nothing happen
  }
}

/** The processes that a process has started and that still run. Linux only. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return []
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      // proc_pid_stat(5): pid (name) state ppid; the name may hold spaces and brackets
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      return parent === pid ? [Number(entry)] : []
    } catch {
      return [] // gone between the listing and the reading
    }
  })
}
