import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { parseModelConfig } from '../config/index.ts'
import { noEvents } from '../events.ts'
import { nextBatch, type Situation } from './next-batch.ts'
import { schedulingRules } from './rules.ts'
import { Waiting } from './waiting.ts'
import { WaitingLine } from './waiting-line.ts'

/** A line of so many requests of one row, of which a second row is known to be no cheaper. */
function lineOf(count: number) {
  const queue = { maxWaiting: 100, maxWaitingBytes: 1000 }
  const rules = schedulingRules(parseModelConfig('{}', 'model.yaml'), queue)
  const line = new WaitingLine({
    ...{ model: 'm', version: '1', rules, events: noEvents, onGone() {} },
  })
  line.join()
  line.seed(
    '',
    [1, 2, 4].map((rows) => ({ rows, ms: 10 * rows })),
  )
  const facts = {
    ...{ rows: 1, bytes: 4, shape: '', uneven: false, level: 1, arrived: 0 },
    ...{ answerBy: Infinity, beginBy: Infinity, delayable: false },
  }
  for (let place = 0; place < count; place++) {
    const call = new Call({ requestId: `${place}` })
    line.push(new Waiting({ inputs: [] }, call, facts, unasked, unasked))
  }
  return { line, rules }
}

const unasked = () => assert.fail()

const usual: Situation = {
  ...{ now: 0, joins: true, learns: true, draining: false, contended: false, shared: false },
}

const rowsOf = (count: number, situation: Partial<Situation>) => {
  const { line, rules } = lineOf(count)
  const next = nextBatch(line, rules, { ...usual, ...situation })
  return next.kind === 'run' ? next.rows : next.kind
}

describe('what runs next', () => {
  it('is nothing of an empty line', () => assert.equal(rowsOf(0, {}), 'nothing'))

  it('has as many rows as are worth while', () => assert.equal(rowsOf(5, {}), 1))

  it('has all that wait, where their number tells nothing of what a run takes', () =>
    assert.equal(rowsOf(5, { learns: false }), 5))

  it('is the first alone, where requests do not share runs', () =>
    assert.equal(rowsOf(5, { joins: false, learns: false }), 1))

  it('is held back while a thread is busy and more may come, unless others want the place', () => {
    const { line, rules } = lineOf(1)
    line.seed('', [])
    const ahead = { ...usual, ahead: 50, learns: false }
    assert.deepEqual(nextBatch(line, rules, ahead), { kind: 'hold', until: 48 })
    assert.equal(nextBatch(line, rules, { ...ahead, contended: true }).kind, 'run')
  })

  it('is held back, too, where others may want to go first, whether more may join or not', () => {
    assert.equal(rowsOf(1, { ahead: 50, joins: false }), 1)
    assert.equal(rowsOf(1, { ahead: 50, joins: false, shared: true }), 'hold')
    assert.equal(rowsOf(1, { ahead: 2, joins: false, shared: true }), 1)
  })

  it('is beside others as long as one request, or as two where it does the work of three', () => {
    const shared = { learns: false, shared: true }
    const { line, rules } = lineOf(5)
    const rowsWhen = (...ms: readonly number[]) => {
      line.seed(
        '',
        ms.map((ms, place) => ({ rows: 2 ** place, ms })),
      )
      const next = nextBatch(line, rules, { ...usual, shared: true })
      return next.kind === 'run' ? next.rows : next.kind
    }
    assert.equal(rowsOf(5, shared), 5, 'where the number of rows tells nothing of it')
    assert.equal(rowsWhen(10, 19, 37), 1)
    assert.equal(rowsWhen(10, 15, 20, 40), 4)
    assert.equal(rowsWhen(1, 1.9, 3.7, 7), 5)
  })
})
