/** Loads that take longer than they may: told, given up, and their memory given back. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { heavyModel, laboriousModel, plusModel } from './models.ts'
import { Published } from './published.ts'
import { until } from './server.ts'
import { allIsWell, askingPlus, serving, startOver, untilServed } from './serving.ts'
import { counted, stateOf, states } from './states.ts'

const late = { reason: 'LOAD_TIMEOUT' }

// one after the other: each keeps the processors busy
describe('a load that takes too long', () => {
  it('is given up and told; others load meanwhile and after it', async (t) => {
    const { server, published, asking } = await serving(t, { flags: ['--load-timeout', '2'] })
    published.version('plus', 2, { 'model.onnx': laboriousModel(2, 200) })
    published.version('other', 1, { 'model.onnx': plusModel(1) })
    await untilServed(server, '1', 'other')
    await until(async () => (await stateOf(server, '2'))?.[1] === 'failed', 'it is given up')
    assert.match(String((await stateOf(server, '2'))![2]), /^loading took longer than 2000 ms/)
    assert.equal(await counted(server, 'sluice_model_load_failures_total', late), 1)
    published.version('plus', 3, { 'model.onnx': plusModel(3) })
    await untilServed(server, '3')
    await allIsWell({ server, asking }, '3')
  })

  it('at the start keeps no other from being served', async (t) => {
    const published = new Published()
    published.version('plus', 1, { 'model.onnx': plusModel(1) })
    for (const name of ['a', 'b', 'c']) {
      published.version(name, 1, { 'model.onnx': laboriousModel(1, 200) })
    }
    const server = await startOver(t, published, { mode: 'none', flags: ['--load-timeout', '2'] })
    for (const name of ['a', 'b', 'c']) {
      assert.deepEqual((await states(server, name))[0]?.slice(0, 2), ['1', 'failed'])
    }
    await allIsWell({ server, asking: askingPlus(server) }, '1')
  })

  it('again and again leaves no memory behind', async (t) => {
    const { server, published, asking } = await serving(t, { flags: ['--load-timeout', '1.5'] })
    const resident = () => counted(server, 'process_resident_memory_bytes')
    const before = await resident()
    const size = 32 * 2 ** 20
    const heavy = heavyModel(2, size, 25)
    for (let round = 1; round <= 5; round++) {
      published.remove('plus', 2)
      published.version('plus', 2, { 'model.onnx': heavy })
      await until(
        async () => (await counted(server, 'sluice_model_load_failures_total', late)) === round,
        `the load ${round} is given up`,
      )
    }
    await until(async () => (await resident()) < before + 5 * size, 'memory is given back')
    await allIsWell({ server, asking }, '1')
  })
})
