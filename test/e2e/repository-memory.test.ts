/** More models than memory: idle ones make room, are loaded again when asked, and the limit holds. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { heavyModel, plusModel } from './models.ts'
import { Published } from './published.ts'
import { type Server, until } from './server.ts'
import { allIsWell, askingPlus, startOver, untilServed } from './serving.ts'
import { counted, served, states } from './states.ts'

const MiB = 2 ** 20
const names = ['a', 'b', 'c', 'd', 'e', 'f']

describe('memory for models', { concurrency: true }, () => {
  it('is never exceeded, and every model answers whenever it is asked', async (t) => {
    const { server, published, asking } = await setUp(t, '24MiB')
    const watching = watchMemory(server, 24 * MiB)
    assert.ok((await ready(server)).length < names.length, 'not all of them fit')
    for (let round = 0; round < 4; round++) {
      for (const name of names) await answers(server, name)
      // several at once that need each other's room
      await Promise.all(names.map((name) => answers(server, name)))
    }
    assert.ok((await counted(server, 'sluice_model_evictions_total')) > names.length)
    assert.ok((await counted(server, 'sluice_model_cold_starts_total')) > names.length)
    published.version('plus', 2, { 'model.onnx': heavyModel(2, 4 * MiB) })
    await untilServed(server, '2')
    for (const name of names) await answers(server, name)
    assert.ok((await watching.stop()) > 12 * MiB, 'it was used')
    await allIsWell({ server, asking }, '2')
  })

  it('is refused to a version that needs more than all of it; the old one serves', async (t) => {
    const { server, published, asking } = await setUp(t, '24MiB')
    published.version('plus', 2, { 'model.onnx': heavyModel(2, 32 * MiB) })
    await until(async () => (await states(server))[1]?.[1] === 'failed', 'it is refused')
    const why = /^it needs about \d+ bytes, and \d+ of the 25165824 for models are free/
    assert.match(String((await states(server))[1]?.[2]), why)
    const reason = 'MODEL_MEMORY_SHORT'
    assert.equal(await counted(server, 'sluice_model_load_failures_total', { reason }), 1)
    published.version('plus', 3, { 'model.onnx': plusModel(3) })
    await untilServed(server, '3')
    await allIsWell({ server, asking }, '3')
  })

  it('is waited for no longer than a request may take; the load goes on for the next', async (t) => {
    const { server, published, asking } = await setUp(t, '24MiB')
    published.version('slow', 1, { 'model.onnx': heavyModel(5, 6 * MiB, 20) })
    // nobody has asked for it, so that nobody makes room
    await until(async () => (await states(server, 'slow'))[0]?.[1] === 'unloaded', 'it is asleep')
    const ask = (headers = {}) =>
      server.ask({ path: '/predict/slow', headers, body: { features: [1] } })
    const loads = () => counted(server, 'sluice_model_load_seconds_count', { model: 'slow' })
    const patient = ask()
    const hasty = await Promise.all([1, 2, 3].map(() => ask({ 'x-request-timeout-ms': '100' })))
    assert.deepEqual(
      hasty.map(({ status }) => status),
      [504, 504, 504],
    )
    const answer = await patient
    assert.deepEqual([answer.status, answer.json?.prediction], [200, 6])
    assert.equal((await ask({ 'x-request-timeout-ms': '1000' })).status, 200)
    assert.equal(await loads(), 1)
    assert.equal(await counted(server, 'sluice_model_cold_starts_total', { model: 'slow' }), 1)
    await asking.stop()
  })
})

async function setUp(t: TestContext, limit: string) {
  const published = new Published()
  published.version('plus', 1, { 'model.onnx': plusModel(1) })
  for (const [at, name] of names.entries()) {
    published.version(name, 1, { 'model.onnx': heavyModel(10 + at, 6 * MiB) })
  }
  const server = await startOver(t, published, {
    flags: ['--model-memory', limit, '--model-evict'],
  })
  return { server, published, asking: askingPlus(server) }
}

async function answers(server: Server, name: string): Promise<void> {
  const { status, json, text } = await server.ask({
    path: `/predict/${name}`,
    body: { features: [100] },
  })
  assert.deepEqual([status, json?.prediction], [200, 110 + names.indexOf(name)], text)
}

const ready = async (server: Server): Promise<readonly string[]> => {
  const all = await Promise.all(names.map((name) => served(server, name)))
  return all.flat()
}

/** Holds what the server says it uses against the limit, until it is stopped: the most it was. */
function watchMemory(server: Server, limit: number) {
  let most = 0
  let watching = true
  const watched = (async () => {
    while (watching) {
      const bytes = await counted(server, 'sluice_model_memory_bytes')
      assert.ok(bytes <= limit, `${bytes} of ${limit} bytes`)
      most = Math.max(most, bytes)
    }
    return most
  })()
  watched.catch(() => {}) // told at the end
  return {
    stop: () => {
      watching = false
      return watched
    },
  }
}
