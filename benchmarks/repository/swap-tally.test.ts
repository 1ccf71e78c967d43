import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from './answers.ts'
import { problemsOf, type SwapRound, tally } from './swap-tally.ts'

const lives = [{ version: 1, readyAt: 0, unloadedAt: undefined }]
const answer = (told: Partial<Answer>): Answer => ({
  ...{ latencyMs: 10, sentLateMs: 0, sentAt: 5, answeredAt: 15, version: 1 },
  ...told,
})
const good = Array.from({ length: 100 }, () => answer({}))
const full = answer({ version: 0, failed: '256 requests are already waiting for "encoder"' })
const lost = answer({ version: 0, failed: 'socket hang up' })

function told(...rounds: readonly SwapRound[]): Readonly<Record<string, string>> {
  const rows = tally('swaps', rounds, lives)
  return Object.fromEntries(rows.map((row) => [row.metric, `${row.median} ${row.verdict}`]))
}

test('nothing lost, wrong or late meets every bar', () => {
  const rows = told({ quiet: good, swaps: good, kept: true })
  assert.equal(rows.requests, '200 recorded')
  for (const [metric, value] of Object.entries(rows)) {
    if (!/requests/.test(metric)) assert.match(value, /^0 (met|recorded)$/, metric)
  }
})

test('a lost request counts in every round, a refused one only where the machine was ours', () => {
  const kept = told({ quiet: good, swaps: [...good, lost, full], kept: true })
  assert.equal(kept['failed requests'], '2 missed')
  const discarded = told({ quiet: good, swaps: [...good, lost, full], kept: false })
  assert.equal(discarded['failed requests'], '1 missed')
  assert.equal(discarded['refused in discarded rounds, too many waiting'], '1 recorded')
})

test('wrong values and versions that are not there are missed bars, and told in words', () => {
  const round = {
    quiet: good,
    swaps: [answer({ wrong: 'got 3' }), answer({ version: 2 })],
    kept: false,
  }
  const rows = told(round)
  assert.equal(rows['answers with values of another version'], '1 missed')
  assert.equal(rows['answers by a version that was not there'], '1 missed')
  assert.equal(rows['failed requests'], '0 met')
  assert.deepEqual(problemsOf([round], lives), ['got 3', 'version 2 was never ready'])
})

test('late is held to the quiet phase of the same round, and counts in rounds that are kept', () => {
  const slow = Array.from({ length: 100 }, () => answer({ latencyMs: 100 }))
  const rounds = (kept: boolean) => [
    { quiet: good, swaps: [answer({ latencyMs: 20 }), answer({ latencyMs: 21 })], kept },
    { quiet: slow, swaps: [answer({ latencyMs: 21 })], kept: true },
  ]
  assert.equal(told(...rounds(true))['late ones of these (> 2x p99 quiet)'], '1 recorded')
  assert.equal(told(...rounds(false))['late ones of these (> 2x p99 quiet)'], '0 recorded')
})
