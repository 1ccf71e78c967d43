/** The slots of one model, and what can be said of all of them. */
import type { Attempt } from './attempt.ts'
import type { Held } from './reconcile.ts'
import { heldIn, isEmpty, type Slot } from './slot.ts'
import { stableOf } from './stable.ts'

export class VersionTable {
  readonly #slots = new Map<string, Slot>()

  get size(): number {
    return this.#slots.size
  }

  all(): readonly Slot[] {
    return [...this.#slots.values()]
  }

  get(version: string): Slot | undefined {
    return this.#slots.get(version)
  }

  /** The slot of a version, made where there is none. */
  of(version: string): Slot {
    const known = this.#slots.get(version)
    if (known !== undefined) return known
    const slot: Slot = { version, draining: new Set() }
    this.#slots.set(version, slot)
    return slot
  }

  /** Versions that take requests. */
  serving(): readonly string[] {
    return this.all()
      .filter(({ serving }) => serving !== undefined)
      .map(({ version }) => version)
  }

  /** Versions of which the files that are there could not be served. */
  failed(): ReadonlySet<string> {
    const failed = this.all().filter((slot) => slot.failed !== undefined)
    return new Set(failed.map(({ version }) => version))
  }

  /** What requests reach that name no version. */
  get stable(): Attempt | undefined {
    const version = stableOf(this.serving())
    return version === undefined ? undefined : this.#slots.get(version)!.serving
  }

  held(): readonly Held[] {
    return this.all().map(heldIn)
  }

  /** Whether nothing is on its way. */
  get settled(): boolean {
    return this.all().every(({ coming }) => coming === undefined)
  }

  /** Whether nothing is in memory. */
  get ended(): boolean {
    const idle = ({ serving, draining }: Slot) => serving === undefined && draining.size === 0
    return this.settled && this.all().every(idle)
  }

  /** Slots that hold nothing any more are gone. */
  prune(): void {
    for (const [version, slot] of this.#slots) if (isEmpty(slot)) this.#slots.delete(version)
  }
}
