/** Lists of names as the library takes them; the whole list, which most requests want, is kept. */
import { StringArray } from './native-strings.ts'

export class NameLists {
  readonly all: StringArray
  readonly #names: readonly string[]

  constructor(names: readonly string[]) {
    this.#names = names
    this.all = new StringArray(names)
  }

  /** All of them, in their order. */
  isAll(names: readonly string[]): boolean {
    if (names.length !== this.#names.length) return false
    for (let index = 0; index < names.length; index++) {
      if (names[index] !== this.#names[index]) return false
    }
    return true
  }

  of(names: readonly string[]): StringArray {
    return this.isAll(names) ? this.all : new StringArray(names)
  }
}
