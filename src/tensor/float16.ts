/**
 * The two 16-bit floats as their bits: IEEE 754 binary16 (FP16) and bfloat16 (BF16), rounded to
 * nearest, ties to even, in one step from the 64-bit value.
 */
const scratch = new DataView(new ArrayBuffer(8))

export function fp16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

export function numberToFp16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const magnitude = Math.abs(value)
  if (Number.isNaN(value)) return 0x7e00
  if (magnitude >= 65520) return sign | 0x7c00 // half-way to 2^16 and beyond
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24)
  const exponent = Math.floor(Math.log2(magnitude))
  const exact = 2 ** exponent > magnitude ? exponent - 1 : exponent
  // a fraction that rounds up to 2048 carries into the exponent by itself
  return sign | (((exact + 15) << 10) + roundToEven(magnitude * 2 ** (10 - exact)) - 1024)
}

export function bf16ToNumber(bits: number): number {
  scratch.setUint32(0, (bits << 16) >>> 0)
  return scratch.getFloat32(0)
}

export function numberToBf16(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0
  scratch.setFloat64(0, value)
  const high = scratch.getUint32(0)
  const low = scratch.getUint32(4)
  const sign = (high >>> 16) & 0x8000
  const exponent = ((high >>> 20) & 0x7ff) - 1023
  if (exponent < -126) return sign | roundToEven(Math.abs(value) * 2 ** 133)
  if (exponent > 127) return sign | 0x7f80
  const kept = (high >>> 13) & 0x7f
  const dropped = ((high & 0x1fff) << 1) | (low === 0 ? 0 : 1)
  const half = 1 << 13
  const up = dropped > half || (dropped === half && (kept & 1) === 1) ? 1 : 0
  return sign | (((exponent + 127) << 7) + kept + up)
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
