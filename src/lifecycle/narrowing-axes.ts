/** Axes that a new version wants of one size, and the old one did not. */
import type { InputSpec } from '../signature.ts'
import { dynamic } from '../tensor/index.ts'
import { impliedShapes } from './implied-shapes.ts'

/** The first such pair, in words. What the old version takes, the new one takes in the same ranks. */
export function axesTied(
  old: readonly InputSpec[],
  next: readonly InputSpec[],
): string | undefined {
  const places = placesOf(old)
  const tiedNow = new Map(placesOf(next).map((place) => [key(place), place.axis]))
  for (const [index, a] of places.entries()) {
    const axis = tiedNow.get(key(a))
    if (axis === undefined) continue
    // every pair, since an input between two others may be left out of a request
    for (const b of places.slice(index + 1)) {
      if (axis === tiedNow.get(key(b)) && !agreed(a, b)) return inWords(a, b)
    }
  }
  return undefined
}

interface Place {
  readonly input: string
  readonly index: number
  readonly size: number
  readonly axis: string | undefined
}

function placesOf(inputs: readonly InputSpec[]): readonly Place[] {
  const shapes = impliedShapes(inputs)
  return inputs.flatMap(({ name, axes }) =>
    shapes.get(name)!.map((size, index) => ({ input: name, index, size, axis: axes?.[index] })),
  )
}

const key = ({ input, index }: Place): string => `${index} ${input}`

const agreed = (a: Place, b: Place): boolean =>
  (a.axis !== undefined && a.axis === b.axis) || (a.size !== dynamic && a.size === b.size)

function inWords(a: Place, b: Place): string {
  const where = `axis ${a.index + 1} of input "${a.input}" and axis ${b.index + 1} of input "${b.input}"`
  return `${where} could differ in size, the new version takes them of one size`
}
