import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Driver, Reply } from './driver.ts'
import { rehearse } from './rehearse.ts'
import { TargetFailed } from './target-failed.ts'

const tolerance = 0.01

describe('the pass before the load', () => {
  it('asks a few questions, and all of them where answers are held to it', async () => {
    const asked: number[] = []
    const { driver } = answering((question) => {
      asked.push(question)
      return { ok: true, answer: [question] }
    })
    await rehearsed(driver, 40)
    assert.deepEqual(asked, [...Array(16).keys()])
    asked.length = 0
    await rehearsed(driver, 40, { tolerance })
    assert.deepEqual(asked, [...Array(40).keys()])
  })

  it('makes every later answer to a question the same, within the tolerance', async () => {
    const { driver } = answering((question) => ({ ok: true, answer: [question * 10] }))
    const judge = await rehearsed(driver, 3, { tolerance })
    const outcome = (question: number, value: number) =>
      judge(question, { ok: true, answer: [value] })
    assert.ok(outcome(2, 20.05).ok)
    assert.deepEqual(outcome(1, 20), { ok: false, why: 'wrong answer: [0] is 20, expected 10' })
    assert.deepEqual(judge(1, { ok: false, why: 'HTTP 503' }), { ok: false, why: 'HTTP 503' })
    assert.deepEqual(judge(1, { ok: true, answer: 'unreadable' }), {
      ok: false,
      why: 'wrong answer: no answer at all',
    })
  })

  it('asks three times before it gives up, in the words of the last refusal', async () => {
    let asked = 0
    const { driver } = answering(() => {
      asked += 1
      return { ok: false, why: `HTTP 50${asked}` }
    })
    await assert.rejects(
      rehearsed(driver, 5),
      (thrown: Error) =>
        thrown instanceof TargetFailed &&
        /request 1 is not answered: HTTP 503/.test(thrown.message),
    )
    asked = 0
    const flaky = answering(() =>
      ++asked % 3 === 0 ? { ok: true, answer: [1] } : { ok: false, why: 'x' },
    )
    await rehearsed(flaky.driver, 2, { tolerance })
    assert.equal(asked, 6)
  })

  it('gives up where an answer cannot be read', async () => {
    const { driver } = answering(() => ({ ok: true, answer: 'unreadable' }))
    await assert.rejects(rehearsed(driver, 2, { tolerance }), /request 1: no answer at all/)
  })
})

function answering(reply: (question: number) => Reply): { readonly driver: Driver } {
  return {
    driver: {
      protocol: 'json',
      send: (question, _, done) => done(reply(question)),
      read(answer) {
        if (answer === 'unreadable') throw new Error('no answer at all')
        return answer
      },
      split: async () => async () => undefined,
      close: async () => {},
    },
  }
}

const rehearsed = (driver: Driver, questions: number, check?: { readonly tolerance: number }) =>
  rehearse({ driver, questions, timeoutMs: 1, check, stop: new AbortController().signal })
