import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metric } from './question.ts'
import type { Round } from './rounds.ts'
import { claims, exitCode, judge, type Summary, summarize, worse } from './verdict.ts'

const interval = (low: number, high: number) => ({ median: (low + high) / 2, low, high })

test('a claim needs its whole interval on the right side of the bar', () => {
  const cases = [
    ['less', 0.3, 0.1, 0.2, 'met'],
    ['less', 0.3, 0.2, 0.4, 'inconclusive'],
    ['less', 0.3, 0.31, 0.4, 'missed'],
    ['more', 0.95, 0.96, 0.99, 'met'],
    ['more', 0.95, 0.9, 0.97, 'inconclusive'],
    ['more', 0.95, 0.7, 0.94, 'missed'],
    ['more', 0.95, 0.95, 0.95, 'met'],
  ] as const
  for (const [better, bar, low, high, verdict] of cases) {
    assert.equal(judge({ better, bar }, interval(low, high)), verdict, `${better} ${low} ${high}`)
  }
  assert.equal(judge({ better: 'less' }, interval(1, 2)), 'recorded')
})

test('a ratio is taken within each round, and discarded rounds are left out', () => {
  const summary = summarize('W3', rateOverBare, [
    round(90, 100),
    round(48, 50),
    round(980, 1000),
    round(1, 100, 'steal 9.0 %'),
  ])
  assert.equal(summary.median, 0.96) // of 0.9, 0.96 and 0.98
  assert.deepEqual([summary.kept, summary.rounds, summary.low], [3, 4, 0.9])
})

test('more than half of the rounds discarded leaves the question open', () => {
  const kept = Array.from({ length: 6 }, () => round(99, 100))
  const gone = Array.from({ length: 7 }, () => round(99, 100, 'calibrators differ by 30 %'))
  const verdict = (rounds: Round[]) => summarize('W3', rateOverBare, rounds).verdict
  assert.equal(verdict([...kept, ...gone.slice(1)]), 'met')
  assert.equal(verdict([...kept, ...gone]), 'inconclusive')
  assert.equal(verdict(kept.slice(2)), 'inconclusive')
  assert.equal(summarize('W3', rateOverBare, gone).median, undefined)
})

test('of two alternatives one that meets its bar is enough', () => {
  const rate = summary({ metric: 'rate', claim: 'near bare', verdict: 'missed' })
  const cpu = summary({ metric: 'cpu', claim: 'near bare', verdict: 'met' })
  for (const both of [
    [rate, cpu],
    [cpu, rate],
  ]) {
    assert.deepEqual([...claims(both)], [['near bare', 'met']])
    assert.equal(exitCode(both), 0)
  }
})

test('the exit code tells missed from open from done', () => {
  const met = summary({ claim: 'a', verdict: 'met' })
  const open = summary({ claim: 'b', verdict: 'inconclusive' })
  const missed = summary({ claim: 'c', verdict: 'missed' })
  assert.equal(exitCode([met]), 0)
  for (const verdict of ['recorded', 'inconclusive'] as const) {
    assert.equal(exitCode([met, summary({ claim: 'd', bar: null, verdict })]), 0)
  }
  assert.equal(exitCode([met, open]), 4)
  assert.equal(exitCode([open, missed, met]), 1)
})

test('worse is what lies beyond both intervals, in the direction that hurts', () => {
  const earlier = [
    summary({ metric: 'rate', better: 'more', ...interval(0.95, 0.97) }),
    summary({ metric: 'cpu', better: 'less', ...interval(1.02, 1.04) }),
    summary({ metric: 'delay', better: 'less', ...interval(1, 2) }),
  ]
  const now = [
    summary({ metric: 'rate', better: 'more', ...interval(0.9, 0.94) }),
    summary({ metric: 'cpu', better: 'less', ...interval(0.98, 1.01) }),
    summary({ metric: 'delay', better: 'less', ...interval(1.5, 3) }),
    summary({ metric: 'new', better: 'less', ...interval(5, 6) }),
  ]
  assert.deepEqual(
    worse(earlier, now).map((found) => found.metric),
    ['rate'],
  )
})

const rateOverBare: Metric = {
  name: 'rate over bare',
  unit: '',
  better: 'more',
  bar: 0.8,
  value: ({ served, bare }) => served!.requests / bare!.requests,
}

function round(served: number, bare: number, discarded: string | null = null): Round {
  const sample = (requests: number) => ({ requests, seconds: 1, p50Ms: 1 })
  return {
    order: ['bare', 'served'],
    samples: { served: sample(served), bare: sample(bare) },
    calibrators: [7, 7],
    stealShare: 0,
    discarded,
  }
}

function summary(given: Partial<Summary>): Summary {
  return {
    question: 'W3',
    metric: 'rate',
    claim: 'rate',
    unit: '',
    better: 'less',
    bar: 1,
    kept: 10,
    rounds: 10,
    verdict: 'met',
    ...given,
  }
}
