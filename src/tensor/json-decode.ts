/** Tensors from parsed JSON, by the rules of `json-elements.ts`. */
import { fail, type Path, type ServingError } from '../errors.ts'
import { describe, type JsonSource, UnsafeInteger, writerOf } from './json-elements.ts'
import { elementCount, formatShape, type Shape } from './shape.ts'
import type { Tensor } from './tensor.ts'

/** A tensor from nested arrays whose nesting is its shape, of so many axes. */
export function tensorFromNested(source: JsonSource, value: unknown, rank: number): Tensor {
  const shape = nestedShape(source, value, rank)
  requireEven(source, value, shape, [])
  const writer = writerOf(source, elementCount(source.name, shape))
  let count = 0
  const fill = (part: unknown, depth: number, path: Path): void => {
    if (depth === rank) {
      writer.write(count++, part, path)
      return
    }
    const parts = part as readonly unknown[]
    // rows of elements are the bulk of the work: no path is built for an element that is well
    if (depth === rank - 1) {
      for (let index = 0; index < parts.length; index++) {
        if (!writer.tryWrite(count, parts[index]))
          writer.write(count, parts[index], [...path, index])
        count += 1
      }
      return
    }
    for (const [index, inner] of parts.entries()) fill(inner, depth + 1, [...path, index])
  }
  fill(value, 0, [])
  return writer.tensor(shape)
}

/** A tensor from elements in row-major order, nested in any way no deeper than its shape, or not at all. */
export function tensorFromFlat(source: JsonSource, value: unknown, shape: Shape): Tensor {
  const count = elementCount(source.name, shape)
  const given = countElements(source, value, shape, [])
  if (given !== count) {
    throw fail('COUNT_MISMATCH', {
      input: source.name,
      expected: `${count} elements for shape ${formatShape(shape)}`,
      got: `${given} elements`,
      path: source.path,
    })
  }
  const writer = writerOf(source, count)
  let written = 0
  const fill = (part: unknown, path: Path): void => {
    if (!Array.isArray(part)) {
      writer.write(written++, part, path)
      return
    }
    for (let index = 0; index < part.length; index++) {
      const inner: unknown = part[index]
      if (writer.tryWrite(written, inner)) written += 1
      else fill(inner, [...path, index])
    }
  }
  fill(value, [])
  return writer.tensor(shape)
}

/**
 * Parses and decodes. Where decoding meets an integer that parsing may have rounded, both are done
 * again with big integers in their place. Throws the SyntaxError of JSON.parse as it is.
 */
export function parseJson<T>(text: string, decode: (value: unknown) => T): T {
  try {
    return decode(JSON.parse(text))
  } catch (thrown) {
    if (!(thrown instanceof UnsafeInteger)) throw thrown
    if (text.length > exactLimit) throw tooLongForDigits(thrown.refusal)
  }
  const exact = parseExactly(text)
  try {
    return decode(exact)
  } catch (thrown) {
    // what is still no big integer was written with a fraction
    throw thrown instanceof UnsafeInteger ? thrown.refusal : thrown
  }
}

/** Characters of a text that may be parsed again: keeping digits takes ten times as long. */
const exactLimit = 2 ** 18

function tooLongForDigits(refusal: ServingError): ServingError {
  const { facts } = refusal
  if (facts.input === undefined) return refusal // no tensor's
  return fail('VALUE_INVALID', {
    input: `${facts.input}`,
    expected: 'integers beyond 2^53 as strings of digits, in a body this long',
    got: 'one as a number',
    hint: 'send 64-bit integers as strings of digits, or as a binary tensor',
    ...(facts.path !== undefined && { path: facts.path }),
  })
}

function parseExactly(text: string): unknown {
  try {
    return JSON.parse(text, keepDigits as Reviver)
  } catch (thrown) {
    // a reviver is called for every level from within the level above
    if (!(thrown instanceof RangeError)) throw thrown
    throw fail('BODY_MALFORMED', { problem: 'the JSON is nested too deeply' }, thrown)
  }
}

/** Fails unless arrays side by side are of one length, as the first of them says. */
function requireEven(source: JsonSource, part: unknown, shape: Shape, path: Path): void {
  const depth = path.length
  if (depth === shape.length) return
  if (!Array.isArray(part) || part.length !== shape[depth]) {
    throw fail('SHAPE_INVALID', {
      input: source.name,
      expected: `arrays of one length (${shape[depth]}) side by side`,
      got: Array.isArray(part) ? `one of length ${part.length}` : describe(part),
      path: [...source.path, ...path],
    })
  }
  if (depth === shape.length - 1) return
  for (const [index, inner] of part.entries()) requireEven(source, inner, shape, [...path, index])
}

/** Counted before memory is taken, since a shape may claim anything. */
function countElements(source: JsonSource, part: unknown, shape: Shape, path: Path): number {
  if (!Array.isArray(part)) return 1
  const deepest = Math.max(1, shape.length)
  if (path.length === deepest) {
    throw fail('SHAPE_INVALID', {
      input: source.name,
      expected: `data nested at most ${deepest} deep, as shape ${formatShape(shape)} is`,
      got: 'deeper arrays',
      path: [...source.path, ...path],
    })
  }
  let count = 0
  for (let index = 0; index < part.length; index++) {
    const inner: unknown = part[index]
    count += Array.isArray(inner) ? countElements(source, inner, shape, [...path, index]) : 1
  }
  return count
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
  return exactInteger(source) ?? value
}

/** `12`, `1.2e1` and `12.0` as 12n; undefined for what has a fraction or no end. */
function exactInteger(source: string): bigint | undefined {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source)
  if (parts === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  const digits = whole + fraction
  const zeros = Number(exponent) - fraction.length
  const end = digits.length + Math.min(zeros, 0)
  // making a big integer takes the square of its digits
  if (zeros > mostDigits || end > mostDigits) return undefined
  if (end <= 0 || /[1-9]/.test(digits.slice(end))) return undefined
  return BigInt(`${sign}${digits.slice(0, end)}${'0'.repeat(Math.max(zeros, 0))}`)
}

const mostDigits = 309 // the greatest 64-bit float has no more
