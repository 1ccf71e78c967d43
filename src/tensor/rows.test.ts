import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  concatRows,
  DATATYPES,
  type Datatype,
  layoutOf,
  sliceRows,
  splitRows,
  type Tensor,
} from './index.ts'

const seed = 11

describe('rows', () => {
  for (const datatype of DATATYPES) {
    it(`${datatype}: what is joined and cut again is what it was, row by row`, () => {
      const cases = fc.tuple(
        fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(3), { maxLength: 2 }),
      )
      fc.assert(
        fc.property(cases, ([counts, inner]) => {
          const parts = counted(datatype, counts, inner)
          const whole = concatRows(parts)
          const rows = counts.reduce((sum, count) => sum + count, 0)
          assert.deepEqual(whole.shape, [rows, ...inner])
          assert.deepEqual(
            valuesOf(whole),
            parts.flatMap((part) => valuesOf(part)),
          )
          splitRows(whole, counts).forEach((piece, index) => {
            assert.deepEqual(piece.shape, parts[index]!.shape)
            assert.deepEqual(valuesOf(piece), valuesOf(parts[index]!))
          })
        }),
        { seed, numRuns: 60 },
      )
    })
  }

  it('cut at any place and joined again are what they were', () => {
    const cases = fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6))
    fc.assert(
      fc.property(cases, ([a, b, c]) => {
        const [whole] = counted('INT32', [a + b + c], [2])
        const pieces = splitRows(whole!, [a, b, c])
        assert.deepEqual(valuesOf(concatRows(pieces)), valuesOf(whole!))
      }),
      { seed },
    )
  })

  it('of a slice are views of the same memory', () => {
    for (const datatype of DATATYPES) {
      const [whole] = counted(datatype, [5], [3])
      const slice = sliceRows(whole!, 2, 4)
      assert.deepEqual(slice.shape, [2, 3])
      assert.deepEqual(valuesOf(slice), valuesOf(whole!).slice(6, 12))
      if (slice.datatype === 'BYTES') assert.equal(slice.data[0], whole!.data[6])
      else {
        const { BYTES_PER_ELEMENT, buffer, byteOffset } = slice.data
        assert.equal(buffer, (whole as typeof slice).data.buffer)
        assert.equal(byteOffset, 6 * BYTES_PER_ELEMENT)
      }
    }
  })

  it('of a slice of a slice are counted from that slice', () => {
    const [whole] = counted('FP64', [9], [2])
    const inner = sliceRows(sliceRows(whole!, 2, 8), 1, 3)
    assert.deepEqual(valuesOf(inner), valuesOf(whole!).slice(6, 10))
  })

  it('of one tensor alone are not copied', () => {
    const [only] = counted('FP32', [3], [2])
    assert.equal(concatRows([only!]), only)
  })

  it('that are not there cannot be cut', () => {
    const [whole] = counted('FP32', [3], [2])
    for (const [from, to] of [
      [0, 4],
      [2, 1],
      [-1, 1],
    ] as const) {
      assert.throws(() => sliceRows(whole!, from, to), { name: 'AssertionError' })
    }
    assert.throws(() => splitRows(whole!, [1, 1]), { name: 'AssertionError' })
    assert.throws(() => splitRows(whole!, [1, 3]), { name: 'AssertionError' })
  })

  it('need a first axis, and something to join', () => {
    const scalar: Tensor = { datatype: 'FP32', shape: [], data: Float32Array.of(1) }
    assert.throws(() => sliceRows(scalar, 0, 1), { name: 'AssertionError' })
    assert.throws(() => concatRows([]), { name: 'AssertionError' })
  })
})

/** Tensors of so many rows each, with a different value in every element of all of them. */
function counted(datatype: Datatype, counts: readonly number[], inner: readonly number[]) {
  const width = inner.reduce((product, size) => product * size, 1)
  let next = 1
  return counts.map((rows): Tensor => {
    const shape = [rows, ...inner]
    const values = Array.from({ length: rows * width }, () => next++)
    if (datatype === 'BYTES')
      return { datatype, shape, data: values.map((n) => Buffer.from(`${n}`)) }
    const { size, view } = layoutOf(datatype)
    const data = view(new ArrayBuffer(values.length * size), 0, values.length)
    const wide = datatype === 'INT64' || datatype === 'UINT64'
    values.forEach((value, index) => {
      data[index] = wide ? BigInt(value) : value
    })
    return { datatype, shape, data }
  })
}

const valuesOf = (tensor: Tensor): (number | bigint | string)[] =>
  tensor.datatype === 'BYTES'
    ? tensor.data.map((bytes) => Buffer.from(bytes).toString('hex'))
    : Array.from(tensor.data as Iterable<number | bigint>)
