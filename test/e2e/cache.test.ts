/** Answers that are kept, by the real binary. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startRedis, withoutRedis } from '../../src/cache/remote/testing.ts'
import type { Answer } from './ask.ts'
import { plusModel } from './models.ts'
import { Published } from './published.ts'
import { type Server, until } from './server.ts'
import { allIsWell, type ServingOptions, serving, startOver, untilOnly } from './serving.ts'
import { counted } from './states.ts'

const asking = (server: Server, x: number, model = 'plus'): Promise<Answer> =>
  server.ask({
    path: `/v2/models/${model}/infer`,
    body: { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [x] }] },
  })

/** The version that answered, and what. */
async function answerOf(server: Server, x: number, model?: string): Promise<readonly unknown[]> {
  const { status, text } = await asking(server, x, model)
  assert.equal(status, 200, text)
  const { model_version, outputs } = JSON.parse(text)
  return [model_version, ...outputs[0].data]
}

interface Statistics {
  readonly inference_count: number
  readonly execution_count: number
  readonly inference_stats: Readonly<
    Record<string, { readonly count: number; readonly ns: number }>
  >
}

async function statisticsOf(server: Server, model = 'plus'): Promise<Statistics> {
  const { text } = await server.ask({ path: `/v2/models/${model}/stats` })
  return JSON.parse(text).model_stats[0]
}

async function lookedUp(server: Server, model = 'plus'): Promise<readonly number[]> {
  const of = (what: string) => counted(server, `nv_cache_num_${what}_per_model`, { model })
  return [await of('hits'), await of('misses')]
}

async function published(t: TestContext, yaml: string, options: ServingOptions) {
  const repository = new Published()
  repository.version('plus', 1, { 'model.onnx': plusModel(1) })
  repository.file('plus', 'model.yaml', yaml)
  return { repository, server: await startOver(t, repository, options) }
}

describe('a server whose models keep their answers', { concurrency: true }, () => {
  it('gives an answer again, and tells so in metrics and statistics', async (t) => {
    const { server } = await published(t, 'cache: {}', { mode: 'none' })
    const first = await asking(server, 5)
    const again = await asking(server, 5)
    assert.equal(again.text, first.text)
    assert.deepEqual(await answerOf(server, 6), ['1', 7])
    assert.deepEqual(await answerOf(server, 0), ['1', 1])

    assert.deepEqual(await lookedUp(server), [1, 3])
    assert.equal(await counted(server, 'sluice_cache_entries'), 3)
    assert.ok((await counted(server, 'sluice_cache_bytes')) > 3 * 800)
    assert.equal(await counted(server, 'sluice_cache_evictions_total'), 0)
    assert.equal(await counted(server, 'nv_inference_request_success'), 4)
    assert.equal(await counted(server, 'nv_inference_count'), 3)
    assert.equal(await counted(server, 'nv_inference_exec_count'), 3)
    const { inference_count, execution_count, inference_stats } = await statisticsOf(server)
    assert.deepEqual([inference_count, execution_count], [3, 3])
    const { success, queue, compute_infer, cache_hit, cache_miss } = inference_stats
    assert.deepEqual(
      [success, queue, compute_infer, cache_hit, cache_miss].map((one) => one!.count),
      [4, 4, 3, 1, 3],
    )
    assert.ok(cache_hit!.ns > 0 && cache_miss!.ns > cache_hit!.ns)
  })

  it('gives the same answer by every protocol', async (t) => {
    const { server } = await published(t, 'cache: {ttlMs: 3600000}', { mode: 'none' })
    for (let time = 0; time < 2; time++) {
      const { json } = await server.ask({ path: '/predict/plus', body: { features: [5] } })
      assert.equal(json?.prediction, 6)
      assert.deepEqual(await answerOf(server, 5), ['1', 6])
    }
    assert.deepEqual(await lookedUp(server), [3, 1])
  })

  it('keeps nothing where it is not told to', async (t) => {
    const repository = new Published()
    repository.version('plus', 1, { 'model.onnx': plusModel(1) })
    const server = await startOver(t, repository, { mode: 'none' })
    for (let time = 0; time < 3; time++) assert.deepEqual(await answerOf(server, 5), ['1', 6])
    assert.deepEqual(await lookedUp(server), [0, 0])
    assert.equal(await counted(server, 'sluice_cache_bytes'), 0)
    assert.equal((await statisticsOf(server)).execution_count, 3)
  })

  it('keeps no failure, and what is refused at the door is not looked up', async (t) => {
    const { server } = await published(t, 'cache: {}', { mode: 'none' })
    const wrong = { inputs: [{ name: 'x', datatype: 'INT32', shape: [1, 1], data: [1] }] }
    for (let time = 0; time < 2; time++) {
      assert.equal((await server.ask({ path: '/v2/models/plus/infer', body: wrong })).status, 400)
    }
    assert.deepEqual(await lookedUp(server), [0, 0])
  })

  it('never gives the answer of a version that is no longer asked', async (t) => {
    const { server, repository } = await published(t, 'cache: {}', {})
    for (let time = 0; time < 2; time++) assert.deepEqual(await answerOf(server, 5), ['1', 6])
    repository.version('plus', 2, { 'model.onnx': plusModel(2) })
    await untilOnly(server, '2')
    for (let time = 0; time < 2; time++) assert.deepEqual(await answerOf(server, 5), ['2', 7])
    assert.equal(await counted(server, 'sluice_cache_entries'), 1, 'the other one is gone')
    // the same version with another file
    repository.file('plus', '2/model.onnx', plusModel(3))
    await until(async () => (await answerOf(server, 5))[1] === 8, 'the file is read again')
    await untilOnly(server, '2')
    assert.deepEqual(await answerOf(server, 5), ['2', 8])
    assert.equal(await counted(server, 'sluice_cache_entries'), 1)
  })

  it('loses no request while versions take over, and answers each by the right one', (t) =>
    changeUnderLoad(t, 'cache: {}'))

  it('reads response_cache of config.pbtxt, and tells of it', async (t) => {
    const repository = new Published()
    for (const [name, more] of Object.entries({ plus: '', off: 'cache: off' })) {
      repository.version(name, 1, { 'model.onnx': plusModel(1) })
      repository.file(name, 'config.pbtxt', 'response_cache { enable: true }')
      repository.file(name, 'model.yaml', more)
    }
    const server = await startOver(t, repository, { mode: 'none' })
    for (const [name, looked] of [
      ['plus', [1, 1]],
      ['off', [0, 0]],
    ] as const) {
      for (let time = 0; time < 2; time++) await answerOf(server, 5, name)
      assert.deepEqual(await lookedUp(server, name), looked)
      const { json } = await server.ask({ path: `/v2/models/${name}/config` })
      assert.deepEqual(json?.response_cache, { enable: name === 'plus' })
    }
  })

  it('holds no more than it may', async (t) => {
    const { server } = await published(t, 'cache: {}', {
      mode: 'none',
      yaml: 'cache: {maxBytes: 10000}',
    })
    for (let x = 0; x < 40; x++) assert.deepEqual(await answerOf(server, x), ['1', x + 1])
    assert.ok((await counted(server, 'sluice_cache_bytes')) <= 10_000)
    const entries = await counted(server, 'sluice_cache_entries')
    assert.ok(entries > 5)
    assert.equal(await counted(server, 'sluice_cache_evictions_total'), 40 - entries)
  })
})

