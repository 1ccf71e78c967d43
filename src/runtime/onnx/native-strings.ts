/** Strings as C has them: arrays of addresses of bytes that end in NUL. */
import koffi from 'koffi'
import type { Pointer } from './c-api.ts'
import { pinned } from './pinned.ts'

/** Lives as long as it is referenced: keep it until the library no longer reads it. */
export class StringArray {
  readonly addresses: BigUint64Array
  readonly #bytes: readonly Buffer[]

  constructor(strings: readonly string[]) {
    this.#bytes = strings.map((string) => pinned(Buffer.from(`${string}\0`)))
    this.addresses = pinned(BigUint64Array.from(this.#bytes, (bytes) => koffi.address(bytes)))
  }

  get length(): number {
    return this.#bytes.length
  }
}

/** Reads an array of so many strings. */
export function readStrings(array: Pointer, count: number): readonly string[] {
  return koffi.decode(array, koffi.array('const char *', count)) as readonly string[]
}
