/** What a model's configuration says of its sequences, held against what its file says. */
import { fail } from '../errors.ts'
import {
  type Datatype,
  dynamic,
  integerRange,
  isFloat,
  numberToBf16,
  numberToFp16,
  type Shape,
} from '../tensor/index.ts'

export const contradiction = (problem: string) => fail('MODEL_UNSUPPORTED', { problem })

/** An axis of any size promises nothing, so only sizes that are fixed can disagree. */
export const mayBe = (a: Shape, b: Shape): boolean =>
  a.length === b.length &&
  a.every((size, axis) => size === dynamic || b[axis] === dynamic || size === b[axis])

/** A number as tensors of a datatype hold it. `who` is for the message where it is none of it. */
export function elementOf(who: string, datatype: Datatype, value: number): number | bigint {
  if (datatype === 'FP16') return numberToFp16(value)
  if (datatype === 'BF16') return numberToBf16(value)
  if (isFloat(datatype)) return value
  const [least, greatest] = integerRange(datatype) ?? [0n, 1n]
  const fits = Number.isInteger(value) && value >= least && value <= greatest
  if (!fits) throw contradiction(`${who}: ${value} is no ${datatype}`)
  return datatype === 'INT64' || datatype === 'UINT64' ? BigInt(value) : value
}