describe('servers with a Redis', { concurrency: true, skip: withoutRedis }, () => {
  const yaml = 'cache: {ttlMs: 60000}'

  it('give the answers of each other, also when one has been started anew', async (t) => {
    const redis = await startRedis(t)
    const options = { mode: 'none', yaml: `cache: {redis: "${redis.url}"}` } as const
    const { repository, server } = await published(t, yaml, options)
    const other = await startOver(t, repository, options)
    // until it is connected nothing is kept there
    let x = 0
    await until(async () => {
      x += 1
      await answerOf(server, x)
      await answerOf(other, x)
      return (await lookedUp(other))[0] === 1
    }, 'an answer is found in Redis')
    await server.process.end()
    const again = await startOver(t, repository, options)
    await until(async () => {
      assert.deepEqual(await answerOf(again, x), ['1', x + 1])
      return (await lookedUp(again))[0]! > 0
    }, 'it is found by a server that has been started anew')
  })

  it('lose no request while versions take over, though Redis is asked before each run', async (t) => {
    const { url } = await startRedis(t)
    await changeUnderLoad(t, yaml, { yaml: `cache: {redis: "${url}"}` })
  })

  it('answer all the same when it is gone, and say so once', async (t) => {
    const redis = await startRedis(t)
    const options = { mode: 'none', yaml: `cache: {redis: "${redis.url}"}` } as const
    const { server } = await published(t, yaml, options)
    await redis.kill()
    for (let x = 0; x < 20; x++) assert.deepEqual(await answerOf(server, x), ['1', x + 1])
    assert.deepEqual(await answerOf(server, 3), ['1', 4])
    assert.deepEqual(await lookedUp(server), [1, 20])
    await until(async () => server.process.stderr.includes('Redis cannot be reached'), 'it is told')
    assert.equal(server.process.stderr.split('Redis cannot be reached').length, 2)
    assert.equal((await server.process.end()).code, 0)
  })
})

/** Six versions after each other, each of which is given answers to keep. */
async function changeUnderLoad(t: TestContext, modelYaml: string, options: ServingOptions = {}) {
  const { server, published, asking } = await serving(t, {
    ...options,
    beside: { 'model.yaml': modelYaml },
  })
  for (let version = 2; version < 8; version++) {
    published.version('plus', version, { 'model.onnx': plusModel(version) })
    await untilOnly(server, `${version}`)
    asking.notBefore(version)
    const hits = (await lookedUp(server))[0]!
    await until(async () => (await lookedUp(server))[0]! > hits, 'answers are given again')
  }
  await allIsWell({ server, asking }, '7')
  assert.equal(asking.seen.size, 7)
}
