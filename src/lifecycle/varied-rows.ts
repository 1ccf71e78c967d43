/** Rows that differ, for a trial of what a model makes of them together. */
import type { InferenceRequest } from '../predictor.ts'
import type { Constraints, Signature } from '../signature.ts'
import {
  bf16ToNumber,
  emptyData,
  type FixedDatatype,
  type FixedTensor,
  fp16ToNumber,
  isFloat,
  numberToBf16,
  numberToFp16,
  splitRows,
  type Tensor,
} from '../tensor/index.ts'

/**
 * Requests of one row each, all of one shape: rows of the samples where they have several, else the
 * first of them, or the request that was made up, with other values where the constraints allow any.
 */
export function variedRows(
  samples: readonly InferenceRequest[],
  synthesized: InferenceRequest | undefined,
  signature: Signature,
  count: number,
): readonly InferenceRequest[] {
  const given = samples.flatMap(rowsOf)
  const alike = given.filter((row) => shapeOf(row) === shapeOf(given[0]!)).slice(0, count)
  const base = alike[0] ?? synthesized
  if (base === undefined) return []
  if (alike.length > 1) return Array.from({ length: count }, (_, at) => alike[at % alike.length]!)
  const random = seeded(1)
  return Array.from({ length: count }, (_, at) =>
    at === 0 ? base : varied(base, signature, random),
  )
}

/** Whether any two of them differ. */
export const differ = (rows: readonly InferenceRequest[]): boolean =>
  new Set(rows.map(({ inputs }) => JSON.stringify(inputs.map(({ tensor }) => plain(tensor)))))
    .size > 1

function rowsOf({ inputs }: InferenceRequest): readonly InferenceRequest[] {
  const rows = inputs[0]?.tensor.shape[0] ?? 0
  if (inputs.some(({ tensor }) => tensor.shape[0] !== rows)) return []
  const pieces = inputs.map(({ tensor }) => splitRows(tensor, new Array(rows).fill(1)))
  return Array.from({ length: rows }, (_, row) => ({
    inputs: inputs.map(({ name }, input) => ({ name, tensor: pieces[input]![row]! })),
  }))
}

function varied(
  base: InferenceRequest,
  { inputs }: Signature,
  random: () => number,
): InferenceRequest {
  return {
    inputs: base.inputs.map(({ name, tensor }) => {
      const { constraints = {} } = inputs.find((spec) => spec.name === name) ?? {}
      return { name, tensor: variedTensor(tensor, constraints, random) }
    }),
  }
}

function variedTensor(tensor: Tensor, constraints: Constraints, random: () => number): Tensor {
  // what is listed was chosen with care, and what a string means nobody knows
  if (tensor.datatype === 'BYTES' || constraints.allowed !== undefined) return tensor
  const { datatype, shape } = tensor
  const data = emptyData(datatype, tensor.data.length)
  for (let at = 0; at < data.length; at++) {
    data[at] = variedElement(tensor, at, constraints, random) as never
  }
  return { datatype, shape, data }
}

/** A float around what it is, an integer what it is or one less, which an index may be as well. */
function variedElement(
  { datatype, data }: FixedTensor,
  at: number,
  { minimum = -Infinity, maximum = Infinity }: Constraints,
  random: () => number,
): number | bigint {
  const value = data[at]!
  if (datatype === 'BOOL') return random() < 0.5 ? 1 : 0
  if (!isFloat(datatype)) {
    const less = BigInt(value) - 1n
    const allowed = less >= 0n && Number(less) >= minimum
    const chosen = allowed && random() < 0.5 ? less : BigInt(value)
    return typeof value === 'bigint' ? chosen : Number(chosen)
  }
  const [read, write] = bits[datatype] ?? [Number, Number]
  const number = read(Number(value))
  const near = number + (random() * 2 - 1) * Math.max(1, Math.abs(number))
  return write(Math.min(maximum, Math.max(minimum, near)))
}

const bits: Partial<
  Record<FixedDatatype, readonly [(bits: number) => number, (n: number) => number]>
> = {
  FP16: [fp16ToNumber, numberToFp16],
  BF16: [bf16ToNumber, numberToBf16],
}

const shapeOf = ({ inputs }: InferenceRequest): string =>
  inputs.map(({ name, tensor }) => `${name}:${tensor.shape.join(',')}`).join(';')

const plain = ({ data }: Tensor) => Array.from(data as ArrayLike<unknown>, String)

/** Numbers from 0 to 1 that are the same each time (Numerical Recipes' linear congruential generator). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
