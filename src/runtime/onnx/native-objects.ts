/**
 * Making and releasing the objects of a library, on one thread. Whoever makes an object owns it and
 * releases it here; `ledger` keeps count. Addresses are good in every thread of the process.
 */
import {
  type CApi,
  check,
  type EditorApi,
  type Library,
  openLibrary,
  type Pointer,
} from './c-api.ts'
import { Ledger, type NativeKind } from './ledger.ts'
import { readStrings } from './native-strings.ts'
import { pinned } from './pinned.ts'

export class NativeObjects {
  readonly api: CApi
  readonly editor: EditorApi | undefined
  readonly version: string
  readonly ledger = new Ledger()
  /**
   * Where calls write a number or an address, which is read at once. A new small array for each call
   * would cost more than the call: V8 has to move it out of its heap first.
   */
  readonly word = pinned(new BigUint64Array(1))
  readonly #library: Library

  /** Of a `libonnxruntime` by its path. */
  constructor(library: string) {
    this.#library = openLibrary(library)
    this.api = this.#library.api
    this.editor = this.#library.editor
    this.version = this.#library.version
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
}

export function listProviders(api: CApi): readonly string[] {
  const list = new BigUint64Array(1)
  const count = new Int32Array(1)
  check(api, api.GetAvailableProviders(list, count))
  const names = readStrings(list[0]!, count[0]!)
  check(api, api.ReleaseAvailableProviders(list[0]!, count[0]!))
  return names
}

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
