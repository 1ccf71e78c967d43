/** Counts native objects, so that tests can tell whether every one made was released. */
export const NATIVE_KINDS = [
  'environment',
  'memoryInfo',
  'sessionOptions',
  'session',
  'runOptions',
  'value',
  'shapeInfo',
  'threadingOptions',
  'providerOptions',
] as const
export type NativeKind = (typeof NATIVE_KINDS)[number]

/** By kind, those made and those released. */
export interface LedgerCounts {
  readonly made: Readonly<Record<NativeKind, number>>
  readonly released: Readonly<Record<NativeKind, number>>
}

export class Ledger {
  #made = zeroes()
  #released = zeroes()

  made(kind: NativeKind): void {
    this.#made[kind] += 1
  }

  released(kind: NativeKind): void {
    this.#released[kind] += 1
  }

  /** How many of a kind are alive. */
  alive(kind: NativeKind): number {
    return this.#made[kind] - this.#released[kind]
  }

  /** How many were ever made. */
  total(kind: NativeKind): number {
    return this.#made[kind]
  }

  /** Hands its counts over, and begins anew. */
  take(): LedgerCounts {
    const counts = { made: this.#made, released: this.#released }
    this.#made = zeroes()
    this.#released = zeroes()
    return counts
  }

  /** Of another thread. */
  add({ made, released }: LedgerCounts): void {
    for (const kind of NATIVE_KINDS) {
      this.#made[kind] += made[kind]
      this.#released[kind] += released[kind]
    }
  }
}

const zeroes = () =>
  Object.fromEntries(NATIVE_KINDS.map((kind) => [kind, 0])) as Record<NativeKind, number>
