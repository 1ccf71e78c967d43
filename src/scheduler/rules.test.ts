import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseModelConfig } from '../config/index.ts'
import { schedulingRules } from './rules.ts'

const rulesOf = (yaml: string) =>
  schedulingRules(parseModelConfig(yaml, 'model.yaml'), { maxWaiting: 256, maxWaitingBytes: 1000 })

describe('the rules of a model', () => {
  it('that says nothing are those of the server, without a delay or a limit of rows', () => {
    const { maxWaiting, maxWaitingBytes, executors, sloMs, batch, preserveOrdering } = rulesOf('{}')
    assert.deepEqual(
      { maxWaiting, maxWaitingBytes, executors, sloMs, preserveOrdering },
      {
        maxWaiting: 256,
        maxWaitingBytes: 1000,
        executors: undefined,
        sloMs: undefined,
        preserveOrdering: false,
      },
    )
    assert.deepEqual(batch, {
      maxRows: Infinity,
      preferred: [],
      maxDelayMs: 0,
      maxRunMs: 100,
      inOrder: false,
    })
    const usual = { level: 1, maxWaiting: Infinity, timeoutMs: Infinity, delayable: false }
    assert.deepEqual(rulesOf('{}').levelOf({}), usual)
  })

  it('are its own where it says so', () => {
    const { batch, maxWaiting, executors, sloMs } = rulesOf(`
      queue: {maxWaiting: 3}
      executors: 2
      slo: {p99Ms: 50}
      batching: {maxBatchSize: 8, maxDelayMs: 1.5, preferred: [8, 4], maxBatchMs: 20, preserveOrdering: true}
    `)
    assert.deepEqual([maxWaiting, executors, sloMs], [3, 2, 50])
    assert.deepEqual(batch, {
      maxRows: 8,
      preferred: [4, 8],
      maxDelayMs: 1.5,
      maxRunMs: 20,
      inOrder: true,
    })
  })

  it('give a model whose runs have all threads one executor, unless it wants more', () => {
    assert.equal(rulesOf('onnx: {profile: latency}').executors, 1)
    assert.equal(rulesOf('{onnx: {profile: latency}, executors: 2}').executors, 2)
  })
})

describe('what holds for a model that says nothing of joining', () => {
  const defaults = { maxBatchSize: 12, maxDelayMs: 3, executors: 5 }
  const of = (yaml: string) => {
    const queue = { maxWaiting: 256, maxWaitingBytes: 4096, ...defaults }
    const { batch, executors } = schedulingRules(parseModelConfig(yaml, 'model.yaml'), queue)
    return [batch.maxRows, batch.maxDelayMs, executors]
  }

  it('is what holds for all', () => {
    assert.deepEqual(of('{}'), [12, 3, 5])
    assert.deepEqual(of('batching: auto\nexecutors: auto'), [12, 3, 5])
  })

  it('and not for one that says something', () => {
    assert.deepEqual(of('batching: off'), [Infinity, 0, 5])
    assert.deepEqual(of('batching: {maxDelayMs: 1}'), [Infinity, 1, 5])
    assert.deepEqual(of('batching: {maxBatchSize: 7}\nexecutors: 2'), [7, 0, 2])
  })
})
