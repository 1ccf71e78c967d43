/** Random choices that a seed repeats exactly: each case has its own, so that it can be made alone. */
export class Random {
  #state: number

  constructor(seed: number, number = 0) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35)
    for (let round = 0; round < 3; round++) this.next()
  }

  /** From 0 on, below 1. Source: Mulberry32, by Tommy Ettinger. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 on, below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  /** True so often, from 0 to 1. */
  chance(share: number): boolean {
    return this.next() < share
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }

  list<T>(longest: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.below(longest + 1) }, (_, index) => make(index))
  }
}
