/** Data that nobody gave, from what a model says it takes. */
import { WrongUsage } from '../../predict/index.ts'
import type { InputSpec } from '../../signature.ts'
import {
  dynamic,
  emptyData,
  type FixedData,
  type FixedDatatype,
  formatShape,
  integerRange,
  isFloat,
  type NamedTensor,
  numberToBf16,
  numberToFp16,
  type Shape,
} from '../../tensor/index.ts'
import type { Random } from '../arrivals/random.ts'

export interface SyntheticOptions {
  readonly rows: number
  /** Whole shapes for inputs by name, with the rows. */
  readonly shapes: ReadonlyMap<string, Shape>
  readonly random: Random
}

/**
 * A value for every input that must be given: floats from 0 to 1, bytes from 0 to 255, other
 * integers 0 or 1 (which are right as a mask and in every vocabulary), digits as strings; within
 * what the model declares. Fails with WrongUsage where a shape cannot be known.
 */
export function syntheticInputs(
  inputs: readonly InputSpec[],
  options: SyntheticOptions,
): readonly NamedTensor[] {
  return inputs
    .filter(({ optional }) => optional !== true)
    .map((spec) => ({ name: spec.name, tensor: tensorFor(spec, options) }))
}

function tensorFor(spec: InputSpec, { rows, shapes, random }: SyntheticOptions) {
  const { datatype, constraints = {} } = spec
  const shape = shapes.get(spec.name) ?? shapeOf(spec, rows)
  const count = shape.reduce((product, size) => product * size, 1)
  const { allowed } = constraints
  if (datatype === 'BYTES') {
    const { minimumLength = 0, maximumLength = Infinity } = constraints
    const length = Math.max(minimumLength, Math.min(2, maximumLength))
    const one = () => {
      if (allowed !== undefined) return `${pick(allowed, random)}`
      return Array.from({ length }, () => Math.floor(random() * 10)).join('')
    }
    return { datatype, shape, data: Array.from({ length: count }, () => Buffer.from(one())) }
  }
  const data = emptyData(datatype, count)
  const draw = allowed === undefined ? drawerOf(spec, random) : () => Number(pick(allowed, random))
  for (let at = 0; at < count; at++) put(data, at, datatype, draw())
  return { datatype, shape, data }
}

/** The first axis has the rows, the last the columns that have names; no other can be guessed. */
function shapeOf({ name, shape, constraints }: InputSpec, rows: number): Shape {
  const last = shape.length - 1
  return shape.map((size, place) => {
    if (size !== dynamic) {
      if (place > 0 || rows === 1 || size === rows) return size
      throw new WrongUsage(
        `input "${name}" has the fixed shape ${formatShape(shape)}, so a request cannot have ${rows} rows`,
        'leave --rows out',
      )
    }
    if (place === 0) return rows
    if (place === last && constraints?.fields !== undefined) return constraints.fields.length
    const example = [rows, ...shape.slice(1).map((other) => (other === dynamic ? 128 : other))]
    throw new WrongUsage(
      `input "${name}" has the shape ${formatShape(shape)}: how large are the axes of any size?`,
      `say it, for instance --shape ${name}=${example.join(',')}, or give requests by --data`,
    )
  })
}

function drawerOf({ datatype, constraints = {} }: InputSpec, random: Random): () => number {
  const { minimum, maximum } = constraints
  if (isFloat(datatype)) {
    const from = minimum ?? Math.min(0, (maximum ?? 1) - 1)
    const to = maximum ?? Math.max(1, from + 1)
    return () => from + random() * (to - from)
  }
  const [least, greatest] = integerRange(datatype)?.map(Number) ?? [0, 1]
  const usual = datatype === 'UINT8' ? 255 : 1
  const from = Math.ceil(Math.max(least!, minimum ?? Math.min(0, maximum ?? 0)))
  const to = Math.floor(Math.min(greatest!, maximum ?? Math.max(usual, from + 1)))
  return () => from + Math.floor(random() * (to - from + 1))
}

function put(data: FixedData, at: number, datatype: FixedDatatype, value: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[at] = BigInt(value)
  else if (datatype === 'FP16') data[at] = numberToFp16(value)
  else if (datatype === 'BF16') data[at] = numberToBf16(value)
  else data[at] = value
}

const pick = <T>(values: readonly T[], random: Random): T =>
  values[Math.floor(random() * values.length)]!
