import assert from 'node:assert/strict'
import { it } from 'node:test'
import { echoModel, modelsOf, statusOf } from '../testing.ts'
import { healthOf } from './health.ts'

const iris = echoModel('iris', [])

it('health tells of every version what it is and why, and the digest of those in memory', () => {
  const models = {
    ...modelsOf(),
    list: () => [
      { name: 'iris', version: '2', state: 'failed', why: 'it is empty' } as const,
      { ...statusOf(iris), why: 'version 2 failed' },
      { name: 'lazy', version: '1', state: 'unloaded', asleep: true } as const,
      { name: 'broken', version: '', state: 'failed', why: 'two model files' } as const,
    ],
  }
  const { status, text } = healthOf(models)
  assert.equal(status, 200)
  assert.deepEqual(JSON.parse(text), {
    status: 'ok',
    model_loaded: true,
    models: [
      { name: 'iris', version: '2', state: 'failed', why: 'it is empty' },
      {
        ...{ name: 'iris', version: '3', state: 'ready', why: 'version 2 failed' },
        digest: 'sha256:d1',
      },
      { name: 'lazy', version: '1', state: 'unloaded', loaded_when_asked: true },
      { name: 'broken', state: 'failed', why: 'two model files' },
    ],
  })
})

it('health is bad as long as the server is not ready', () => {
  const list = () => [{ name: 'iris', version: '1', state: 'loading' } as const]
  const { status, text } = healthOf({ ...modelsOf(), list, ready: () => false })
  assert.equal(status, 503)
  assert.deepEqual(JSON.parse(text), {
    status: 'unavailable',
    model_loaded: false,
    models: [{ name: 'iris', version: '1', state: 'loading' }],
  })
})
