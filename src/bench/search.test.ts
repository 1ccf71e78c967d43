import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { leastTrialMs, nextStep, type SearchEnd, type Trial } from './search.ts'

const precision = 0.05

describe('the search for a rate', () => {
  it('ends within its precision of the capacity, wherever it begins', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 50_000, noNaN: true }),
        fc.double({ min: 1, max: 5000, noNaN: true }),
        (capacity, start) => {
          fc.pre(capacity > start / 2048)
          const { end, trials } = searched(start, ({ rate }) =>
            rate <= capacity ? 'held' : 'missed',
          )
          assert.equal(end.limit, 'slo')
          assert.ok(end.rate! <= capacity && end.rate! >= capacity / (1 + precision))
          assert.deepEqual(trials.at(-1), { rate: end.rate, verdict: 'held', confirming: true })
          assert.ok(trials.length < 35, `${trials.length} trials`)
        },
      ),
      { seed: 21 },
    )
  })

  it('goes down where what held does not hold again', () => {
    // twice as long, the target can do a little less
    const { end, trials } = searched(64, ({ rate, confirming }) =>
      rate <= (confirming ? 90 : 100) ? 'held' : 'missed',
    )
    assert.ok(end.rate! <= 90 && end.rate! > 84, `${end.rate}`)
    const confirming = trials.filter((trial) => trial.confirming)
    assert.ok(confirming.length > 1 && confirming.slice(0, -1).every((t) => t.verdict === 'missed'))
  })

  it('gives the generator three chances, and then says that it was the limit', () => {
    const again = searched(100, ({ rate }, times) =>
      times < 2 ? 'invalid' : rate <= 150 ? 'held' : 'missed',
    )
    assert.equal(again.end.limit, 'slo')
    const weak = searched(100, ({ rate }) => (rate <= 150 ? 'held' : 'invalid'))
    assert.equal(weak.end.limit, 'generator')
    assert.ok(weak.end.rate! <= 150 && weak.end.rate! > 140)
  })

  it('ends where no rate holds, and where there is no end of what holds', () => {
    const { end, trials } = searched(100, () => 'missed')
    assert.deepEqual(end, { rate: undefined, limit: 'slo' })
    assert.ok(trials.at(-1)!.rate < 0.1 && trials.length < 15)
    assert.deepEqual(searched(100, () => 'held').end, { rate: undefined, limit: 'unsteady' })
    assert.deepEqual(searched(1, () => 'invalid').end, { rate: undefined, limit: 'generator' })
  })

  it('gives up where the generator can confirm nothing', () => {
    const { end, trials } = searched(100, ({ rate, confirming }) =>
      confirming ? 'invalid' : rate <= 150 ? 'held' : 'missed',
    )
    assert.deepEqual(end, { rate: undefined, limit: 'generator' })
    assert.equal(trials.filter((trial) => trial.confirming).length, 6)
  })

  it('has trials that are long enough for one request to be left out', () => {
    assert.equal(leastTrialMs(50, 0.99), 2000)
    assert.equal(leastTrialMs(4, 0.9), 2500)
  })

  it('always ends, whatever comes', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.constantFrom('held', 'missed', 'invalid')), (verdicts) => {
        const { end } = searched(10, () => verdicts.next().value as Trial['verdict'])
        assert.ok(['slo', 'generator', 'unsteady'].includes(end.limit))
      }),
      { seed: 22 },
    )
  })
})

function searched(
  start: number,
  judge: (step: { rate: number; confirming: boolean }, timesBefore: number) => Trial['verdict'],
): { readonly end: SearchEnd; readonly trials: readonly Trial[] } {
  const trials: Trial[] = []
  for (;;) {
    const step = nextStep(trials, { start, precision, mostTrials: 40 })
    if (step.kind === 'end') return { end: step.end, trials }
    assert.ok(trials.length < 40)
    const { rate, confirming } = step
    const before = trials.filter((trial) => trial.rate === rate).length
    trials.push({ rate, confirming, verdict: judge(step, before) })
  }
}
