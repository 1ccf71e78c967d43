/**
 * An output as a ranking: of each row the elements with the largest values, each as a text of its
 * value, its place and, where the model has labels, its label.
 * Source: Triton's classification extension.
 */
import { fail } from '../../errors.ts'
import type { InferenceResponse } from '../../predictor.ts'
import type { Signature } from '../../signature.ts'
import {
  dynamic,
  type FixedData,
  isFloat,
  type NamedTensor,
  type Tensor,
  widened,
} from '../../tensor/index.ts'

/** How many elements of a row are wanted, by the names of outputs. */
export type WantedClasses = ReadonlyMap<string, number>

/** The same answer with these outputs as rankings. Fails with PARAMETER_INVALID for one of no numbers. */
export function classified(
  response: InferenceResponse,
  wanted: WantedClasses,
  { outputs: specs, task }: Signature,
): InferenceResponse {
  const outputs = response.outputs.map((output) => {
    const count = wanted.get(output.name)
    if (count === undefined) return output
    const isBatched = specs.find(({ name }) => name === output.name)?.shape[0] === dynamic
    const hasLabels = task?.kind === 'classifier' && task.scoreOutput === output.name
    return ranking(output, count, isBatched, hasLabels ? task.labels : undefined)
  })
  return { ...response, outputs }
}

function ranking(
  { name, tensor }: NamedTensor,
  count: number,
  isBatched: boolean,
  labels: readonly (string | number)[] = [],
): NamedTensor {
  const { datatype } = tensor
  if (datatype === 'BYTES' || datatype === 'BOOL') throw unfit(name, datatype)
  const numbers = widened(tensor)
  const rows = isBatched ? tensor.shape[0]! : 1
  const width = rows === 0 ? 0 : numbers.length / rows
  if (numbers.length > mostElements) throw unfit(name, `${numbers.length} elements`)
  const shown = Math.min(count, width)
  const data: Uint8Array[] = []
  for (let row = 0; row < rows; row++) {
    const values = numbers.subarray(row * width, (row + 1) * width)
    for (const place of largest(values, shown)) {
      const label = labels[place]
      const text = `${textOf(values[place]!, tensor)}:${place}`
      data.push(Buffer.from(label === undefined ? text : `${text}:${label}`))
    }
  }
  const shape = isBatched ? [rows, shown] : [shown]
  return { name, tensor: { datatype: 'BYTES', shape, data } }
}

/** Places of the largest values, the largest first, of equal ones the first; NaN is none of them. */
function largest(values: FixedData, count: number): readonly number[] {
  const places = Array.from({ length: values.length }, (_, place) => place)
  const rankOf = (place: number) => (Number.isNaN(values[place]) ? undefined : values[place]!)
  places.sort((a, b) => {
    const [one, other] = [rankOf(a), rankOf(b)]
    if (one === other) return a - b
    if (one === undefined) return 1
    return other === undefined || one > other ? -1 : 1
  })
  return places.slice(0, count)
}

function unfit(output: string, got: string) {
  return fail('PARAMETER_INVALID', {
    parameter: 'classification',
    expected: `of an output of at most ${mostElements} numbers`,
    got: `output "${output}" of ${got}`,
  })
}

/** As `std::to_string` writes it. */
function textOf(value: number | bigint, { datatype }: Tensor): string {
  if (typeof value === 'bigint' || !isFloat(datatype)) return `${value}`
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0.000000'
  // from 10^21 on `toFixed` writes an exponent
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`
}

const mostElements = 1_000_000
