/** A request that nobody sent, by which a version is tried before it serves. */
import type { InferenceRequest } from '../predictor.ts'
import type { Constraints, InputSpec, Signature } from '../signature.ts'
import {
  type Datatype,
  dynamic,
  elementOf,
  emptyData,
  integerRange,
  isFloat,
  layoutOf,
  type Shape,
  type Tensor,
} from '../tensor/index.ts'
import { impliedShapes } from './implied-shapes.ts'

/**
 * One row for every input that must be given: an axis of any size has one place, and values are
 * ones, or what the declared constraints allow in their stead. Undefined where it would be too
 * large to be made for nothing.
 *
 * Ones, because zeros say more than they seem to: a mask or a length of 0 is no input at all, and
 * what is divided by 0 or is the logarithm of 0 gives a false alarm.
 */
export function synthesize(signature: Signature): InferenceRequest | undefined {
  const shapes = impliedShapes(signature.inputs)
  const needed = signature.inputs
    .filter(({ optional }) => optional !== true)
    .map((spec) => ({ spec, shape: oneRow(spec, shapes.get(spec.name)!) }))
  const bytes = needed.reduce((sum, { spec, shape }) => sum + bytesFor(spec, shape), 0)
  if (bytes > MOST_BYTES) return undefined
  return {
    inputs: needed.map(({ spec, shape }) => ({ name: spec.name, tensor: tensorOf(spec, shape) })),
  }
}

/** Whether more than the number of rows had to be guessed to make a request for it. */
export function isGuess({ inputs }: Signature): boolean {
  const shapes = impliedShapes(inputs)
  return inputs.some(
    ({ name, datatype, constraints, optional }) =>
      optional !== true &&
      (shapes.get(name)!.slice(1).includes(dynamic) ||
        // numbers are alike, strings are not
        (datatype === 'BYTES' && constraints?.allowed === undefined)),
  )
}

function oneRow({ constraints }: InputSpec, shape: Shape): Shape {
  const columns = constraints?.fields?.length ?? 1
  const last = shape.length - 1
  return shape.map((size, place) => (size !== dynamic ? size : place === last ? columns : 1))
}

function tensorOf({ datatype, constraints = {} }: InputSpec, shape: Shape): Tensor {
  const count = countOf(shape)
  if (datatype === 'BYTES') {
    return { datatype, shape, data: new Array<Uint8Array>(count).fill(stringFor(constraints)) }
  }
  const data = emptyData(datatype, count)
  data.fill(elementOf(datatype, numberFor(datatype, constraints)) as never)
  return { datatype, shape, data }
}

/** The digit again, so that a model that reads numbers out of strings can read this one. */
function stringFor({ allowed, minimumLength = 0, maximumLength = Infinity }: Constraints) {
  const fitting = allowed
    ?.map((value) => Buffer.from(String(value)))
    .find(({ length }) => length >= minimumLength && length <= maximumLength)
  return fitting ?? Buffer.from('1'.repeat(Math.max(minimumLength, Math.min(1, maximumLength))))
}

/** The first that is listed, else what is nearest to one, of the numbers that are allowed. */
function numberFor(datatype: Datatype, constraints: Constraints): number {
  const [least, greatest] = rangeOf(datatype)
  const minimum = Math.max(constraints.minimum ?? -Infinity, least)
  const maximum = Math.min(constraints.maximum ?? Infinity, greatest)
  const whole = !isFloat(datatype)
  const listed = constraints.allowed
    ?.map(Number)
    .filter((value) => Number.isFinite(value) && (!whole || Number.isInteger(value)))
    .find((value) => value >= minimum && value <= maximum)
  if (listed !== undefined) return listed
  if (minimum > 1) return whole ? Math.ceil(minimum) : minimum
  if (maximum < 1) return whole ? Math.floor(maximum) : maximum
  return 1
}

function rangeOf(datatype: Datatype): readonly [number, number] {
  if (datatype === 'BOOL') return [0, 1]
  const [least, greatest] = integerRange(datatype) ?? [-Infinity, Infinity]
  return [Number(least), Number(greatest)]
}

/** At least; strings are counted by what an array of them takes. */
function bytesFor({ datatype, constraints }: InputSpec, shape: Shape): number {
  const size =
    datatype === 'BYTES' ? 8 + (constraints?.minimumLength ?? 0) : layoutOf(datatype).size
  return countOf(shape) * size
}

const countOf = (shape: Shape): number => shape.reduce((count, size) => count * size, 1)

const MOST_BYTES = 256 * 2 ** 20
