/** ONNX models, in the server's own process, through ONNX Runtime's C API. */
import { fail } from '../../errors.ts'
import type { ModelSource } from '../../model-source.ts'
import { preflight, readOnnx, signatureOf, withoutZipMap } from '../../onnx/index.ts'
import type { Executable, Runtime } from '../runtime.ts'
import { Environment } from './environment.ts'
import { OnnxExecutable } from './executable.ts'
import type { Ledger } from './ledger.ts'
import { bundledLibraryPath } from './library-path.ts'
import { loadSession } from './load-session.ts'
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
  readonly capacity: number
  readonly #environment: Environment
  readonly #threads: RunThreads

  private constructor(environment: Environment, threads: RunThreads) {
    this.#environment = environment
    this.#threads = threads
    this.capacity = threads.capacity
  }

  static async start(options: OnnxRuntimeOptions): Promise<OnnxRuntime> {
    const library = options.library ?? bundledLibraryPath()
    const environment = openEnvironment(library, options.threadsPerRun)
    const threads = await RunThreads.start(environment, library, options.executors)
    return new OnnxRuntime(environment, threads)
  }

  /** Of the library. */
  get version(): string {
    return this.#environment.version
  }

  /** Counts of native objects made and released. */
  get ledger(): Ledger {
    return this.#environment.ledger
  }

  async estimate(): Promise<number> {
    return 0
  }

  async load({ path, config }: ModelSource): Promise<Executable> {
    const file = await readOnnx(path)
    const problems = preflight(file)
    if (problems.length > 0) throw fail('MODEL_UNSUPPORTED', { problem: problems.join('; ') })

    const rewritten = withoutZipMap(file)
    const signature = signatureOf(rewritten ?? file)
    const { handle, providers } = await loadSession(this.#environment, {
      path,
      rewritten,
      config: config.onnx,
    })
    return new OnnxExecutable({
      environment: this.#environment,
      threads: this.#threads,
      session: handle,
      signature,
      provider: providers.first,
      warnings: providers.warnings,
    })
  }

  async close(): Promise<void> {
    await this.#threads.close()
    this.#environment.dispose()
  }
}

function openEnvironment(library: string, threads: number): Environment {
  try {
    return new Environment({ library, threads })
  } catch (thrown) {
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
