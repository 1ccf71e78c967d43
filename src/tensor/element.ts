import type { FixedDatatype } from './datatype.ts'
import { numberToBf16, numberToFp16 } from './float16.ts'

/** A number as the data of a tensor holds it: 16-bit floats as their bits, 64-bit integers as bigints. */
export function elementOf(datatype: FixedDatatype, value: number): number | bigint {
  if (datatype === 'FP16') return numberToFp16(value)
  if (datatype === 'BF16') return numberToBf16(value)
  return datatype === 'INT64' || datatype === 'UINT64' ? BigInt(value) : value
}
