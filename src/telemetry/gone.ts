/**
 * The versions that are counted although they are not served any more. Versions come and go for as
 * long as the server runs, and each has some sixty series: the newest few of a model are kept.
 */
import type { VersionTally } from './version-tally.ts'

export class Gone {
  /** In the order in which they went. */
  readonly #tallies = new Set<VersionTally>()

  add(tally: VersionTally): void {
    this.#tallies.delete(tally)
    this.#tallies.add(tally)
  }

  /** It is back. */
  remove(tally: VersionTally): void {
    this.#tallies.delete(tally)
  }

  /** Takes out what is one too many now that this one was added: of its model, or of all. */
  takeOldest({ model, state }: VersionTally): VersionTally | undefined {
    const alike = [...this.#tallies].filter((one) => one.model === model && one.state === state)
    const oldest =
      alike.length > keptOfModel
        ? alike[0]
        : this.#tallies.size > kept
          ? this.#tallies.values().next().value
          : undefined
    if (oldest !== undefined) this.#tallies.delete(oldest)
    return oldest
  }
}

/** Unloaded ones, and as many that failed. */
const keptOfModel = 10
const kept = 1000
