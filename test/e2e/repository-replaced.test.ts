/** Versions that are replaced the wrong way round: the old one is taken away before the new one comes. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { plusModel } from './models.ts'
import { until } from './server.ts'
import { allIsWell, askingPlus, serving, startOver, untilOnly, untilServed } from './serving.ts'
import { served, states } from './states.ts'

describe('a version that is taken away before another comes', { concurrency: true }, () => {
  it('serves on, however long that takes', async (t) => {
    const { server, published, asking } = await serving(t)
    published.remove('plus', 1)
    const why = async () => (await states(server)).at(-1)?.[2] ?? ''
    await until(async () => /^plus holds no version any more/.test(await why()), 'it is told')
    assert.deepEqual(await served(server), ['1'])
    await published.slowly('plus/2/model.onnx', plusModel(2), 4, 400)
    await untilOnly(server, '2')
    await allIsWell({ server, asking }, '2')
  })

  it('serves on where the model is given by itself', async (t) => {
    const first = await serving(t)
    await first.asking.stop()
    const { published } = first
    const server = await startOver(t, { root: join(published.root, 'plus') })
    const asking = askingPlus(server)
    published.remove('plus', 1)
    await until(async () => (await states(server)).length === 2, 'it is told')
    assert.deepEqual(await served(server), ['1'])
    published.version('plus', 2, { 'model.onnx': plusModel(2) })
    await untilServed(server, '2')
    await allIsWell({ server, asking }, '2')
  })

  it('goes with the folder of its model, and no other with it', async (t) => {
    const { server, published, asking } = await serving(t)
    published.version('other', 1, { 'model.onnx': plusModel(1) })
    await untilServed(server, '1', 'other')
    published.remove('other')
    await until(async () => (await states(server, 'other')).length === 0, 'it is gone')
    const { status } = await server.ask({ path: '/predict/other', body: { features: [1] } })
    assert.equal(status, 404)
    await allIsWell({ server, asking }, '1')
  })
})
