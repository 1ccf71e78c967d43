import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as aTurn } from 'node:timers/promises'
import { HandClock } from '../../clock.ts'
import { silentLog } from '../../log.ts'
import type { Tensor } from '../../tensor/index.ts'
import { int32, signature } from '../testing.ts'
import { seal } from './envelope.ts'
import { type RedisClient, RedisStore } from './redis-store.ts'

const names = ['y', 'z']
const outputs = [int32('y', 1), int32('z', 2)]

type Found = Awaited<ReturnType<RedisClient['get']>>

/** A store over a client whose replies come when a test says so. */
function setUp() {
  const clock = new HandClock()
  const logged: string[] = []
  const gets: (PromiseWithResolvers<Found> & { readonly key: string })[] = []
  const sets: (PromiseWithResolvers<void> & {
    readonly key: string
    readonly value: Buffer
    readonly ttlMs: number
  })[] = []
  const client = {
    ready: true,
    reconnects: 0,
    get(key: string) {
      gets.push({ key, ...Promise.withResolvers<Found>() })
      return gets.at(-1)!.promise
    },
    set(key: string, value: Buffer, ttlMs: number) {
      sets.push({ key, value, ttlMs, ...Promise.withResolvers<void>() })
      return sets.at(-1)!.promise
    },
    reconnect() {
      client.reconnects += 1
    },
    close() {},
  }
  const log = {
    ...silentLog,
    warn: (event: string) => void logged.push(event),
    info: (event: string) => void logged.push(event),
  }
  const store = (build = '1') => new RedisStore({ client, build, clock, log })
  const version = { model: 'm', version: '3', scope: 's', signature }
  const one = store()
  const shelf = one.shelf({ ...version, ttlMs: 50 })
  /** Asks, and lets the time pass in which an answer must come. */
  const askInVain = async () => {
    const asked = shelf.get('k', names)
    clock.advance(5)
    await aTurn()
    assert.equal(await asked, undefined)
  }
  return { clock, client, gets, sets, logged, store, one, shelf, version, askInVain }
}

describe('answers in Redis', () => {
  it('are put under the name of the version, for as long as they last', async () => {
    const { shelf, sets, gets } = setUp()
    shelf.set('k', outputs)
    assert.match(sets[0]!.key, /^sluice:m:3:[\w-]{43}$/)
    assert.equal(sets[0]!.ttlMs, 50)
    const asked = shelf.get('k', names)
    assert.equal(gets[0]!.key, sets[0]!.key)
    gets[0]!.resolve({ value: sets[0]!.value, ttlMs: 20 })
    assert.deepEqual(await asked, { outputs, ttlMs: 20 })
  })

  it('that do not expire are kept for a day', () => {
    const { one, version, sets } = setUp()
    one.shelf(version).set('k', outputs)
    assert.equal(sets[0]!.ttlMs, 86_400_000)
  })

  it('have other names for another key, scope or build', () => {
    const { store, shelf, one, version, sets } = setUp()
    shelf.set('k', outputs)
    shelf.set('l', outputs)
    one.shelf({ ...version, scope: 't' }).set('k', outputs)
    store('2').shelf(version).set('k', outputs)
    assert.equal(new Set(sets.map(({ key }) => key)).size, 4)
  })

  it('are none where they are not there, or not as they were put', async () => {
    const { shelf, gets } = setUp()
    for (const value of [Buffer.from('junk'), Buffer.alloc(0), seal('other', outputs)]) {
      const asked = shelf.get('k', names)
      gets.at(-1)!.resolve({ value, ttlMs: 20 })
      assert.equal(await asked, undefined)
    }
    const asked = shelf.get('k', names)
    gets.at(-1)!.resolve(undefined)
    assert.equal(await asked, undefined)
  })

  it('are waited for 5 ms', async () => {
    const { clock, shelf, gets, logged } = setUp()
    const inTime = shelf.get('k', names)
    clock.advance(4.9)
    await aTurn()
    gets[0]!.resolve({ value: seal(gets[0]!.key, outputs), ttlMs: 20 })
    assert.ok(await inTime)
    const late = shelf.get('k', names)
    clock.advance(5)
    await aTurn()
    gets[1]!.resolve({ value: seal(gets[1]!.key, outputs), ttlMs: 20 })
    assert.equal(await late, undefined)
    assert.deepEqual(logged, [])
  })

  it('are not asked for while Redis is slow, which is told once', async () => {
    const { clock, client, gets, sets, logged, shelf, askInVain } = setUp()
    for (let time = 0; time < 3; time++) await askInVain()
    assert.equal(gets.length, 3)
    assert.equal(await shelf.get('k', names), undefined)
    shelf.set('k', outputs)
    assert.deepEqual([gets.length, sets.length], [3, 0])
    clock.advance(1000)
    await askInVain()
    assert.deepEqual([gets.length, client.reconnects], [4, 1])
    assert.deepEqual(logged, ['cache: Redis does not answer, and is not asked for a while'])
    clock.advance(2000)
    const asked = shelf.get('k', names)
    gets.at(-1)!.resolve(undefined)
    await asked
    assert.equal(logged.at(-1), 'cache: Redis is asked again')
    shelf.set('k', outputs)
    assert.equal(sets.length, 1)
  })

  it('are not asked for while there is no connection, at no cost', async () => {
    const { client, shelf, gets, sets, logged } = setUp()
    client.ready = false
    assert.equal(await shelf.get('k', names), undefined)
    shelf.set('k', outputs)
    assert.deepEqual([gets.length, sets.length, logged.length], [0, 0, 0])
  })

  it('that Redis does not take are told of once, until it takes one', async () => {
    const { shelf, sets, logged } = setUp()
    for (const takes of [false, false, true, false]) {
      shelf.set('k', outputs)
      if (takes) sets.at(-1)!.resolve()
      else sets.at(-1)!.reject(new Error('OOM command not allowed'))
      await aTurn()
    }
    assert.deepEqual(logged, ['cache: Redis keeps nothing', 'cache: Redis keeps nothing'])
  })

  it('do not pile up where they are not taken', async () => {
    const { shelf, sets } = setUp()
    const data = new Int32Array(2 ** 21) // 8 MiB
    const tensor: Tensor = { datatype: 'INT32', shape: [data.length], data }
    const large = [{ name: 'y', tensor }]
    for (let time = 0; time < 9; time++) shelf.set(`${time}`, large)
    assert.equal(sets.length, 2)
    sets[0]!.resolve()
    await aTurn()
    shelf.set('k', large)
    assert.equal(sets.length, 3)
  })
})
