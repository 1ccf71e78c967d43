import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ScheduleOptions, scheduleOf } from './schedule.ts'

const patterns = ['poisson', 'constant', 'burst', 'ramp'] as const

describe('a schedule', () => {
  it('rises, lies within its time, and is the same again for the same seed', () => {
    fc.assert(
      fc.property(
        fc.record({
          arrivals: fc.constantFrom(...patterns),
          rate: fc.integer({ min: 1, max: 3000 }),
          durationMs: fc.integer({ min: 50, max: 4000 }),
          warmUpMs: fc.constantFrom(0, 300),
          seed: fc.nat(),
        }),
        (asked) => {
          const { moments, warmUp, countedFrom } = scheduled(asked)
          assert.ok(moments.every((at, index) => index === 0 || at >= moments[index - 1]!))
          assert.ok(moments.every((at) => at >= 0 && at < asked.warmUpMs + asked.durationMs))
          assert.equal(countedFrom, asked.warmUpMs)
          assert.ok(moments.subarray(0, warmUp).every((at) => at < countedFrom))
          assert.ok(moments.subarray(warmUp).every((at) => at >= countedFrom))
          assert.deepEqual(scheduled(asked).moments, moments)
        },
      ),
      { seed: 11, numRuns: 200 },
    )
  })

  it('has the rate that was asked for, half of it where it climbs there', () => {
    for (const arrivals of patterns) {
      for (const seed of [1, 2, 3]) {
        const { moments } = scheduled({ arrivals, rate: 500, durationMs: 40_000, seed })
        const expected = arrivals === 'ramp' ? 10_000 : 20_000
        const deviation = arrivals === 'constant' ? 1 : 5 * Math.sqrt(expected)
        assert.ok(
          Math.abs(moments.length - expected) < deviation,
          `${arrivals}: ${moments.length} of ${expected}`,
        )
      }
    }
  })

  it('of Poisson has exponential gaps, of constant even ones', () => {
    const gaps = (arrivals: 'poisson' | 'constant') => {
      const { moments } = scheduled({ arrivals, rate: 1000, durationMs: 50_000 })
      return [...moments].slice(1).map((at, index) => at - moments[index]!)
    }
    // the standard deviation of exponential gaps is their mean, and e^-1 of them are longer
    const poisson = gaps('poisson')
    assert.ok(Math.abs(deviationOf(poisson) - 1) < 0.03)
    const longer = poisson.filter((gap) => gap > 1).length / poisson.length
    assert.ok(Math.abs(longer - Math.exp(-1)) < 0.01, `${longer}`)
    assert.ok(deviationOf(gaps('constant')) < 1e-6)
  })

  it('of bursts has ten times as many in a tenth of every ten seconds', () => {
    const { moments } = scheduled({ arrivals: 'burst', rate: 1000, durationMs: 30_000 })
    const inBurst = moments.filter((at) => at % 10_000 >= 4500 && at % 10_000 < 5500).length
    const share = inBurst / moments.length
    assert.ok(Math.abs(share - 10 / 19) < 0.02, `${share}`)
    const short = scheduled({ arrivals: 'burst', rate: 1000, durationMs: 2000 }).moments
    const inShortBurst = short.filter((at) => at >= 900 && at < 1100).length / short.length
    assert.ok(Math.abs(inShortBurst - 10 / 19) < 0.05, `${inShortBurst}`)
  })

  it('of a ramp has three quarters in its second half', () => {
    const { moments } = scheduled({ arrivals: 'ramp', rate: 2000, durationMs: 10_000 })
    const late = moments.filter((at) => at >= 5000).length / moments.length
    assert.ok(Math.abs(late - 0.75) < 0.02, `${late}`)
  })

  it('ends with the number of requests, besides those that warm up', () => {
    const { moments, warmUp } = scheduled({
      rate: 1000,
      durationMs: Infinity,
      requests: 321,
      warmUpMs: 500,
    })
    assert.equal(moments.length - warmUp, 321)
    assert.ok(warmUp > 400 && warmUp < 600, `${warmUp}`)
  })

  it('of a trace has its moments, in more or less time where a rate is asked for', () => {
    const trace = [0, 10, 10, 70, 400]
    const whole = { arrivals: trace, durationMs: Infinity, rate: undefined }
    assert.deepEqual([...scheduled(whole).moments], trace)
    // four gaps in 400 ms are 10 a second
    assert.deepEqual([...scheduled({ ...whole, rate: 20 }).moments], [0, 5, 5, 35, 200])
    assert.deepEqual([...scheduled({ ...whole, durationMs: 70 }).moments], [0, 10, 10])
    assert.deepEqual([...scheduled({ ...whole, requests: 2 }).moments], [0, 10])
  })
})

function scheduled(asked: Partial<ScheduleOptions>) {
  return scheduleOf({
    arrivals: 'poisson',
    rate: 1,
    durationMs: 1000,
    requests: Infinity,
    warmUpMs: 0,
    seed: 7,
    ...asked,
  })
}

function deviationOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}
