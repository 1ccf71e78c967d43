/** Asks a process that was started with a preload such as `loop-delay.ts`, which answers signals. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Child } from './child.ts'

export class LoopProbe {
  readonly #folder = mkdtempSync(join(tmpdir(), 'loop-delay-'))
  readonly #file = join(this.#folder, 'figures')
  #read = 0
  /** What the process must be started with. */
  readonly args: readonly string[]

  /** By default how late the event loop was: quantile 0.99 in milliseconds since it was last asked. */
  constructor(preload = join(import.meta.dirname, 'loop-delay.ts')) {
    this.args = ['--import', pathToFileURL(preload).href]
    writeFileSync(this.#file, '')
  }

  get env(): NodeJS.ProcessEnv {
    return { BENCHMARK_PROBE: this.#file }
  }

  /** The figure that the preload tells now. */
  async take(child: Child): Promise<number> {
    child.signal('SIGUSR2')
    for (let attempt = 0; attempt < 500; attempt += 1) {
      const values = readFileSync(this.#file, 'utf8').split('\n').slice(0, -1)
      if (values.length > this.#read) {
        this.#read = values.length
        return Number(values.at(-1))
      }
      await wait(10)
    }
    throw new Error('the process did not answer SIGUSR2 within 5 s')
  }

  close(): void {
    rmSync(this.#folder, { recursive: true })
  }
}

/** A process whose event loop has nothing to do. */
export async function startIdleLoop(probe: LoopProbe): Promise<Child> {
  const idle = 'setInterval(() => {}, 1e9); console.log("ready")'
  const child = new Child(process.execPath, [...probe.args, '-e', idle], { env: probe.env })
  await child.line()
  return child
}
