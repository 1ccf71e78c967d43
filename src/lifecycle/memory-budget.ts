/** Whether a version may be loaded within the memory for models, and what has to go first. */

export interface MemoryAsked<Key> {
  readonly limitBytes: number
  /** By all versions that are loaded or being loaded. */
  readonly usedBytes: number
  readonly neededBytes: number
  /** Whether idle models may be unloaded to make room. */
  readonly evict: boolean
  readonly idle: readonly IdleModel<Key>[]
}

export interface IdleModel<Key> {
  /** By which it is named in the answer. */
  readonly key: Key
  readonly bytes: number
  /** A moment of the clock. */
  readonly lastUsed: number
}

export type Admission<Key> =
  | { readonly kind: 'load' }
  /** Load once these are gone. */
  | { readonly kind: 'evict'; readonly keys: readonly Key[] }
  /** Ask again when something has become idle or has ended. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'refuse'; readonly freeBytes: number }

export function admit<Key>({
  limitBytes,
  usedBytes,
  neededBytes,
  evict,
  idle,
}: MemoryAsked<Key>): Admission<Key> {
  const shortBy = usedBytes + neededBytes - limitBytes
  if (shortBy <= 0) return { kind: 'load' }
  // what is too large for the whole of it would wait for ever
  if (!evict || neededBytes > limitBytes) {
    return { kind: 'refuse', freeBytes: Math.max(0, limitBytes - usedBytes) }
  }
  const oldest = idle.toSorted((a, b) => a.lastUsed - b.lastUsed)
  const going: IdleModel<Key>[] = []
  let freed = 0
  for (const model of oldest) {
    if (freed >= shortBy) break
    going.push(model)
    freed += model.bytes
  }
  if (freed < shortBy) return { kind: 'wait' }
  // small ones that came first are not needed beside a large one that came later
  const spared = new Set<IdleModel<Key>>()
  for (const model of going.toReversed()) {
    if (freed - model.bytes < shortBy) continue
    spared.add(model)
    freed -= model.bytes
  }
  const keys = going.filter((model) => !spared.has(model)).map(({ key }) => key)
  return { kind: 'evict', keys }
}
