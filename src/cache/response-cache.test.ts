import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HandClock } from '../clock.ts'
import { defaultModelConfig, type ModelConfig } from '../config/index.ts'
import type { Event } from '../events.ts'
import { silentLog } from '../log.ts'
import { type RedisClient, RedisStore } from './remote/redis-store.ts'
import { ResponseCache } from './response-cache.ts'
import { scopeOf } from './scope.ts'
import { aCall, asking, HandModel, signature, told } from './testing.ts'

/** A Redis of one process: what is put is there for all stores over it. */
class OneRedis implements RedisClient {
  readonly ready = true
  readonly values = new Map<string, Buffer>()
  closed = false

  async get(key: string) {
    const value = this.values.get(key)
    return value && { value, ttlMs: 30 }
  }

  async set(key: string, value: Buffer) {
    this.values.set(key, value)
  }

  reconnect() {}

  close() {
    this.closed = true
  }
}

function setUp(client?: RedisClient) {
  const clock = new HandClock()
  const events: Event[] = []
  const cache = new ResponseCache({
    maxBytes: 1e6,
    queue: { maxWaiting: 9, maxWaitingBytes: 1e6 },
    far: client && new RedisStore({ client, build: '1', clock, log: silentLog }),
    clock,
    events: { emit: (event) => void events.push(event) },
  })
  const open = (more: Partial<Parameters<typeof scopeOf>[0]> = {}) => {
    const model = new HandModel(signature)
    const cached = cache.cached(model, { ...version, ...more })
    /** The answer, and whether it is cached. */
    const ask = async (x: number, call = aCall()) => {
      const before = model.asked.length
      const answer = cached.predict(asking([x]), call)
      await null // Redis is asked first
      for (let turn = 0; turn < 20 && model.asked.length === before; turn++) await null
      model.asked[before]?.succeed()
      return [...told(await answer), (await answer).cached === true]
    }
    return { model, cached, ask }
  }
  return { cache, clock, events, open }
}

const withCache = (cache: ModelConfig['cache'], more: Partial<ModelConfig> = {}): ModelConfig => ({
  ...defaultModelConfig,
  ...more,
  cache,
})
const version = {
  model: 'm',
  version: '3',
  digest: 'a',
  provider: 'cpu',
  config: withCache({ ttlMs: 1000 }),
}
const [fresh, kept] = [
  [['y', 6], ['z', 10], false],
  [['y', 6], ['z', 10], true],
]

describe('the response cache', () => {
  it('leaves a model as it is that does not ask for it', () => {
    const { cache } = setUp()
    const model = new HandModel(signature)
    assert.equal(defaultModelConfig.cache, 'off')
    assert.equal(cache.cached(model, { ...version, config: defaultModelConfig }), model)
  })

  it('never gives one version the answer of another, be they the same in all they tell', async () => {
    const { open, cache, events } = setUp()
    const [one, other] = [open(), open()]
    assert.deepEqual(await one.ask(5), fresh)
    assert.deepEqual(await one.ask(5), kept)
    assert.deepEqual(await other.ask(5), fresh)
    await one.cached.drain()
    assert.deepEqual(await other.ask(5), kept)
    const held = events.findLast(({ kind }) => kind === 'cache-held')
    assert.equal(held?.kind === 'cache-held' && held.entries, 1)
    await cache.close()
  })
})

describe('an answer of another server', () => {
  it('is given where that has the same version, and kept for as long as it lasts there', async () => {
    const redis = new OneRedis()
    const [here, there] = [setUp(redis), setUp(redis)]
    assert.deepEqual(await there.open().ask(5), fresh)
    const { ask, model } = here.open()
    assert.deepEqual(await ask(5), kept)
    redis.values.clear()
    here.clock.advance(29)
    assert.deepEqual(await ask(5), kept)
    here.clock.advance(1)
    assert.deepEqual(await ask(5), fresh)
    assert.equal(model.asked.length, 1)
    const looks = here.events.flatMap((event) => (event.kind === 'cache' ? [event.hit] : []))
    assert.deepEqual(looks, [true, true, false])
    await here.cache.close()
    assert.ok(redis.closed)
  })

  const differences: readonly (readonly [what: string, Partial<typeof version>])[] = [
    ['another model', { model: 'n' }],
    ['another version', { version: '4' }],
    ['other files', { digest: 'b' }],
    ['another provider', { provider: 'openvino' }],
    [
      'other options of the runtime',
      {
        config: withCache({}, { onnx: { ...defaultModelConfig.onnx, graphOptimization: 'off' } }),
      },
    ],
  ]
  for (const [what, more] of differences) {
    it(`is not given to ${what}`, async () => {
      const redis = new OneRedis()
      await setUp(redis).open().ask(5)
      assert.deepEqual(await setUp(redis).open(more).ask(5), fresh)
    })
  }

  it('is given whatever else differs', () => {
    const other = withCache({}, { versions: { all: true }, slo: { p99Ms: 9 }, name: 'q' })
    assert.equal(scopeOf(version), scopeOf({ ...version, config: other }))
  })

  it('is looked for once for all that ask it at once', async () => {
    const redis = new OneRedis()
    await setUp(redis).open().ask(5)
    let asked = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    const get = redis.get.bind(redis)
    redis.get = async (key) => {
      asked += 1
      await promise
      return get(key)
    }
    const { open } = setUp(redis)
    const { cached, model } = open()
    const answers = [1, 2, 3].map(() => cached.predict(asking([5]), aCall()))
    assert.ok(!cached.idle, 'a version that drains now is waited for')
    resolve()
    for (const answer of await Promise.all(answers)) assert.equal(answer.cached, true)
    assert.deepEqual([asked, model.asked.length], [1, 0])
  })

  it('is not waited for by a call that has ended', async () => {
    const redis = new OneRedis()
    redis.get = () => new Promise(() => {})
    const { cached, model } = setUp(redis).open()
    const call = aCall()
    const answer = cached.predict(asking([5]), call)
    call.cancel()
    await assert.rejects(answer, { reason: 'CANCELLED' })
    assert.equal(model.asked.length, 0)
    assert.ok(cached.idle)
  })
})
