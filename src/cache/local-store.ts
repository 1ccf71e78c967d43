/**
 * What is kept in the memory of the process: entries of all models under one bound of bytes.
 *
 * What must leave is chosen by SIEVE (Zhang et al., NSDI 2024): entries stand in a queue by age, and
 * a hand goes from the oldest to the youngest; what was asked for since it last came by stays, the
 * first that was not leaves. Most requests to a model never come again, and those do not push out
 * the ones that do, as they would where the least recently used leaves; and a hit writes one bit.
 */
export interface LocalStoreOptions {
  /** Of keys, values and what is around them. */
  readonly maxBytes: number
  /** Of each change: all bytes and entries, and how many had to leave for it. */
  readonly onChange?: (held: Held) => void
}

export interface Held {
  readonly bytes: number
  readonly entries: number
  /** Entries that made room this time. */
  readonly evicted: number
}

export class LocalStore<Value> {
  readonly #maxBytes: number
  readonly #onChange: (held: Held) => void
  #bytes = 0
  #entries = 0
  #oldest: Entry<Value> | undefined
  #youngest: Entry<Value> | undefined
  #hand: Entry<Value> | undefined

  constructor({ maxBytes, onChange = () => {} }: LocalStoreOptions) {
    this.#maxBytes = maxBytes
    this.#onChange = onChange
  }

  get bytes(): number {
    return this.#bytes
  }

  get entries(): number {
    return this.#entries
  }

  /** A part of the store that is emptied by itself: of one version. */
  shelf(): Shelf<Value> {
    return new Shelf({
      fits: (bytes) => bytes <= this.#maxBytes / largestPart,
      add: (entry, now) => this.#add(entry, now),
      remove: (entries) => {
        for (const entry of entries) this.#unlink(entry)
        this.#tell(0)
      },
    })
  }

  #add(entry: Entry<Value>, now: number): void {
    let evicted = 0
    while (this.#bytes + entry.bytes > this.#maxBytes) {
      this.#evict(now)
      evicted += 1
    }
    entry.older = this.#youngest
    if (this.#youngest === undefined) this.#oldest = entry
    else this.#youngest.younger = entry
    this.#youngest = entry
    this.#bytes += entry.bytes
    this.#entries += 1
    this.#tell(evicted)
  }

  #evict(now: number): void {
    let entry = this.#hand ?? this.#oldest!
    while (entry.asked && entry.expires > now) {
      entry.asked = false
      entry = entry.younger ?? this.#oldest!
    }
    this.#hand = entry.younger
    entry.shelf.delete(entry.key)
    this.#unlink(entry)
  }

  #unlink(entry: Entry<Value>): void {
    const { older, younger } = entry
    if (this.#hand === entry) this.#hand = younger
    if (older === undefined) this.#oldest = younger
    else older.younger = younger
    if (younger === undefined) this.#youngest = older
    else younger.older = older
    this.#bytes -= entry.bytes
    this.#entries -= 1
  }

  #tell(evicted: number): void {
    this.#onChange({ bytes: this.#bytes, entries: this.#entries, evicted })
  }
}

/** Entries of one version, by their keys. */
export class Shelf<Value> {
  readonly #store: StoreOfShelf<Value>
  readonly #entries = new Map<string, Entry<Value>>()
  #closed = false

  constructor(store: StoreOfShelf<Value>) {
    this.#store = store
  }

  /** `now`, as `expires`, is a moment of a clock that never jumps. */
  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expires <= now) {
      this.#entries.delete(key)
      this.#store.remove([entry])
      return undefined
    }
    entry.asked = true
    return entry.value
  }

  /** In place of what was kept under the key. False where it is too large for a part of the whole. */
  set(key: string, value: Value, weight: number, expires: number, now: number): boolean {
    const bytes = entryBytes + key.length + weight
    if (this.#closed || !this.#store.fits(bytes)) return false
    const before = this.#entries.get(key)
    if (before !== undefined) this.#store.remove([before])
    const entry = { key, value, bytes, expires, shelf: this.#entries, ...fresh }
    this.#entries.set(key, entry)
    this.#store.add(entry, now)
    return true
  }

  /** Empties it; nothing is kept any more. */
  close(): void {
    this.#closed = true
    this.#store.remove(this.#entries.values())
    this.#entries.clear()
  }
}

interface StoreOfShelf<Value> {
  fits(bytes: number): boolean
  add(entry: Entry<Value>, now: number): void
  remove(entries: Iterable<Entry<Value>>): void
}

interface Entry<Value> {
  readonly key: string
  readonly value: Value
  readonly bytes: number
  readonly expires: number
  readonly shelf: Map<string, Entry<Value>>
  /** Since the hand came by. */
  asked: boolean
  older: Entry<Value> | undefined
  younger: Entry<Value> | undefined
}

const fresh = { asked: false, older: undefined, younger: undefined }

/** One answer may take this part of the whole: a few large ones should not empty it. */
const largestPart = 8

/** Measured with Node 24: an entry, its place in the map, and the objects of its key and value. */
const entryBytes = 430
