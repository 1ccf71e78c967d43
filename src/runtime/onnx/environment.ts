/**
 * One ONNX Runtime in this process: the library, its environment with one thread pool for all
 * sessions, and the ways to make and release its objects. Whoever makes an object owns it and
 * releases it here; `ledger` keeps count.
 */
import { availableParallelism } from 'node:os'
import { type CApi, check, type Library, openLibrary, type Pointer } from './c-api.ts'
import { Ledger, type NativeKind } from './ledger.ts'
import { readStrings } from './native-strings.ts'
import { pinned } from './pinned.ts'

export interface EnvironmentOptions {
  /** Path of a `libonnxruntime`. */
  readonly library: string
  /** Threads that share the work of one run, the calling one included. */
  readonly threads: number
}

export class Environment {
  readonly api: CApi
  readonly version: string
  readonly ledger = new Ledger()
  readonly handle: Pointer
  readonly cpuMemory: Pointer
  /** Owned by the library. */
  readonly allocator: Pointer
  /**
   * Where calls write a number or sizes, which are read at once. A new small array for each call
   * would cost more than the call: V8 has to move it out of its heap first.
   */
  readonly word = pinned(new BigUint64Array(1))
  readonly sizes = pinned(new BigInt64Array(64))
  readonly #library: Library

  constructor({ library, threads }: EnvironmentOptions) {
    this.#library = openLibrary(library)
    this.api = this.#library.api
    this.version = this.#library.version
    this.handle = this.#createEnvironment(Math.min(threads, availableParallelism()))
    this.cpuMemory = this.make('memoryInfo', (out) =>
      this.api.CreateCpuMemoryInfo(arena, anyMemory, out),
    )
    check(this.api, this.api.GetAllocatorWithDefaultOptions(this.word))
    this.allocator = this.word[0]!
  }

  /** Makes an object by a function that writes its address. */
  make(kind: NativeKind, create: (out: BigUint64Array) => Pointer | null): Pointer {
    check(this.api, create(this.word))
    this.ledger.made(kind)
    return this.word[0]!
  }

  release(kind: Releasable, object: Pointer): void {
    this.api[releasedBy[kind]](object)
    this.ledger.released(kind)
  }

  /** The execution providers compiled into the library, by their own names. */
  providers(): readonly string[] {
    return listProviders(this.api)
  }

  /** After every session is gone. */
  dispose(): void {
    this.release('memoryInfo', this.cpuMemory)
    this.release('environment', this.handle)
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

export function listProviders(api: CApi): readonly string[] {
  const list = new BigUint64Array(1)
  const count = new Int32Array(1)
  check(api, api.GetAvailableProviders(list, count))
  const names = readStrings(list[0]!, count[0]!)
  check(api, api.ReleaseAvailableProviders(list[0]!, count[0]!))
  return names
}

const arena = 1
const anyMemory = 0
const onlyFatal = 4 // failures reach us as statuses; the library need not print them too

type Releasable = keyof typeof releasedBy

const releasedBy = {
  environment: 'ReleaseEnv',
  memoryInfo: 'ReleaseMemoryInfo',
  sessionOptions: 'ReleaseSessionOptions',
  session: 'ReleaseSession',
  runOptions: 'ReleaseRunOptions',
  value: 'ReleaseValue',
  shapeInfo: 'ReleaseTensorTypeAndShapeInfo',
  threadingOptions: 'ReleaseThreadingOptions',
} as const
