/** Who may load now: a few at a time, in the order they came. */
export class LoadQueue {
  readonly #atOnce: number
  #busy = 0
  readonly #waiting: (() => void)[] = []

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
      if (first) this.#waiting.unshift(begin)
      else this.#waiting.push(begin)
      this.#next()
    })
  }

  #next(): void {
    if (this.#busy < this.#atOnce) this.#waiting.shift()?.()
  }
}
