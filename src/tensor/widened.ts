import type { FixedData } from './datatype.ts'
import { bf16ToNumber, fp16ToNumber } from './float16.ts'
import type { FixedTensor } from './tensor.ts'

/** The elements as they count: those of 16-bit floats in 32 bits, all others where they lie. */
export function widened({ datatype, data }: FixedTensor): FixedData {
  if (datatype === 'FP16') return Float32Array.from(data as Uint16Array, fp16ToNumber)
  if (datatype === 'BF16') return Float32Array.from(data as Uint16Array, bf16ToNumber)
  return data
}
