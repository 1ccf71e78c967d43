/** What the names of axes tell of their sizes. */
import type { InputSpec } from '../signature.ts'
import { dynamic, type Shape } from '../tensor/index.ts'

/**
 * The shapes of inputs by their names, where an axis of any size that has its name in common with
 * one of a fixed size has that size. Only inputs that every request has can fix it.
 */
export function impliedShapes(inputs: readonly InputSpec[]): ReadonlyMap<string, Shape> {
  const sizes = new Map<string, number>()
  for (const { shape, axes, optional } of inputs) {
    if (optional === true) continue
    shape.forEach((size, place) => {
      const axis = axes?.[place]
      if (axis !== undefined && size !== dynamic) sizes.set(axis, size)
    })
  }
  return new Map(
    inputs.map(({ name, shape, axes }) => [
      name,
      shape.map((size, place) => {
        if (size !== dynamic) return size
        return sizes.get(axes?.[place] ?? '') ?? dynamic
      }),
    ]),
  )
}
