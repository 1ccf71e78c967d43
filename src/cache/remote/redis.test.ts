import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as aTurn } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { silentLog } from '../../log.ts'
import { int32, signature } from '../testing.ts'
import type { FarShelf } from './far-store.ts'
import { openRedisStore } from './open-redis.ts'
import { startRedis, type TestRedis, withoutRedis } from './testing.ts'

const names = ['y', 'z']
const outputs = [int32('y', 1, -2), int32('z', 3, 4)]

async function setUp(t: TestContext, redis: Pick<TestRedis, 'url'>, ttlMs?: number) {
  const logged: string[] = []
  const tell = (event: string) => void logged.push(event)
  const log = { ...silentLog, info: tell, warn: tell }
  const store = await openRedisStore({ url: redis.url, build: '1', log })
  t.after(() => store!.close())
  return { logged, shelf: store!.shelf({ model: 'm', version: '3', scope: 's', signature, ttlMs }) }
}

async function direct(t: TestContext, { url }: TestRedis): Promise<Redis> {
  const client = new Redis(url)
  t.after(() => client.disconnect())
  return client
}

/** Asks until it is so. */
async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadline) throw new Error('not within 20 s')
    await aTurn()
  }
}

/** Puts until it is there: what is put while there is no connection is not. */
const put = (shelf: FarShelf, key = 'k') =>
  until(async () => {
    shelf.set(key, outputs)
    return await shelf.get(key, names)
  })

describe('Redis', { skip: withoutRedis }, () => {
  it('gives one server the answers of another', async (t) => {
    const redis = await startRedis(t)
    const one = await setUp(t, redis, 60_000)
    const other = await setUp(t, redis, 60_000)
    await put(one.shelf)
    const found = await until(() => other.shelf.get('k', names))
    assert.deepEqual(found.outputs, outputs)
    assert.ok(found.ttlMs! > 0 && found.ttlMs! <= 60_000)
    assert.equal(await other.shelf.get('l', names), undefined)
  })

  it('forgets them by itself', async (t) => {
    const redis = await startRedis(t)
    const { shelf } = await setUp(t, redis, 60_000)
    await put(shelf)
    const client = await direct(t, redis)
    const [key] = await client.keys('sluice:m:3:*')
    await client.pexpire(key!, 1)
    await until(async () => (await client.exists(key!)) === 0)
    assert.equal(await shelf.get('k', names), undefined)
  })

  it('may have anything under a key: that is no answer', async (t) => {
    const redis = await startRedis(t)
    const { shelf } = await setUp(t, redis)
    await put(shelf)
    const client = await direct(t, redis)
    const [key] = await client.keys('*')
    const good = (await client.getBuffer(key!))!
    const bad = Buffer.from(good)
    bad[bad.length - 1]! ^= 1
    for (const value of [bad, good.subarray(0, -1), Buffer.from('x'), Buffer.alloc(0)]) {
      await client.set(key!, value)
      assert.equal(await shelf.get('k', names), undefined)
    }
    await client.del(key!)
    await client.lpush(key!, 'a', 'list')
    assert.equal(await shelf.get('k', names), undefined)
    await client.set(key!, good)
    assert.deepEqual((await shelf.get('k', names))?.outputs, outputs)
    assert.equal((await shelf.get('k', names))?.ttlMs, undefined, 'which never expires')
  })

  it('that goes and comes again is used again, and told of once each time', async (t) => {
    const redis = await startRedis(t)
    const { shelf, logged } = await setUp(t, redis)
    await put(shelf)
    await redis.kill()
    await until(() => logged.some((event) => event.includes('cannot be reached')))
    assert.equal(await shelf.get('k', names), undefined)
    await startRedis(t, redis.port)
    await put(shelf)
    const [connected, gone] = [
      'cache: connected to Redis',
      'cache: Redis cannot be reached, answers are kept here alone',
    ]
    assert.deepEqual(logged, [connected, gone, connected])
  })

  it('that hangs is not waited for, and used again when it goes on', async (t) => {
    const redis = await startRedis(t)
    const { shelf, logged } = await setUp(t, redis)
    await put(shelf)
    redis.process.kill('SIGSTOP')
    await until(async () => {
      assert.equal(await shelf.get('k', names), undefined)
      return logged.some((event) => event.includes('does not answer'))
    })
    redis.process.kill('SIGCONT')
    await until(() => shelf.get('k', names))
  })

  it('that was never there keeps nothing and costs nothing', async (t) => {
    const redis = await startRedis(t)
    await redis.kill()
    const { shelf, logged } = await setUp(t, redis)
    assert.equal(await shelf.get('k', names), undefined)
    shelf.set('k', outputs)
    await until(() => logged.some((event) => event.includes('cannot be reached')))
    assert.equal(logged.length, 1)
  })
})
