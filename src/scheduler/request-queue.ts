/**
 * The requests that wait for one model version, in the order in which they are served: by level,
 * then as they came; those that waited longer than their level likes, behind the others of it.
 */
import type { Waiting } from './waiting.ts'

export class RequestQueue {
  /** Ascending. Most models have one. */
  readonly #levels: Level[] = []
  #size = 0
  #bytes = 0
  /** Those that should be answered by some moment. */
  #dated = 0

  get size(): number {
    return this.#size
  }

  /** Memory of the inputs of all that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Of all that wait. */
  get rows(): number {
    return this.#levels.reduce((sum, { rows }) => sum + rows, 0)
  }

  sizeOf(level: number): number {
    return this.#levels.find((one) => one.level === level)?.size ?? 0
  }

  push(waiting: Waiting): void {
    const level = this.#levelOf(waiting.level)
    level.inTime.push(waiting)
    this.#count(level, waiting, 1)
  }

  /** In the order in which they are served. */
  *[Symbol.iterator](): IterableIterator<Waiting> {
    for (const { inTime, late } of this.#levels) {
      yield* inTime
      yield* late
    }
  }

  /** The first, up to so many. */
  head(count: number): readonly Waiting[] {
    const [only] = this.#levels
    if (this.#levels.length === 1 && only!.late.length === 0) return only!.inTime.slice(0, count)
    const head: Waiting[] = []
    for (const waiting of this) {
      if (head.length === count) break
      head.push(waiting)
    }
    return head
  }

  /** Takes these out. Those that are not there any more are left alone. */
  remove(gone: ReadonlySet<Waiting>): void {
    for (const level of this.#levels) {
      level.inTime = this.#without(level, level.inTime, gone)
      level.late = this.#without(level, level.late, gone)
    }
  }

  /** Rows of those that are served before one of this level that comes now. */
  rowsBefore(level: number): number {
    return this.#levels.reduce((sum, one) => (one.level <= level ? sum + one.rows : sum), 0)
  }

  /** Whether any of them should be answered by some moment. */
  get hasDeadlines(): boolean {
    return this.#dated > 0
  }

  /** Whether it was there. */
  delete(waiting: Waiting): boolean {
    const level = this.#levels.find((one) => one.level === waiting.level)
    for (const list of [level?.inTime, level?.late]) {
      const at = list?.indexOf(waiting) ?? -1
      if (at === -1) continue
      list!.splice(at, 1)
      this.#count(level!, waiting, -1)
      return true
    }
    return false
  }

  /** Those whose time to begin has passed: taken out, or put behind the others where they may wait on. */
  expire(now: number): readonly Waiting[] {
    const expired: Waiting[] = []
    for (const level of this.#levels) {
      if (!level.inTime.some(({ beginBy }) => beginBy <= now)) continue
      const over = level.inTime.filter(({ beginBy }) => beginBy <= now)
      level.inTime = level.inTime.filter(({ beginBy }) => beginBy > now)
      for (const waiting of over) {
        if (waiting.delayable) level.late.push(waiting)
        else {
          this.#count(level, waiting, -1)
          expired.push(waiting)
        }
      }
    }
    return expired
  }

  /** The first moment at which one must have begun or been answered; Infinity where none must. */
  get nextExpiry(): number {
    let next = Infinity
    for (const { inTime } of this.#levels) {
      for (const { beginBy, answerBy } of inTime) next = Math.min(next, beginBy, answerBy)
    }
    return next
  }

  #levelOf(number: number): Level {
    const known = this.#levels.find(({ level }) => level === number)
    if (known !== undefined) return known
    const level = new Level(number)
    this.#levels.push(level)
    this.#levels.sort((a, b) => a.level - b.level)
    return level
  }

  #without(level: Level, list: Waiting[], gone: ReadonlySet<Waiting>): Waiting[] {
    return list.filter((waiting) => {
      if (!gone.has(waiting)) return true
      this.#count(level, waiting, -1)
      return false
    })
  }

  #count(level: Level, { rows, bytes, answerBy }: Waiting, sign: 1 | -1): void {
    level.rows += sign * rows
    this.#size += sign
    this.#bytes += sign * bytes
    if (answerBy < Infinity) this.#dated += sign
  }
}

class Level {
  readonly level: number
  inTime: Waiting[] = []
  late: Waiting[] = []
  rows = 0

  constructor(level: number) {
    this.level = level
  }

  get size(): number {
    return this.inTime.length + this.late.length
  }
}
