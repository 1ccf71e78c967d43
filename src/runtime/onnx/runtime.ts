/** ONNX models, in the server's own process, through ONNX Runtime's C API. */
import { availableParallelism } from 'node:os'
import { fail } from '../../errors.ts'
import type { ModelSource } from '../../model-source.ts'
import type { Runtime } from '../runtime.ts'
import { Environment } from './environment.ts'
import { OnnxExecutable } from './executable.ts'
import { PLACES } from './job.ts'
import type { Ledger } from './ledger.ts'
import { bundledLibraryPath } from './library-path.ts'
import { LoadThreads } from './load-threads.ts'
import { RunThreads } from './run-threads.ts'

export interface OnnxRuntimeOptions {
  /** Path of a `libonnxruntime`; the one of the npm package if left out. */
  readonly library?: string | undefined
  /** Threads that share the work of one run. */
  readonly threadsPerRun: number
  /** Runs that compute at once, for all models together. */
  readonly executors: number
}

export class OnnxRuntime implements Runtime {
  readonly threads: number
  readonly placesPerThread = PLACES
  readonly #environment: Environment
  readonly #runs: RunThreads
  readonly #loads: LoadThreads
  readonly #mostThreadsOfRun: number

  private constructor(
    environment: Environment,
    runs: RunThreads,
    loads: LoadThreads,
    mostThreadsOfRun: number,
  ) {
    this.#environment = environment
    this.#runs = runs
    this.#loads = loads
    this.#mostThreadsOfRun = mostThreadsOfRun
    this.threads = runs.count
  }

  static async start(options: OnnxRuntimeOptions): Promise<OnnxRuntime> {
    const library = options.library ?? bundledLibraryPath()
    const loads = new LoadThreads({
      data: { library },
      counted: (counts) => environment.ledger.add(counts),
      release: ({ session, memoryBytes }) => environment.releaseSession(session, memoryBytes),
    })
    loads.prepare() // takes the longest to start
    const environment = await openEnvironment(library, options.threadsPerRun, loads)
    const runs = await RunThreads.start(environment, library, options.executors)
    const all = Math.min(options.threadsPerRun * options.executors, availableParallelism())
    return new OnnxRuntime(environment, runs, loads, all)
  }

  /** Of the library. */
  get version(): string {
    return this.#environment.version
  }

  /** Counts of native objects made and released. */
  get ledger(): Ledger {
    return this.#environment.ledger
  }

  estimate({ path }: ModelSource, giveUp?: AbortSignal): Promise<number> {
    return this.#loads.estimate(path, giveUp)
  }

  async load({ folder, path, lock, config }: ModelSource, giveUp?: AbortSignal) {
    const { handle: environment } = this.#environment
    const threads = this.#mostThreadsOfRun
    const source = { folder, path, config: config.onnx, threads, environment }
    const locked = lock === undefined ? source : { ...source, lock }
    const model = await this.#loads.load(locked, giveUp)
    return new OnnxExecutable({ environment: this.#environment, threads: this.#runs, model })
  }

  async close(): Promise<void> {
    await Promise.all([this.#runs.close(), this.#loads.close()])
    this.#environment.dispose()
  }
}

async function openEnvironment(library: string, threads: number, loads: LoadThreads) {
  try {
    return new Environment({ library, threads })
  } catch (thrown) {
    await loads.close()
    throw fail(
      'MODEL_UNSUPPORTED',
      {
        problem: 'ONNX Runtime cannot be opened',
        hint: 'sluice doctor says what is there; on Alpine (musl) use a glibc image',
      },
      thrown,
    )
  }
}
