import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Demand, loadFactor as factorOn, usableShare } from './load-factor.ts'

const demand = (some: Partial<Demand>): Demand => ({
  rowsPerSecond: 100,
  best: { rows: 1, ms: 10 },
  executors: 2,
  sloMs: undefined,
  ...some,
})

const loadFactor = (versions: readonly Demand[], threads: number) =>
  factorOn(versions, { threads, loopUsed: 0 })

const near = (value: number, expected: number, within = 1e-9) =>
  assert.ok(Math.abs(value - expected) <= within, `${value} is not about ${expected}`)

describe('the load factor of a model', () => {
  it('is 0 where nothing comes, or nothing has run yet', () => {
    assert.equal(loadFactor([], 4), 0)
    assert.equal(loadFactor([demand({ rowsPerSecond: 0 })], 4), 0)
    assert.equal(loadFactor([demand({ best: undefined })], 4), 0)
  })

  it('is what comes over what all executors could answer', () => {
    near(loadFactor([demand({})], 4), 0.5)
    near(loadFactor([demand({ rowsPerSecond: 500 })], 4), 2.5)
    near(loadFactor([demand({ executors: 1 })], 4), 1)
    near(loadFactor([demand({ best: { rows: 8, ms: 16 } })], 4), 0.1)
  })

  it('counts no more executors than there are threads', () => {
    near(loadFactor([demand({ executors: 8 })], 2), 0.5)
  })

  it('adds up versions that are asked, and leaves the others out', () => {
    const idle = demand({ rowsPerSecond: 0, executors: 2 })
    near(loadFactor([demand({}), idle], 4), 0.5)
    near(loadFactor([demand({}), demand({ rowsPerSecond: 300, executors: 1 })], 4), 4 / 3)
  })

  it('is that of the event loop where that is busier, and 0 still where nothing comes', () => {
    near(factorOn([demand({})], { threads: 4, loopUsed: 0.8 }), 0.8)
    near(factorOn([demand({})], { threads: 4, loopUsed: 0.3 }), 0.5)
    for (const rowsPerSecond of [0, 1e-9]) {
      assert.equal(factorOn([demand({ rowsPerSecond })], { threads: 4, loopUsed: 0.9 }), 0)
    }
  })

  it('is larger where answers must come in time', () => {
    const share = usableShare(demand({ sloMs: 50 }))
    assert.ok(share > 0.7 && share < 1, `${share}`)
    near(loadFactor([demand({ sloMs: 50 })], 4), 0.5 / share)
  })
})

describe('the time of executors that may be used', () => {
  it('is all of it where nothing must be in time', () => {
    assert.equal(usableShare(demand({})), 1)
  })

  it('is next to nothing where a run takes as long as all of the time', () => {
    near(usableShare(demand({ sloMs: 10 })), 0.05, 1e-6)
    near(usableShare(demand({ sloMs: 4 })), 0.05, 1e-6)
  })

  it('leaves one request of a hundred late: so a queue of equal runs, fed at random, shows', () => {
    const runMs = 10
    for (const [executors, sloMs] of [
      [1, 50],
      [1, 100],
      [2, 40],
      [4, 30],
    ] as const) {
      const used = usableShare({ best: { rows: 1, ms: runMs }, executors, sloMs })
      const p99 = p99OfQueue({ used, executors, runMs })
      assert.ok(p99 < sloMs * 1.1, `${executors}: ${p99} ms of ${sloMs}`)
      assert.ok(p99 > sloMs * 0.6, `${executors}: ${p99} ms of ${sloMs}`)
    }
  })

  it('is between none and all, more with more time and with more executors', () => {
    const positive = fc.double({ min: 0.01, max: 1000, noNaN: true })
    fc.assert(
      fc.property(positive, positive, fc.integer({ min: 1, max: 32 }), (ms, sloMs, executors) => {
        const best = { rows: 1, ms }
        const share = usableShare({ best, executors, sloMs })
        assert.ok(share > 0 && share <= 1)
        assert.ok(usableShare({ best, executors, sloMs: sloMs * 1.5 }) >= share)
        assert.ok(usableShare({ best, executors: executors + 1, sloMs }) >= share)
      }),
      { seed: 7, numRuns: 300 },
    )
  })
})

interface Queue {
  readonly used: number
  readonly executors: number
  readonly runMs: number
}

/** Of 200 000 requests that come at random, each a run of its own. */
function p99OfQueue({ used, executors, runMs }: Queue): number {
  let state = 12345
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 1) / 2 ** 32
  }
  const free = new Array<number>(executors).fill(0)
  const taken: number[] = []
  let now = 0
  for (let request = 0; request < 200_000; request++) {
    now += (-Math.log(random()) * runMs) / (executors * used)
    const at = free.indexOf(Math.min(...free))
    const end = Math.max(now, free[at]!) + runMs
    free[at] = end
    taken.push(end - now)
  }
  taken.sort((a, b) => a - b)
  return taken[Math.floor(0.99 * taken.length)]!
}
