/** Asks a process that was started with the preload `loop-delay.ts` how late its event loop was. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Child } from './child.ts'

export class LoopProbe {
  readonly #folder = mkdtempSync(join(tmpdir(), 'loop-delay-'))
  readonly #file = join(this.#folder, 'p99')
  #read = 0

  constructor() {
    writeFileSync(this.#file, '')
  }

  /** What the process must be started with. */
  readonly args = ['--import', pathToFileURL(join(import.meta.dirname, 'loop-delay.ts')).href]

  get env(): NodeJS.ProcessEnv {
    return { BENCHMARK_LOOP_DELAY: this.#file }
  }

  /** Quantile 0.99 in milliseconds since it was last asked; the next time begins. */
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
    throw new Error('the event loop did not answer SIGUSR2 within 5 s')
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
