import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Histogram } from './histogram.ts'

describe('a histogram', () => {
  for (const bits of [6, 10]) {
    it(`of ${bits} bits says any rank within its promise, never too low`, () => {
      const latency = fc.oneof(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 10_000, noNaN: true }),
        fc.double({ min: 0, max: 1e8, noNaN: true }),
      )
      fc.assert(
        fc.property(fc.array(latency, { minLength: 1, maxLength: 200 }), (values) => {
          const histogram = filled(values, bits)
          const sorted = values.toSorted((a, b) => a - b)
          for (const [index, value] of sorted.entries()) {
            const told = histogram.atRank(index + 1)!
            assert.ok(
              told >= value && told <= value * (1 + 2 ** -bits) + 0.0001,
              `${value} ${told}`,
            )
          }
          assert.equal(histogram.max, sorted.at(-1))
          assert.equal(histogram.atRank(sorted.length), sorted.at(-1))
        }),
        { seed: 5, numRuns: 300 },
      )
    })
  }

  it('has buckets that follow each other, and hold everything', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e5, noNaN: true })), (values) => {
        const buckets = [...filled(values, 6).buckets()]
        assert.equal(
          buckets.reduce((sum, { count }) => sum + count, 0),
          values.length,
        )
        for (const [at, { from, to }] of buckets.entries()) {
          assert.ok(from < to && (at === 0 || from >= buckets[at - 1]!.to))
        }
      }),
      { seed: 6 },
    )
  })

  it('has no rank beyond its values, and takes what no clock should say', () => {
    const histogram = filled([-1, 1e30], 10)
    assert.equal(histogram.atRank(0), undefined)
    assert.equal(histogram.atRank(3), undefined)
    assert.ok(histogram.atRank(1)! <= 0.0001)
    assert.equal(new Histogram().atRank(1), undefined)
    assert.equal(new Histogram().mean, 0)
  })

  it('knows the mean exactly', () => {
    assert.equal(filled([1, 2, 6], 6).mean, 3)
  })
})

function filled(values: readonly number[], bits: number): Histogram {
  const histogram = new Histogram(bits)
  for (const value of values) histogram.add(value)
  return histogram
}
