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

export class Ledger {
  readonly #made = zeroes()
  readonly #released = zeroes()

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
}

const zeroes = () =>
  Object.fromEntries(NATIVE_KINDS.map((kind) => [kind, 0])) as Record<NativeKind, number>
