/** What a server's log says of its versions, as it is written. */
import { closeSync, openSync, readSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Life } from './answers.ts'

interface LogLine {
  readonly time: string
  readonly msg: string
  readonly model?: string
  readonly version?: string
  readonly why?: string
}

interface Told {
  readonly kind: 'ready' | 'unloaded'
  readonly model: string
  readonly version: number
  /** Milliseconds since 1970. */
  readonly at: number
}

const kinds: Readonly<Record<string, Told['kind']>> = {
  'model ready': 'ready',
  'version unloaded': 'unloaded',
}

export class ServerLog {
  readonly #file: number
  readonly #told: Told[] = []
  #rest = ''

  constructor(path: string) {
    this.#file = openSync(path, 'r')
  }

  /** The lives of a model's versions so far. A version that was loaded again has its last one. */
  lives(model: string): readonly Life[] {
    this.#read()
    const lives = new Map<number, Life>()
    for (const { kind, version, at } of this.#told.filter((one) => one.model === model)) {
      if (kind === 'ready') lives.set(version, { version, readyAt: at, unloadedAt: undefined })
      else lives.set(version, { ...lives.get(version)!, unloadedAt: at })
    }
    return [...lives.values()]
  }

  /** Resolves when it has been told for the `times`-th time. Fails when a model has failed. */
  async told(kind: Told['kind'], model: string, version: number, times = 1): Promise<void> {
    const deadline = performance.now() + patienceMs
    for (;;) {
      this.#read()
      const same = this.#told.filter((one) => one.kind === kind && one.model === model)
      if (same.filter((one) => one.version === version).length >= times) return
      if (performance.now() > deadline) {
        throw new Error(`the log does not say within ${patienceMs} ms: ${model} ${version} ${kind}`)
      }
      await wait(10)
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  #read(): void {
    const chunk = Buffer.alloc(2 ** 16)
    for (;;) {
      const length = readSync(this.#file, chunk)
      if (length === 0) return
      const lines = (this.#rest + chunk.toString('latin1', 0, length)).split('\n')
      this.#rest = lines.pop()!
      for (const line of lines) this.#take(line)
    }
  }

  #take(line: string): void {
    // most lines are of requests, and not worth parsing
    if (!/"msg":"(model ready|version unloaded|model failed)"/.test(line)) return
    const { time, msg, model = '', version = '', why } = JSON.parse(line) as LogLine
    const kind = kinds[msg]
    if (kind === undefined) throw new Error(`${model} ${version} failed: ${why}`)
    this.#told.push({ kind, model, version: Number(version), at: Date.parse(time) })
  }
}

const patienceMs = 60_000
