/** The slots of one model, and what can be said of all of them. */
import type { Attempt } from './attempt.ts'
import type { Held } from './reconcile.ts'
import { heldIn, isEmpty, type Slot } from './slot.ts'
import { stableOf } from './stable.ts'

export class VersionTable {
  readonly #slots = new Map<string, Slot>()
  readonly #awaitSettled: (() => void)[] = []
  readonly #awaitEnded: (() => void)[] = []

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

  /** Resolves when nothing is on its way. */
  whenSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#awaitSettled.push(resolve)
      this.notify()
    })
  }

  /** Resolves when nothing is in memory. */
  whenEnded(): Promise<void> {
    return new Promise((resolve) => {
      this.#awaitEnded.push(resolve)
      this.notify()
    })
  }

  /** Slots have changed: whoever waits for that may go on. */
  notify(): void {
    const all = this.all()
    const settled = all.every(({ coming }) => coming === undefined)
    const idle = ({ serving, draining }: Slot) => serving === undefined && draining.size === 0
    if (settled) for (const resolve of this.#awaitSettled.splice(0)) resolve()
    if (settled && all.every(idle)) for (const resolve of this.#awaitEnded.splice(0)) resolve()
  }

  /** Slots that hold nothing any more are gone. */
  prune(): void {
    for (const [version, slot] of this.#slots) if (isEmpty(slot)) this.#slots.delete(version)
  }
}
