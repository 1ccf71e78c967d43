import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { difference } from './difference.ts'
import { tensorTree } from './tensor-tree.ts'

describe('two answers', () => {
  for (const [expected, got, told] of [
    [{ a: [1, 2], b: 'x' }, { b: 'x', a: [1.00001, 2] }, undefined],
    [[100], [100.009], undefined], // the share of the one expected
    [[100], [100.02], '[0] is 100.02, expected 100'],
    [[NaN, Infinity, -Infinity], [NaN, Infinity, -Infinity], undefined],
    [[NaN], [0], '[0] is 0, expected NaN'],
    [[1], [NaN], '[0] is NaN, expected 1'],
    [[Infinity], [1e30], '[0] is 1e+30, expected Infinity'],
    [{ p: [[1, 2]] }, { p: [[1, 3]] }, 'p[0][1] is 3, expected 2'],
    [{ p: [1, 2] }, { p: [1] }, 'p has 1 values, expected 2'],
    [{ p: 1 }, { p: 1, q: 2 }, 'q is 2, expected missing'],
    [{ p: 1, q: 2 }, { p: 1 }, 'q is missing, expected 2'],
    [{ p: 'setosa' }, { p: 'virginica' }, 'p is "virginica", expected "setosa"'],
    [{ p: [1] }, { p: 1 }, 'p is 1, expected a list of 1'],
    [{ p: null }, { p: {} }, 'p is an object, expected null'],
  ] as const) {
    it(`${told ?? 'are the same'}: ${JSON.stringify(got)}`, () => {
      assert.equal(difference(expected, got, 1e-4), told)
    })
  }

  it('differ by datatype and shape, though the values are the same', () => {
    const y = (datatype: 'FP32' | 'FP64', shape: readonly number[]) =>
      tensorTree([
        {
          name: 'y',
          tensor: {
            datatype,
            shape,
            data: datatype === 'FP32' ? Float32Array.of(1, 2) : Float64Array.of(1, 2),
          },
        },
      ])
    assert.equal(
      difference(y('FP32', [2]), y('FP64', [2]), 0.1),
      'y.datatype is "FP64", expected "FP32"',
    )
    assert.equal(
      difference(y('FP32', [1, 2]), y('FP32', [2, 1]), 0.1),
      'y.shape[0] is 2, expected 1',
    )
    assert.equal(difference(y('FP32', [2]), y('FP32', [2]), 0), undefined)
  })

  it('of halves and of big integers are held against each other by what they mean', () => {
    const half = (bits: number) =>
      tensorTree([
        { name: 'h', tensor: { datatype: 'FP16', shape: [1], data: Uint16Array.of(bits) } },
      ])
    assert.equal(difference(half(0x3c00), half(0x3c01), 0.01), undefined)
    assert.match(difference(half(0x3c00), half(0x4000), 0.01)!, /h\.values\[0\] is 2, expected 1/)
    const big = (value: bigint) => ({ v: BigInt64Array.of(value) })
    assert.equal(difference(big(2n ** 60n), big(2n ** 60n), 1), undefined)
    assert.match(difference(big(2n ** 60n), big(2n ** 60n + 1n), 1)!, /1152921504606846977/)
  })
})
