/**
 * What runs took lately, by their number of rows. Small numbers stand for themselves; large ones
 * share a place with their neighbours, eight to each doubling, so that memory is bounded.
 */
import { Recent } from './recent.ts'

/** What a run of so many rows takes, in milliseconds. */
export interface CostPoint {
  readonly rows: number
  readonly ms: number
}

export class CostSizes {
  readonly #byPlace = new Map<number, Recent>()
  /** Of those that are known, in milliseconds for a row, ascending by rows. */
  readonly #known: Known[] = []

  add(rows: number, ms: number): void {
    const place = placeOf(rows)
    const recent = this.#byPlace.get(place) ?? new Recent(WINDOW)
    this.#byPlace.set(place, recent)
    recent.add(ms / rows)
    if (recent.count < ENOUGH) return
    const at = this.#known.findIndex((known) => known.place >= place)
    if (this.#known[at]?.place === place) this.#known[at].msPerRow = recent.median
    else {
      const known = { place, rows, msPerRow: recent.median }
      this.#known.splice(at < 0 ? this.#known.length : at, 0, known)
    }
  }

  isKnown(rows: number): boolean {
    return this.#known.some(({ place }) => place === placeOf(rows))
  }

  /** Undefined where no run of about this size is known, nor any both smaller and larger ones. */
  between(rows: number): number | undefined {
    const place = placeOf(rows)
    const at = this.#known.findIndex((known) => known.place >= place)
    if (at === -1) return undefined
    const above = this.#known[at]!
    if (above.place === place) return above.msPerRow * rows
    if (at === 0) return undefined
    const below = this.#known[at - 1]!
    const share = (rows - below.rows) / (above.rows - below.rows)
    const [least, most] = [below.msPerRow * below.rows, above.msPerRow * above.rows]
    return least + share * (most - least)
  }

  /** Of the size that is known and nearest to it. */
  nearest(rows: number): CostPoint | undefined {
    const at = this.#known.findIndex((known) => known.rows >= rows)
    const known = this.#known[at] ?? this.#known.at(-1)
    return known && { rows: known.rows, ms: known.msPerRow * known.rows }
  }

  /** Every size that is known, the smallest first. */
  forEach(visit: (rows: number, msPerRow: number) => void): void {
    for (const { rows, msPerRow } of this.#known) visit(rows, msPerRow)
  }

  points(): readonly CostPoint[] {
    return this.#known.map(({ rows, msPerRow }) => ({ rows, ms: msPerRow * rows }))
  }
}

/** Runs of a size by which it is known. */
export const ENOUGH = 3

interface Known {
  readonly place: number
  readonly rows: number
  msPerRow: number
}

function placeOf(rows: number): number {
  if (rows <= 16) return rows
  const doubling = 31 - Math.clz32(rows)
  return 16 + (doubling - 4) * 8 + ((rows >>> (doubling - 3)) & 7)
}

const WINDOW = 15
