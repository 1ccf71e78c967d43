import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answer, type Life, lateAmong, latenciesOf, stray } from './answers.ts'

const answer = (told: Partial<Answer>): Answer => ({
  ...{ latencyMs: 10, sentLateMs: 0, sentAt: 0, answeredAt: 0, version: 1 },
  ...told,
})

describe('an answer is held to the life of its version', () => {
  const lives: readonly Life[] = [
    { version: 1, readyAt: 100, unloadedAt: 1005 },
    { version: 2, readyAt: 1000, unloadedAt: undefined },
  ]
  const cases: { name: string; told: Partial<Answer>; says?: RegExp }[] = [
    { name: 'while it is the only one', told: { sentAt: 500, answeredAt: 510 } },
    { name: 'answered after the switch, asked before', told: { sentAt: 999, answeredAt: 1020 } },
    { name: 'asked in the millisecond of the switch', told: { sentAt: 1000, answeredAt: 1001 } },
    {
      name: 'asked after the switch',
      told: { sentAt: 1001, answeredAt: 1004 },
      says: /after 2 had taken over/,
    },
    { name: 'asked after its end', told: { sentAt: 1006, answeredAt: 1007 }, says: /was unloaded/ },
    { name: 'by the new one', told: { version: 2, sentAt: 990, answeredAt: 1000 } },
    {
      name: 'by the new one too early',
      told: { version: 2, sentAt: 990, answeredAt: 999 },
      says: /before it was ready/,
    },
    { name: 'by nobody known', told: { version: 3 }, says: /never ready/ },
  ]
  for (const { name, told, says } of cases) {
    it(name, () => {
      const why = stray(answer(told), lives)
      if (says === undefined) assert.equal(why, undefined)
      else assert.match(String(why), says)
    })
  }
})

describe('latencies', () => {
  const answers = Array.from({ length: 101 }, (_, i) =>
    answer({ latencyMs: i, sentLateMs: i / 100, ...(i === 100 && { failed: 'status 503' }) }),
  )

  it('are quantiles over all that was asked, failed or not', () => {
    assert.deepEqual(latenciesOf(answers), { p50Ms: 50, p99Ms: 99, sentLateP99Ms: 0.99 })
  })

  it('are late beyond the limit only', () => {
    assert.equal(lateAmong(answers, 98), 2)
    assert.equal(lateAmong(answers, 100), 0)
  })
})
