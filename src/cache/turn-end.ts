/**
 * Answers that are there at once are given at the end of the turn of the event loop, all that came in
 * it: each step of a request then finds its code and its data in the processor's caches, where the
 * step of another has left them.
 */
export class TurnEnd {
  readonly #atTurnEnd: (callback: () => void) => void
  #due: (() => void)[] = []

  /** Calls back once, at the end of this turn of the event loop. */
  constructor(atTurnEnd: (callback: () => void) => void = setImmediate) {
    this.#atTurnEnd = atTurnEnd
  }

  answer<T>(value: T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#due.length === 0) this.#atTurnEnd(() => this.#give())
      this.#due.push(() => resolve(value))
    })
  }

  #give(): void {
    const due = this.#due
    this.#due = []
    for (const give of due) give()
  }
}
