import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { estimateRank, isSure, queriesNeeded } from './early-stopping.ts'
import { regularizedBeta } from './incomplete-beta.ts'

describe('the incomplete beta function', () => {
  it('is the tail of the binomial distribution', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.nat(40),
        fc.double({ min: 0.5, max: 0.999, noNaN: true }),
        (within, over, p) => {
          const direct = binomialUpTo(over, within + over, 1 - p)
          const told = regularizedBeta(p, within, over + 1)
          assert.ok(Math.abs(told - direct) < 1e-9 * Math.max(1e-3, direct), `${told} ${direct}`)
        },
      ),
      { seed: 9, numRuns: 500 },
    )
  })
})

describe('early stopping', () => {
  it('needs as many queries as MLPerf does', () => {
    // the least of single stream (p90) and of multistream (p99), which leave out none but the slowest
    assert.equal(queriesNeeded(1, 0.9), 64)
    assert.equal(queriesNeeded(1, 0.99), 662)
    // ln(0.01) / ln(0.99), where every query was within the bound
    assert.equal(queriesNeeded(0, 0.99), Math.ceil(Math.log(0.01) / Math.log(0.99)))
  })

  it('is sure from that number on, and not before', () => {
    for (const [over, percentile] of [
      [0, 0.9],
      [3, 0.99],
      [50, 0.95],
      [400, 0.999],
    ] as const) {
      const needed = queriesNeeded(over, percentile)
      assert.ok(isSure(needed, over, percentile))
      assert.ok(!isSure(needed - 1, over, percentile))
    }
  })

  it('is right in at least 99 of 100 runs about a percentile that does not hold', () => {
    // 2 % are over the bound: the claim that 99 % are within it must hardly ever be made
    let state = 1
    const random = () => {
      state = (state * 16_807) % 2_147_483_647
      return state / 2_147_483_647
    }
    let claims = 0
    for (let run = 0; run < 400; run++) {
      let over = 0
      for (let query = 0; query < 900; query++) if (random() < 0.0101) over += 1
      if (isSure(900, over, 0.99)) claims += 1
    }
    assert.ok(claims < 12, `${claims} of 400`)
  })

  it('estimates by the slowest that it may not leave out', () => {
    assert.equal(estimateRank(63, 0.9), undefined)
    assert.equal(estimateRank(64, 0.9), 1)
    const rank = estimateRank(10_000, 0.99)!
    assert.ok(isSure(10_000, rank, 0.99) && !isSure(10_000, rank + 1, 0.99))
    assert.ok(rank > 70 && rank < 100, `${rank}`) // below the 100 of the plain percentile
  })

  it('knows no surety where nothing was within the bound', () => {
    assert.ok(!isSure(0, 0, 0.9))
    assert.ok(!isSure(1000, 1000, 0.9))
  })
})

/** The probability of at most so many of n, by its terms. */
function binomialUpTo(most: number, n: number, p: number): number {
  let logTerm = n * Math.log1p(-p)
  let sum = Math.exp(logTerm)
  for (let k = 1; k <= most; k++) {
    logTerm += Math.log((n - k + 1) / k) + Math.log(p) - Math.log1p(-p)
    sum += Math.exp(logTerm)
  }
  return sum
}
