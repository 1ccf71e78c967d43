/** Holds the values of an input against what its model declares beyond datatype and shape. */
import { fail } from './errors.ts'
import type { Constraints, InputSpec } from './signature.ts'
import {
  bf16ToNumber,
  type Datatype,
  type FixedTensor,
  fp16ToNumber,
  isFloat,
  numberToBf16,
  numberToFp16,
  type Shape,
  type Tensor,
} from './tensor/index.ts'

/** Fails with VALUE_OUT_OF_RANGE or VALUE_INVALID for the first value that breaks a rule. */
export function checkConstraints(spec: InputSpec, constraints: Constraints, tensor: Tensor): void {
  if (tensor.datatype === 'BYTES') checkStrings(spec, constraints, tensor.data, tensor.shape)
  else checkNumbers(spec, constraints, tensor)
}

function checkNumbers(spec: InputSpec, constraints: Constraints, tensor: FixedTensor): void {
  // limits are rounded as the values were, so that 0.1 is not above a maximum of 0.1
  const round = rounding[tensor.datatype] ?? ((value: number) => value)
  const minimum = round(constraints.minimum ?? -Infinity)
  const maximum = round(constraints.maximum ?? Infinity)
  const { nonFinite = 'allow' } = constraints
  const allowed = constraints.allowed && new Set(constraints.allowed.map(Number).map(round))
  const isAllowed = (value: number | bigint) =>
    allowed === undefined || allowed.has(asNumber(value))
  const bounded = minimum > -Infinity || maximum < Infinity
  if (!bounded && nonFinite === 'allow' && allowed === undefined) return

  const read = reader(tensor)
  const mayBeNonFinite = isFloat(tensor.datatype)
  for (let index = 0; index < tensor.data.length; index++) {
    const value = read(index)
    if (mayBeNonFinite && typeof value === 'number' && !Number.isFinite(value)) {
      if (nonFinite === 'refuse') throw invalid(spec, tensor.shape, index, 'a finite number', value)
      if (Number.isNaN(value)) continue
    }
    if (value < minimum || value > maximum) {
      throw fail('VALUE_OUT_OF_RANGE', {
        input: spec.name,
        expected: range(constraints.minimum, constraints.maximum),
        got: `${value}`,
        path: pathOf(spec, tensor.shape, index),
      })
    }
    if (!isAllowed(value)) {
      throw invalid(spec, tensor.shape, index, `one of ${constraints.allowed!.join(', ')}`, value)
    }
  }
}

function checkStrings(
  spec: InputSpec,
  constraints: Constraints,
  strings: readonly Uint8Array[],
  shape: Shape,
): void {
  const { minimumLength, maximumLength } = constraints
  const allowed = constraints.allowed && new Set(constraints.allowed.map(String))
  for (const [index, string] of strings.entries()) {
    const { byteLength } = string
    if (byteLength < (minimumLength ?? 0) || byteLength > (maximumLength ?? Infinity)) {
      throw fail('VALUE_OUT_OF_RANGE', {
        input: spec.name,
        expected: `a length in bytes ${range(minimumLength, maximumLength)}`,
        got: `${byteLength}`,
        path: pathOf(spec, shape, index),
      })
    }
    if (allowed === undefined) continue
    const text = Buffer.from(string).toString()
    if (!allowed.has(text)) {
      const expected = `one of ${[...allowed].map((value) => JSON.stringify(value)).join(', ')}`
      throw invalid(spec, shape, index, expected, JSON.stringify(text.slice(0, 100)))
    }
  }
}

function invalid(
  spec: InputSpec,
  shape: Shape,
  index: number,
  expected: string,
  got: number | bigint | string,
) {
  const path = pathOf(spec, shape, index)
  return fail('VALUE_INVALID', { input: spec.name, expected, got: `${got}`, path })
}

const rounding: Partial<Record<Datatype, (value: number) => number>> = {
  FP16: (value) => fp16ToNumber(numberToFp16(value)),
  BF16: (value) => bf16ToNumber(numberToBf16(value)),
  FP32: Math.fround,
}

/** NaN, which no list has, for a big integer that no number is equal to. */
function asNumber(value: number | bigint): number {
  const number = Number(value)
  return typeof value === 'bigint' && BigInt(number) !== value ? NaN : number
}

/** Big integers stay what they are: they compare with numbers without rounding. */
function reader(tensor: FixedTensor): (index: number) => number | bigint {
  const { datatype, data } = tensor
  if (datatype === 'FP16') return (index) => fp16ToNumber(data[index] as number)
  if (datatype === 'BF16') return (index) => bf16ToNumber(data[index] as number)
  return (index) => data[index]!
}

function range(minimum: number | undefined, maximum: number | undefined): string {
  if (maximum === undefined) return `at least ${minimum}`
  if (minimum === undefined) return `at most ${maximum}`
  return `from ${minimum} to ${maximum}`
}

/** Where a value lies, as indices; the last one by its field's name where it has one. */
function pathOf({ constraints }: InputSpec, shape: Shape, index: number): (string | number)[] {
  const path: (string | number)[] = []
  let rest = index
  for (const size of [...shape].reverse()) {
    path.unshift(rest % size)
    rest = Math.floor(rest / size)
  }
  const last = path.at(-1)
  const field = typeof last === 'number' ? constraints?.fields?.[last] : undefined
  if (field !== undefined) path[path.length - 1] = field
  return path
}
