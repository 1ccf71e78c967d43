/** One ONNX Runtime in this process: the library and its environment, with one thread pool for all sessions. */
import { availableParallelism } from 'node:os'
import { check, type Pointer } from './c-api.ts'
import { openHeap, worthTrimming } from './heap.ts'
import { openNativeMemory } from './native-memory.ts'
import { NativeObjects } from './native-objects.ts'
import { pinned } from './pinned.ts'

export interface EnvironmentOptions {
  /** Path of a `libonnxruntime`. */
  readonly library: string
  /** Threads that share the work of one run, the calling one included. */
  readonly threads: number
}

export class Environment extends NativeObjects {
  readonly handle: Pointer
  readonly cpuMemory: Pointer
  /** Owned by the library. */
  readonly allocator: Pointer
  /** As `word`, for the sizes of a tensor. */
  readonly sizes = pinned(new BigInt64Array(64))
  readonly memory = openNativeMemory()
  /** For runs on this thread, one at a time: what does not fit is cheaper as it lies. */
  readonly scratch = pinned(new Uint8Array(scratchBytes))
  readonly #heap = openHeap()
  #lastRelease: Promise<void> = Promise.resolve()

  constructor({ library, threads }: EnvironmentOptions) {
    super(library)
    this.handle = this.#createEnvironment(Math.min(threads, availableParallelism()))
    this.cpuMemory = this.make('memoryInfo', (out) =>
      this.api.CreateCpuMemoryInfo(arena, anyMemory, out),
    )
    check(this.api, this.api.GetAllocatorWithDefaultOptions(this.word))
    this.allocator = this.word[0]!
  }

  /**
   * Off this thread, since it takes milliseconds, and one after the other: the threads that do it are
   * those that read files, and hundreds may be released at once. `bytes`: the memory it is known to
   * take.
   */
  releaseSession(session: Pointer, bytes: number): Promise<void> {
    const release = this.#lastRelease.then(() => this.#release(session, bytes))
    this.#lastRelease = release.catch(() => {})
    return release
  }

  /** After every session is gone. */
  dispose(): void {
    this.release('memoryInfo', this.cpuMemory)
    this.release('environment', this.handle)
  }

  async #release(session: Pointer, bytes: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.api.ReleaseSession.async(session, (error) => (error ? reject(error) : resolve()))
    })
    this.ledger.released('session')
    if (bytes >= worthTrimming) await this.#heap.trimLater()
  }

  #createEnvironment(threads: number): Pointer {
    const { api } = this
    const options = this.make('threadingOptions', (out) => api.CreateThreadingOptions(out))
    try {
      check(api, api.SetGlobalIntraOpNumThreads(options, threads))
      check(api, api.SetGlobalInterOpNumThreads(options, 1))
      check(api, api.SetGlobalSpinControl(options, 0))
      return this.make('environment', (out) =>
        api.CreateEnvWithGlobalThreadPools(onlyFatal, 'sluice', options, out),
      )
    } finally {
      this.release('threadingOptions', options)
    }
  }
}

const scratchBytes = 128 * 2 ** 10
const arena = 1
const anyMemory = 0
const onlyFatal = 4 // failures reach us as statuses; the library need not print them too
