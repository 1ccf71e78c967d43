/** Rows that differ, for a trial of what a model makes of them together. */
import type { InferenceRequest } from '../predictor.ts'
import type { Constraints, Signature } from '../signature.ts'
import {
  bf16ToNumber,
  emptyData,
  type FixedDatatype,
  type FixedTensor,
  fp16ToNumber,
  integerRange,
  isFloat,
  numberToBf16,
  numberToFp16,
  splitRows,
  type Tensor,
} from '../tensor/index.ts'

export interface VariedOptions {
  /** Requests that are known to be good. */
  readonly samples: readonly InferenceRequest[]
  /** One row that was made up, where there are no samples. */
  readonly synthesized: InferenceRequest | undefined
  readonly signature: Signature
  readonly count: number
}

/**
 * Requests of one row each, all of one shape; the same ones each time. The first is one of the samples,
 * or was made up, and the others lie around it as far as the constraints allow. `width`: how far, as
 * a multiple of what is there; whole numbers go down to 0, and up to a third of `width` at most. Empty
 * where there is nothing to begin with.
 */
export function variedRows(options: VariedOptions, width: number): readonly InferenceRequest[] {
  const { samples, synthesized, signature, count } = options
  const base = sampleRows(samples)[0] ?? synthesized
  if (base === undefined) return []
  const random = seeded(1)
  return Array.from({ length: count }, (_, at) => {
    // of different sizes, so that what a model scales by all of them is seen, and of either sign
    const around = { sign: at % 2 === 0 ? -1 : 1, width: width * (1 + (at % 3)), random }
    return at === 0 ? base : varied(base, signature, around)
  })
}

/** The rows of samples, as many as have the shape of the first. */
export function sampleRows(samples: readonly InferenceRequest[]): readonly InferenceRequest[] {
  const rows = samples.flatMap(singleRows)
  return rows.filter((row) => shapeOf(row) === shapeOf(rows[0]!))
}

/** Whether any two of them differ. */
export const differ = (rows: readonly InferenceRequest[]): boolean =>
  rows.some(({ inputs }) => inputs.some(({ tensor }, at) => !isSame(tensor, rows[0]!, at)))

function isSame({ data }: Tensor, { inputs }: InferenceRequest, at: number): boolean {
  const other = inputs[at]!.tensor.data
  return data.every((element: unknown, index: number) =>
    element instanceof Uint8Array
      ? Buffer.compare(element, other[index] as Uint8Array) === 0
      : Object.is(element, other[index]),
  )
}

function singleRows({ inputs }: InferenceRequest): readonly InferenceRequest[] {
  const rows = inputs[0]?.tensor.shape[0] ?? 0
  if (inputs.some(({ tensor }) => tensor.shape[0] !== rows)) return []
  const pieces = inputs.map(({ tensor }) => splitRows(tensor, new Array(rows).fill(1)))
  return Array.from({ length: rows }, (_, row) => ({
    inputs: inputs.map(({ name }, input) => ({ name, tensor: pieces[input]![row]! })),
  }))
}

interface Around {
  readonly sign: number
  readonly width: number
  readonly random: () => number
}

function varied(base: InferenceRequest, { inputs }: Signature, around: Around): InferenceRequest {
  return {
    inputs: base.inputs.map(({ name, tensor }) => {
      const { constraints = {} } = inputs.find((spec) => spec.name === name) ?? {}
      const data =
        tensor.datatype === 'BYTES'
          ? tensor.data.map((bytes) => variedString(bytes, constraints, around))
          : variedNumbers(tensor, constraints, around)
      return { name, tensor: { ...tensor, data } as Tensor }
    }),
  }
}

/** Another that is listed, or other digits; what else a string may say nobody knows. */
function variedString(bytes: Uint8Array, { allowed }: Constraints, { random }: Around): Uint8Array {
  if (allowed !== undefined) return Buffer.from(String(pick(allowed, random)))
  if (!/^\d+$/.test(Buffer.from(bytes).toString())) return bytes
  return Buffer.from(bytes.map(() => 49 + Math.floor(random() * 9)))
}

function variedNumbers(
  { datatype, data }: FixedTensor,
  constraints: Constraints,
  around: Around,
): FixedTensor['data'] {
  const varied = emptyData(datatype, data.length)
  const [read, write] = codecs[datatype] ?? [Number, Number]
  for (let at = 0; at < data.length; at++) {
    varied[at] = write(variedNumber(read(data[at]!), datatype, constraints, around)) as never
  }
  return varied
}

function variedNumber(
  value: number,
  datatype: FixedDatatype,
  { allowed, minimum = -Infinity, maximum = Infinity }: Constraints,
  { sign, width, random }: Around,
): number {
  if (allowed !== undefined) return Number(pick(allowed, random))
  if (datatype === 'BOOL') return Math.floor(random() * 2)
  if (isFloat(datatype)) {
    const other = sign * value + (random() * 2 - 1) * width * Math.max(1, Math.abs(value))
    return Math.min(maximum, Math.max(minimum, other))
  }
  // what is less than an index is an index as well
  const other = Math.floor(random() * (1 + Math.max(1, value, Math.floor(width / 3))))
  const most = Math.min(maximum, Number(integerRange(datatype)![1]))
  return Math.floor(Math.min(most, Math.ceil(Math.max(minimum, other))))
}

type Codec = readonly [
  read: (element: number | bigint) => number,
  write: (value: number) => number | bigint,
]

const codecs: Partial<Record<FixedDatatype, Codec>> = {
  FP16: [(bits) => fp16ToNumber(Number(bits)), numberToFp16],
  BF16: [(bits) => bf16ToNumber(Number(bits)), numberToBf16],
  INT64: [Number, (value) => BigInt(Math.round(value))],
  UINT64: [Number, (value) => BigInt(Math.round(value))],
}

const pick = <Of>(values: readonly Of[], random: () => number): Of =>
  values[Math.floor(random() * values.length)]!

const shapeOf = ({ inputs }: InferenceRequest): string =>
  inputs.map(({ name, tensor }) => `${name}:${tensor.shape.join(',')}`).join(';')

/** Numbers from 0 to 1 that are the same each time (Numerical Recipes' linear congruential generator). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
