/** Shapes: sizes of axes, outermost first. In a signature an axis may be dynamic, and named. */
import { fail } from '../errors.ts'

export type Shape = readonly number[]

/** The size of an axis in a signature; `dynamic` where any size will do. */
export const dynamic = -1

/**
 * The number of elements of a shape. An empty shape is a scalar: one element.
 * Fails with SHAPE_INVALID for axes that are not whole numbers from 0 on, for more than 64 axes,
 * and for more elements than can be counted exactly.
 */
export function elementCount(name: string, shape: Shape): number {
  if (shape.length > maxRank) {
    throw fail('SHAPE_INVALID', {
      input: name,
      expected: `at most ${maxRank} axes`,
      got: `${shape.length}`,
    })
  }
  let count = 1
  let outline = 1 // as if empty axes had one place
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw fail('SHAPE_INVALID', {
        input: name,
        expected: 'whole numbers from 0 on',
        got: formatShape(shape),
      })
    }
    count *= size
    outline *= Math.max(1, size)
    // an axis of 0 later on must not hide an overflow before it
    if (!Number.isSafeInteger(count)) {
      throw fail('SHAPE_INVALID', {
        input: name,
        expected: 'a number of elements that can be counted',
        got: formatShape(shape),
      })
    }
  }
  if (count === 0 && outline > largestEmpty) {
    throw fail('SHAPE_INVALID', {
      input: name,
      expected: `other axes with at most ${largestEmpty} places together beside an empty one`,
      got: formatShape(shape),
    })
  }
  return count
}

/** Whether a tensor of this shape fits a signature's. */
export function shapeFits(shape: Shape, wanted: Shape): boolean {
  if (shape.length !== wanted.length) return false
  for (let axis = 0; axis < shape.length; axis++) {
    if (wanted[axis] !== dynamic && wanted[axis] !== shape[axis]) return false
  }
  return true
}

export const formatShape = (shape: Shape): string => `[${shape.join(',')}]`

const maxRank = 64
/** No data stands behind an empty tensor's other axes, and outputs may be as long as they. */
const largestEmpty = 2 ** 20
