/** What happens to a version's files and configuration while it loads, which takes a while. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { laboriousModel, plusModel } from './models.ts'
import { type Server, until } from './server.ts'
import { allIsWell, serving, untilServed } from './serving.ts'
import { counted, logged, stateOf, states } from './states.ts'

/** Some seconds of loading. */
const rounds = 20

describe('while a version loads', { concurrency: true }, () => {
  it('its files are replaced: the new ones are served, and the others never', async (t) => {
    const { server, published, asking } = await serving(t, { flags: ['--log-level', 'info'] })
    published.version('plus', 2, { 'model.onnx': laboriousModel(2, rounds) })
    await untilLoading(server, '2')
    published.remove('plus', 2)
    published.version('plus', 2, { 'model.onnx': plusModel(2) })
    await untilServed(server, '2')
    const ready = () => logged(server, 'model ready').filter(({ version }) => version === '2')
    await until(async () => ready().length > 0, 'it is logged')
    assert.equal(ready().length, 1)
    await allIsWell({ server, asking }, '2')
  })

  it('its folder is removed: it never serves, and is forgotten', async (t) => {
    const { server, published, asking } = await serving(t)
    published.version('plus', 2, { 'model.onnx': laboriousModel(2, rounds) })
    await untilLoading(server, '2')
    published.remove('plus', 2)
    await until(async () => (await stateOf(server, '2')) === undefined, 'it is forgotten')
    assert.deepEqual(await states(server), [['1', 'ready', undefined]])
    // one that had not been opened yet is a load that failed, and told as one
    assert.ok((await counted(server, 'sluice_model_load_failures_total')) <= 1)
    await allIsWell({ server, asking }, '1')
    assert.ok(!asking.seen.has(2))
  })

  it('a newer one comes: it serves at once, and nobody waits for the other', async (t) => {
    const { server, published, asking } = await serving(t)
    published.version('plus', 2, { 'model.onnx': laboriousModel(2, rounds) })
    await untilLoading(server, '2')
    published.version('plus', 3, { 'model.onnx': plusModel(3) })
    await untilServed(server, '3')
    asking.notBefore(3)
    published.version('plus', 4, { 'model.onnx': plusModel(4) })
    await untilServed(server, '4')
    await allIsWell({ server, asking }, '4')
    assert.ok(!asking.seen.has(2))
  })

  it('others load and are served', async (t) => {
    const { server, published, asking } = await serving(t)
    published.version('plus', 2, { 'model.onnx': laboriousModel(2, rounds) })
    await untilLoading(server, '2')
    published.version('other', 5, { 'model.onnx': plusModel(5) })
    await untilServed(server, '5', 'other')
    assert.equal((await stateOf(server, '2'))?.[1], 'loading')
    await untilServed(server, '2')
    await allIsWell({ server, asking }, '2')
  })
})

const untilLoading = (server: Server, version: string): Promise<void> =>
  until(async () => (await stateOf(server, version))?.[1] === 'loading', `${version} is loading`)
