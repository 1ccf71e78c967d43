/**
 * What is limited for all models of a server together, as Triton's rate limiter has it: a model
 * names how much of it each of its executors takes while it runs.
 */
import { strict as assert } from 'node:assert'

/** Something that executors take, and how much of it one does. */
export interface ResourceShare {
  readonly name: string
  readonly count: number
}

export class Resources {
  readonly #free: Map<string, number>

  /** How much there is of each. What is not named is not limited. */
  constructor(amounts: ReadonlyMap<string, number>) {
    this.#free = new Map(amounts)
  }

  free(name: string): number | undefined {
    return this.#free.get(name)
  }

  need(shares: readonly ResourceShare[]): ResourceNeed {
    const limited = shares.filter(({ name }) => this.#free.has(name))
    const change = (sign: 1 | -1) => {
      for (const { name, count } of limited)
        this.#free.set(name, this.#free.get(name)! + sign * count)
    }
    const available = () => limited.every(({ name, count }) => this.#free.get(name)! >= count)
    return {
      available,
      take: () => {
        assert(available(), 'no more is taken than there is')
        change(-1)
      },
      giveBack: () => change(1),
    }
  }
}

/** What one executor of a model takes. */
export interface ResourceNeed {
  available(): boolean
  take(): void
  giveBack(): void
}
