/** Tensors from parsed JSON, by the rules of `json-elements.ts`. */
import { fail } from '../errors.ts'
import { describe, type JsonSource, type Path, UnsafeInteger, writerOf } from './json-elements.ts'
import { elementCount, formatShape, type Shape } from './shape.ts'
import type { Tensor } from './tensor.ts'

/** A tensor from nested arrays whose nesting is its shape, of so many axes. */
export function tensorFromNested(source: JsonSource, value: unknown, rank: number): Tensor {
  const shape = nestedShape(source, value, rank)
  const writer = writerOf(source, elementCount(source.name, shape))
  let count = 0
  const fill = (part: unknown, depth: number, path: Path): void => {
    if (depth === rank) {
      writer.write(count++, part, path)
      return
    }
    if (!Array.isArray(part) || part.length !== shape[depth]) {
      throw fail('SHAPE_INVALID', {
        input: source.name,
        expected: `arrays of one length (${shape[depth]}) side by side`,
        got: Array.isArray(part) ? `one of length ${part.length}` : describe(part),
        path: [...source.path, ...path],
      })
    }
    // rows of elements are the bulk of the work: no path is built for an element that is well
    if (depth === rank - 1) {
      for (let index = 0; index < part.length; index++) {
        if (!writer.tryWrite(count, part[index])) writer.write(count, part[index], [...path, index])
        count += 1
      }
      return
    }
    for (const [index, inner] of part.entries()) fill(inner, depth + 1, [...path, index])
  }
  fill(value, 0, [])
  return writer.tensor(shape)
}

/** A tensor from elements in row-major order, nested in any way or not at all. */
export function tensorFromFlat(source: JsonSource, value: unknown, shape: Shape): Tensor {
  const count = elementCount(source.name, shape)
  const writer = writerOf(source, count)
  let written = 0
  const fill = (part: unknown, path: Path, depth: number): void => {
    if (!Array.isArray(part)) {
      if (written < count) writer.write(written, part, path)
      written += 1
      return
    }
    if (depth > shape.length) {
      throw fail('SHAPE_INVALID', {
        input: source.name,
        expected: `data nested at most ${Math.max(1, shape.length)} deep, as shape ${formatShape(shape)} is`,
        got: 'deeper arrays',
        path: [...source.path, ...path],
      })
    }
    for (let index = 0; index < part.length; index++) {
      const inner: unknown = part[index]
      if (written < count && writer.tryWrite(written, inner)) written += 1
      else fill(inner, [...path, index], depth + 1)
    }
  }
  fill(value, [], 0)
  if (written !== count) {
    throw fail('COUNT_MISMATCH', {
      input: source.name,
      expected: `${count} elements for shape ${formatShape(shape)}`,
      got: `${written} elements`,
      path: source.path,
    })
  }
  return writer.tensor(shape)
}

/**
 * Parses and decodes. Where decoding meets an integer that parsing may have rounded, both are done
 * again with big integers in their place.
 */
export function parseJson<T>(text: string, decode: (value: unknown) => T): T {
  try {
    return decode(JSON.parse(text))
  } catch (thrown) {
    if (!(thrown instanceof UnsafeInteger)) throw thrown
    return decode(JSON.parse(text, keepDigits as Reviver))
  }
}

function nestedShape(source: JsonSource, value: unknown, rank: number): Shape {
  const shape: number[] = []
  let part = value
  while (Array.isArray(part) && shape.length <= rank) {
    shape.push(part.length)
    part = part[0]
  }
  // an empty array ends the nesting early: the axes below it have no size of their own
  while (shape.length < rank && shape.at(-1) === 0) shape.push(0)
  if (shape.length === rank) return shape
  throw fail('SHAPE_INVALID', {
    input: source.name,
    expected: `arrays nested ${rank} deep`,
    got:
      shape.length > rank
        ? 'deeper ones'
        : shape.length === 0
          ? describe(value)
          : `${shape.length} deep`,
    path: source.path,
  })
}

type Reviver = (this: unknown, key: string, value: unknown) => unknown

/** A reviver that is also given the source text of a number (ECMAScript 2025). */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
  return /^-?\d+$/.test(source) ? BigInt(source) : value
}
