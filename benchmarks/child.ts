/** A program started for the benchmarks that speaks in lines; it never outlives this process. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface ChildOptions {
  /** A file descriptor; without it errors go where those of this process go. */
  readonly stderr?: number
  readonly env?: NodeJS.ProcessEnv
  /** Those it may use, as `taskset` reads them, such as `0` or `0,1`; without it all. */
  readonly cores?: string
  /** It runs before all others as soon as it has something to do, where that is allowed. */
  readonly prompt?: boolean
}

const realTime = ['chrt', '--rr', '1'] as const

/** Whether this user may start programs that run before all others. */
export function mayBePrompt(): boolean {
  const [program, ...args] = realTime
  return spawnSync(program, [...args, 'true']).status === 0
}

/** Children are killed on exit; without a handler a signal would leave them behind. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
}

export class Child {
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #name: string
  readonly #kill: () => void

  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    this.#name = [command, ...args].join(' ')
    const { cores, prompt } = options
    const pinned = cores === undefined ? [] : ['taskset', '-c', cores]
    const first = prompt === true && mayBePrompt() ? realTime : []
    const [program, ...rest] = [...pinned, ...first, command, ...args] as [string, ...string[]]
    this.#process = spawn(program, rest, {
      stdio: ['pipe', 'pipe', options.stderr ?? 'inherit'],
      env: { ...process.env, ...options.env },
    })
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]()
    this.#kill = () => this.#process.kill('SIGKILL')
    process.once('exit', this.#kill)
  }

  get pid(): number {
    const { pid } = this.#process
    if (pid === undefined) throw new Error(`${this.#name} did not start`)
    return pid
  }

  /** The next line on stdout. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done) throw new Error(`${this.#name} has ended`)
    return value
  }

  /** One line of JSON in, one line of JSON out. */
  async ask<Answer>(question: unknown): Promise<Answer> {
    this.tell(question)
    return JSON.parse(await this.line()) as Answer
  }

  /** One line of JSON in, and nothing is awaited. */
  tell(statement: unknown): void {
    this.#process.stdin!.write(`${JSON.stringify(statement)}\n`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Ends it, with SIGKILL where it has not ended after five seconds. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit')
      this.#process.kill('SIGTERM')
      const late = setTimeout(this.#kill, 5000)
      await ended
      clearTimeout(late)
    }
    process.off('exit', this.#kill)
  }
}
