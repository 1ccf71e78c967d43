/**
 * Who has a row of a batch, and who waits for one. Rows are given from the first on, so that runs
 * stay as short as they can be.
 */
import type { Batch } from './batch.ts'
import type { Seat, Sequence } from './sequence.ts'

export class Seats {
  readonly #batches: readonly Batch[]
  readonly #rows: number
  readonly #backlog = new Set<Sequence>()

  constructor(batches: readonly Batch[], rows: number) {
    this.#batches = batches
    this.#rows = rows
  }

  /** Sequences that wait for a row. */
  get backlog(): number {
    return this.#backlog.size
  }

  /** Where the next sequence would have its row; undefined where it would wait. */
  get next(): Batch | undefined {
    return this.#free()?.batch
  }

  /** A row where one is free, else the end of the backlog. */
  enter(sequence: Sequence): void {
    if (!this.#sit(sequence)) this.#backlog.add(sequence)
  }

  /** Its row is for the next of the backlog, which is returned. */
  leave(sequence: Sequence): Sequence | undefined {
    this.#backlog.delete(sequence)
    const { seat } = sequence
    if (seat === undefined) return undefined
    sequence.seat = undefined
    seat.batch.seated[seat.row] = undefined
    for (const next of this.#backlog) {
      this.#backlog.delete(next)
      this.#sit(next)
      return next
    }
    return undefined
  }

  #sit(sequence: Sequence): boolean {
    const seat = this.#free()
    if (seat === undefined) return false
    seat.batch.seated[seat.row] = sequence
    sequence.seat = seat
    return true
  }

  #free(): Seat | undefined {
    for (let row = 0; row < this.#rows; row++) {
      const batch = this.#batches.find(({ seated }) => seated[row] === undefined)
      if (batch !== undefined) return { batch, row }
    }
    return undefined
  }
}
