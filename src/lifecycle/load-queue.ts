/** Who may load now: a few at a time, in the order they came. */
export class LoadQueue {
  readonly #atOnce: number
  #busy = 0
  readonly #first: (() => void)[] = []
  readonly #others: (() => void)[] = []

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  /**
   * Resolves when it is one's turn, with the function that ends it. `first`: before those that
   * nobody waits for.
   */
  enter(first: boolean): Promise<() => void> {
    return new Promise((resolve) => {
      const begin = () => {
        this.#busy += 1
        resolve(() => {
          this.#busy -= 1
          this.#next()
        })
      }
      const waiting = first ? this.#first : this.#others
      waiting.push(begin)
      this.#next()
    })
  }

  #next(): void {
    if (this.#busy >= this.#atOnce) return
    const begin = this.#first.shift() ?? this.#others.shift()
    begin?.()
  }
}
