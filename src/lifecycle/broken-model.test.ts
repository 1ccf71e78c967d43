/** Models with which something is wrong as a whole, and of which no version is known. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fail } from '../errors.ts'
import { found, setUp } from './testing.ts'

describe('a model that is wrong as a whole', () => {
  const spec = fail('MODEL_UNREADABLE', { problem: 'model.yaml:1: what is this' })
  const broken = { name: 'iris', root: 'models', spec }

  it('is told once, however often it is found', () => {
    const { lifecycle, told, rows } = setUp()
    for (let look = 0; look < 3; look++) lifecycle.apply([broken])
    assert.deepEqual(told, ['model failed iris model.yaml:1: what is this'])
    assert.deepEqual(rows(), [' failed'])
  })

  it('is a failure for whoever asks what became of it', () => {
    const { lifecycle } = setUp()
    lifecycle.want(broken, { retry: true })
    assert.equal(lifecycle.failureOf('iris'), spec)
  })

  it('is forgotten when it is gone', () => {
    const { lifecycle, rows } = setUp()
    lifecycle.apply([broken])
    lifecycle.apply([])
    assert.deepEqual(rows(), [])
  })

  it('is served when it is mended', async () => {
    const { lifecycle, load, ask, rows } = setUp()
    lifecycle.apply([broken])
    lifecycle.apply([found('iris', { 1: 'a' })])
    await load('iris 1 @a', { answer: 7 })
    assert.equal(await ask('iris'), '1:7')
    assert.deepEqual(rows(), ['1 ready'])
  })
})
