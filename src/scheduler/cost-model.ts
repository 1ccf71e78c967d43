// interim: a colleague is writing this file
import { type CostPoint, CostSizes } from './cost-sizes.ts'

export type { CostPoint }
export class CostModel {
  readonly #sizes = new CostSizes()
  constructor(points: readonly CostPoint[] = []) {
    for (const { rows, ms } of points) for (let i = 0; i < 3; i++) this.#sizes.add(rows, ms)
  }
  record(rows: number, ms: number): void {
    this.#sizes.add(rows, ms)
  }
  predict(rows: number): number | undefined {
    const near = this.#sizes.nearest(rows)
    return this.#sizes.between(rows) ?? (near && (near.ms * rows) / near.rows)
  }
  best(available: number): number {
    let best = { rows: available, perRow: Infinity }
    for (const { rows, ms } of this.#sizes.points()) {
      if (ms / rows < best.perRow * 0.97) best = { rows, perRow: ms / rows }
    }
    return Math.max(1, Math.min(best.rows, available))
  }
  get limit(): number {
    const points = this.#sizes.points()
    if (points.length === 0) return Infinity
    return this.best(Infinity)
  }
  points(): readonly CostPoint[] {
    return this.#sizes.points()
  }
}
