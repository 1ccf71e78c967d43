import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { numberToBf16, numberToFp16, type Tensor } from '../tensor/index.ts'
import { differenceOf } from './row-difference.ts'

/** Of rows together, held against each apart. */
function difference(together: Tensor, ...apart: readonly Tensor[]): string | undefined {
  return differenceOf(
    [{ name: 'y', tensor: together }],
    apart.map((tensor) => [{ name: 'y', tensor }]),
  )
}

const fp32 = (shape: readonly number[], ...values: number[]): Tensor => ({
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
})

describe('rows together and apart', () => {
  it('are alike where sums were made in another order', () => {
    assert.equal(
      difference(fp32([2, 2], 1, 2, 3, 4), fp32([1, 2], 1, 2), fp32([1, 2], 3, 4)),
      undefined,
    )
    assert.equal(difference(fp32([1, 2], 1.00009, 2), fp32([1, 2], 1, 2)), undefined)
    assert.equal(difference(fp32([1, 2], 5e-6, 1), fp32([1, 2], 0, 1)), undefined, 'beside a 1')
  })

  it('differ where more is different, and it is told what', () => {
    const apart = [fp32([1, 2], 1, 2), fp32([1, 2], 3, 0.2)]
    assert.equal(
      difference(fp32([2, 2], 1, 2, 3, 0.13), ...apart),
      'output "y", row 2, 0.13 against 0.2',
    )
    assert.match(difference(fp32([1, 2], 1.0003, 2), fp32([1, 2], 1, 2))!, /row 1/)
    assert.match(difference(fp32([1, 1], 5e-6), fp32([1, 1], 0))!, /against 0/, 'beside nothing')
  })

  it('are compared by what a datatype can hold', () => {
    const fp64 = (value: number): Tensor => ({
      datatype: 'FP64',
      shape: [1],
      data: Float64Array.of(value),
    })
    assert.equal(difference(fp64(1 + 5e-9), fp64(1)), undefined)
    assert.ok(difference(fp64(1 + 1e-6), fp64(1)))
    const fp16 = (value: number): Tensor => ({
      datatype: 'FP16',
      shape: [1],
      data: Uint16Array.of(numberToFp16(value)),
    })
    assert.equal(difference(fp16(2.01), fp16(2)), undefined)
    assert.equal(difference(fp16(2.5), fp16(2)), 'output "y", row 1, 2.5 against 2')
    const bf16 = (value: number): Tensor => ({
      datatype: 'BF16',
      shape: [1],
      data: Uint16Array.of(numberToBf16(value)),
    })
    assert.equal(difference(bf16(2.05), bf16(2)), undefined)
    assert.ok(difference(bf16(2.5), bf16(2)))
  })

  it('differ by any whole number, boolean or string', () => {
    const int64 = (value: bigint): Tensor => ({
      datatype: 'INT64',
      shape: [1],
      data: BigInt64Array.of(value),
    })
    assert.equal(difference(int64(2n ** 53n), int64(2n ** 53n)), undefined)
    assert.match(difference(int64(2n ** 53n + 1n), int64(2n ** 53n))!, /9007199254740993 against/)
    const bool = (value: number): Tensor => ({
      datatype: 'BOOL',
      shape: [1],
      data: Uint8Array.of(value),
    })
    assert.match(difference(bool(1), bool(0))!, /1 against 0/)
    const text = (value: string): Tensor => ({
      datatype: 'BYTES',
      shape: [1],
      data: [Buffer.from(value)],
    })
    assert.equal(difference(text('a'), text('a')), undefined)
    assert.match(difference(text('a'), text('b'))!, /another string/)
  })

  it('are alike where neither is a number, and differ where one is not', () => {
    assert.equal(
      difference(fp32([1, 2], Number.NaN, Infinity), fp32([1, 2], Number.NaN, Infinity)),
      undefined,
    )
    assert.ok(difference(fp32([1], Number.NaN), fp32([1], 1)))
    assert.ok(difference(fp32([1], 1), fp32([1], Number.NaN)))
    assert.ok(difference(fp32([1], Infinity), fp32([1], -Infinity)))
    assert.ok(difference(fp32([1], 1), fp32([1], Infinity)))
    assert.ok(
      difference(fp32([1, 2], Infinity, 1), fp32([1, 2], Infinity, 2)),
      'beside an infinity',
    )
  })

  it('differ in their number and in the shape of each', () => {
    assert.equal(
      difference(fp32([1], 1), fp32([1], 1), fp32([1], 2)),
      'output "y" has shape [1] for 2 rows',
    )
    assert.match(
      difference(fp32([1, 3], 1, 2, 3), fp32([1, 2], 1, 2))!,
      /shape \[1,3\] against \[1,2\]/,
    )
    assert.ok(difference(fp32([1, 2], 1, 2), fp32([0, 2])))
  })
})
