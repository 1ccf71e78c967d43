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
  readonly #stated: ReadonlyMap<string, number>
  /** How much there is of each. */
  readonly #amounts: Map<string, number>
  readonly #taken = new Map<string, number>()

  /** Of what is not named there is as much as the model takes that takes most. */
  constructor(amounts: ReadonlyMap<string, number> = new Map()) {
    this.#stated = amounts
    this.#amounts = new Map(amounts)
  }

  free(name: string): number {
    return (this.#amounts.get(name) ?? 0) - (this.#taken.get(name) ?? 0)
  }

  need(shares: readonly ResourceShare[]): ResourceNeed {
    for (const { name, count } of shares) {
      const amount = this.#amounts.get(name) ?? 0
      if (!this.#stated.has(name)) this.#amounts.set(name, Math.max(amount, count))
    }
    const change = (sign: 1 | -1) => {
      for (const { name, count } of shares) {
        this.#taken.set(name, (this.#taken.get(name) ?? 0) + sign * count)
      }
    }
    const available = () => shares.every(({ name, count }) => this.free(name) >= count)
    return {
      available,
      take: () => {
        assert(available(), 'no more is taken than there is')
        change(1)
      },
      giveBack: () => change(-1),
    }
  }

  /** What is asked for of something of which there is not so much, so that it could never run. */
  lacking(shares: readonly ResourceShare[]): ResourceShare | undefined {
    return shares.find(({ name, count }) => count > (this.#stated.get(name) ?? Infinity))
  }
}

/** What one executor of a model takes. */
export interface ResourceNeed {
  available(): boolean
  take(): void
  giveBack(): void
}
