/** What runs take, for each shape of requests that came lately. */
import { CostModel, type CostPoint } from './cost-model.ts'

export interface ShapePoints {
  readonly shape: string
  readonly points: readonly CostPoint[]
}

export class ShapeCosts {
  readonly #models = new Map<string, CostModel>()

  /** Of one shape, with what was known of it before. */
  seed({ shape, points }: ShapePoints): void {
    this.#keep(shape, new CostModel(points))
  }

  of(shape: string): CostModel {
    const known = this.#models.get(shape)
    if (known !== undefined) {
      if (this.#models.size > mostShapes / 2) this.#keep(shape, known) // those in use are kept longest
      return known
    }
    const model = new CostModel()
    this.#keep(shape, model)
    return model
  }

  all(): readonly (readonly [shape: string, costs: CostModel])[] {
    return [...this.#models]
  }

  #keep(shape: string, model: CostModel): void {
    this.#models.delete(shape)
    this.#models.set(shape, model)
    if (this.#models.size <= mostShapes) return
    const [oldest] = this.#models.keys()
    this.#models.delete(oldest!)
  }
}

/** A model of texts or images of any size has many. */
const mostShapes = 128
