import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sample } from '../question.ts'
import type { Round } from '../rounds.ts'
import { standing } from './standing.ts'

const sample = (requests: number, more: Partial<Sample> = {}): Sample => ({
  ...{ requests, seconds: 1, p50Ms: 2, cpuSeconds: 0.5, ...more },
})
const round = (samples: Round['samples'], discarded: string | null = null): Round => ({
  ...{ order: [], samples, calibrators: [1, 1], stealShare: 0, discarded },
})
const rows = (text: string) =>
  text.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )

test('the fastest peer comes first, what there is to hold them against before all', () => {
  const slow = round({
    sluice: sample(100, { p99Ms: 7 }),
    bare: sample(400),
    kserve: sample(20),
    triton: sample(50),
    echo: sample(1000),
  })
  const text = standing({
    ...{ yardstick: 'bare', rounds: [slow, round({}, 'noise')], leftOut: {} },
    ...{ startMs: { sluice: 410, triton: 2449 }, memoryBytes: { sluice: 81.6e6 } },
  })
  assert.deepEqual(rows(text).slice(2), [
    ['bare', '400', '1.000', '1250', '1.00', '2.00', '-', '-', '-'],
    ['echo', '1000', '2.500', '500', '0.40', '2.00', '-', '-', '-'],
    ['sluice', '100', '0.250', '5000', '4.00', '2.00', '7.00', '0.4', '82'],
    ['triton', '50', '0.125', '10000', '8.00', '2.00', '-', '2.4', '-'],
    ['kserve', '20', '0.050', '25000', '20.00', '2.00', '-', '-', '-'],
  ])
})

test('who was left out has no row, and without rounds there is no table', () => {
  const only = round({ echo: sample(10), triton: sample(5) })
  const more = { yardstick: 'echo', startMs: {}, memoryBytes: {} } as const
  const text = standing({ ...more, rounds: [only], leftOut: { triton: 'failed' } })
  assert.match(text, /echo/)
  assert.doesNotMatch(text, /triton/)
  assert.equal(standing({ ...more, rounds: [round({}, 'noise')], leftOut: {} }), '')
})
