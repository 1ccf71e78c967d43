/** Waiting for memory that is not free yet. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { found, setUp, turns } from './testing.ts'

describe('a version that has to wait for memory', () => {
  // a takes 4 of 15, b and c 10 each
  const begin = async () => {
    const set = setUp({ memory: { limitBytes: 15, evict: true } })
    const { lifecycle, runtime, load } = set
    const [a, b, c] = ['a', 'b', 'c'].map((name) => found(name, { 1: name }))
    lifecycle.apply([a!])
    await load('a 1 @a', { answer: 1, memoryBytes: 4 })
    lifecycle.apply([a!, b!, c!])
    await turns()
    assert.deepEqual(
      runtime.loads.map(({ what }) => what),
      ['a 1 @a', 'b 1 @b'],
    )
    return set
  }

  it('leaves the others to go on, although all that is idle would not be enough', async () => {
    const { ask, load } = await begin()
    const waiting = ask('c')
    await turns()
    assert.equal(await ask('a'), '1:1')
    await load('b 1 @b', { answer: 2 })
    await load('c 1 @c', { answer: 3 })
    assert.equal(await waiting, '1:3')
  })

  it('comes after those who waited for what it turns out', async () => {
    const { lifecycle, ask, load, runtime } = setUp({ memory: { limitBytes: 15, evict: true } })
    lifecycle.apply(['a', 'b', 'c'].map((name) => found(name, { 1: name })))
    await load('a 1 @a', { answer: 1 })
    const [first, second] = [ask('b'), ask('c')]
    await turns()
    await load('b 1 @b', { answer: 2 })
    assert.equal(await first, '1:2')
    await load('c 1 @c', { answer: 3 })
    assert.equal(await second, '1:3')
    assert.equal(runtime.loads.length, 3, 'nothing was loaded twice')
  })

  it('looks again when a load that held it has failed', async () => {
    const { ask, load, runtime } = await begin()
    const waiting = ask('c')
    await turns()
    runtime.loads.find(({ what }) => what === 'b 1 @b')!.fail(new Error('no'))
    await load('c 1 @c', { answer: 3 })
    assert.equal(await waiting, '1:3')
  })
})
