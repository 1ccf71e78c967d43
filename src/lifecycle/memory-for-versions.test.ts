/** A new version for which the one before it has to make room: both do not fit. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fail } from '../errors.ts'
import type { Signature } from '../signature.ts'
import { found, setUp, takesRows, turns } from './testing.ts'

describe('a version that takes the memory of the one before', () => {
  const begin = async () => {
    const set = setUp({ memory: { limitBytes: 15, evict: true } })
    set.lifecycle.want(found('iris', { 1: 'a' }))
    await set.load('iris 1 @a', { answer: 1 })
    set.lifecycle.want(found('iris', { 1: 'a', 2: 'b' }))
    await turns()
    assert.equal(set.runtime.alive, 0, 'it has made room')
    return set
  }

  it('is waited for by whoever asks meanwhile, and the server stays ready', async () => {
    const { ask, load, registry, lifecycle } = await begin()
    const first = ask('iris')
    lifecycle.want(found('iris', { 1: 'a', 2: 'b' }))
    const second = ask('iris')
    await turns()
    assert.equal(registry.ready(), true)
    await load('iris 2 @b', { answer: 2 })
    assert.deepEqual(await Promise.all([first, second]), ['2:2', '2:2'])
  })

  it('gives it back where it fails: those who wait are answered by the one before', async () => {
    const { ask, load, runtime, rows } = await begin()
    const waiting = [ask('iris'), ask('iris')]
    await turns()
    runtime.loads.at(-1)!.fail(fail('MODEL_UNREADABLE', { problem: 'it is cut off' }))
    await load('iris 1 @a', { answer: 1 })
    assert.deepEqual(await Promise.all(waiting), ['1:1', '1:1'])
    assert.deepEqual(rows(), ['1 ready', '2 failed'])
  })

  it('is held to the signature of the one before all the same', async () => {
    const { ask, load } = await begin()
    const waiting = ask('iris')
    await load('iris 2 @b', { signature: narrower })
    await load('iris 1 @a', { answer: 1 })
    assert.equal(await waiting, '1:1')
  })

  it('is waited for no more once nothing of the model is wanted', async () => {
    const { ask, lifecycle } = await begin()
    const waiting = ask('iris')
    await turns()
    lifecycle.unwant('iris')
    await assert.rejects(waiting, /"iris" is unloaded/)
  })
})

it('a version that takes the place of one that sleeps is held to its signature', async () => {
  const { lifecycle, ask, load, rows } = setUp({ memory: { limitBytes: 15, evict: true } })
  const digits = found('digits', { 1: 'd' })
  lifecycle.apply([found('iris', { 1: 'a' })])
  await load('iris 1 @a', { answer: 1 })
  lifecycle.apply([found('iris', { 1: 'a' }), digits])
  await turns()
  const other = ask('digits')
  await load('digits 1 @d')
  await other
  assert.deepEqual(rows(), ['1 ready', '1 unloaded'], 'iris sleeps')
  lifecycle.apply([found('iris', { 1: 'a', 2: 'b' }), digits])
  await turns()
  const waiting = ask('iris')
  await load('iris 2 @b', { signature: narrower })
  await load('iris 1 @a', { answer: 1 })
  assert.equal(await waiting, '1:1')
  assert.deepEqual(rows(), ['1 unloaded', '1 ready', '2 failed'])
})

it('a version that would not fit alone is not told to let others make room', async () => {
  const { lifecycle, registry } = setUp({ memory: { limitBytes: 9, evict: true } })
  lifecycle.want(found('iris', { 1: 'a' }))
  await turns()
  assert.throws(() => registry.find('iris'), /raise --model-memory: it would not fit alone/)
})

const [x] = takesRows.inputs
const narrower: Signature = { ...takesRows, inputs: [x!, { ...x!, name: 'z' }] }
