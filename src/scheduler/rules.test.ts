import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseModelConfig } from '../config/index.ts'
import { schedulingRules } from './rules.ts'

const rulesOf = (yaml: string) =>
  schedulingRules(parseModelConfig(yaml, 'model.yaml'), { maxWaiting: 256, maxWaitingBytes: 4096 })

describe('the place of a request among others', () => {
  it('is that of all where nothing is said, and it may name the time it waits', () => {
    const { levelOf } = rulesOf('{}')
    const usual = { level: 1, maxWaiting: Infinity, timeoutMs: Infinity, delayable: false }
    assert.deepEqual(levelOf({}), usual)
    assert.deepEqual(levelOf({ priority: 3, queueTimeoutMs: 8 }), { ...usual, timeoutMs: 8 })
  })

  const levels = `queue:
  timeoutMs: 20
  onTimeout: delay
  timeoutOverride: true
  priorities:
    levels: 4
    default: 3
    maxWaiting: 9
    policies:
      1: {maxWaiting: any, timeoutMs: 0.5, timeoutOverride: false}
      2: {maxWaiting: 6, timeoutMs: 0, onTimeout: refuse}`

  it('is its level, with what differs there', () => {
    const { levelOf } = rulesOf(levels)
    const usual = { level: 3, maxWaiting: 9, timeoutMs: 20, delayable: true }
    assert.deepEqual(levelOf({}), usual)
    for (const priority of [0, 5]) assert.deepEqual(levelOf({ priority }), usual)
    assert.deepEqual(levelOf({ priority: 4 }), { ...usual, level: 4 })
    assert.deepEqual(levelOf({ priority: 1 }), {
      ...{ level: 1, maxWaiting: Infinity, timeoutMs: 0.5, delayable: true },
    })
    assert.deepEqual(levelOf({ priority: 2 }), {
      ...{ level: 2, maxWaiting: 6, timeoutMs: Infinity, delayable: false },
    })
  })

  it('lets a request lower its time, and never raise it', () => {
    const { levelOf } = rulesOf(levels)
    assert.equal(levelOf({ queueTimeoutMs: 7 }).timeoutMs, 7)
    assert.equal(levelOf({ queueTimeoutMs: 21 }).timeoutMs, 20)
    assert.equal(levelOf({ priority: 1, queueTimeoutMs: 0.1 }).timeoutMs, 0.5)
    assert.equal(levelOf({ priority: 2, queueTimeoutMs: 7 }).timeoutMs, 7)
  })
})
