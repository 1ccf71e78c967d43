/** A server that is killed while a version is being published, and one that starts beside the rest. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plusModel, scatteredModel } from './models.ts'
import { Published } from './published.ts'
import { until } from './server.ts'
import { allIsWell, askingPlus, startOver, untilServed } from './serving.ts'
import { index, served, stateOf } from './states.ts'

describe('a server that was killed while a version was being published', {
  concurrency: true,
}, () => {
  for (const [what, half, rest] of [
    ['a file that is cut off', { 'model.onnx': plusModel(2).subarray(0, 60) }, {}],
    ['a folder without a model', { 'README.md': 'soon' }, {}],
    ['a folder with nothing in it', {}, {}],
    [
      'a model without its weights',
      { 'model.onnx': scatteredModel(2, 2)['model.onnx']! },
      scatteredModel(2, 2),
    ],
  ] as const) {
    it(`serves the old version beside ${what}, and the new one when it is complete`, async (t) => {
      const published = new Published()
      published.version('plus', 1, { 'model.onnx': plusModel(1) })
      const before = await startOver(t, published)
      published.write({ 'plus/2/': '', ...under('plus/2', half) })
      const { signal } = await before.process.end('SIGKILL')
      assert.equal(signal, 'SIGKILL')

      const server = await startOver(t, published)
      const asking = askingPlus(server)
      await until(async () => (await stateOf(server, '2'))?.[1] === 'failed', 'it has failed')
      assert.deepEqual(await served(server), ['1'])
      published.write(under('plus/2', { 'model.onnx': plusModel(2), ...rest }))
      await untilServed(server, '2')
      await allIsWell({ server, asking }, '2')
    })
  }

  it('finds a lone version that is half there no model, and serves it when it is complete', async (t) => {
    const published = new Published()
    published.version('other', 1, { 'model.onnx': plusModel(1) })
    published.write({ 'plus/1/model.onnx': plusModel(1).subarray(0, 60) })
    const server = await startOver(t, published)
    assert.deepEqual(await served(server), [])
    published.write({ 'plus/1/model.onnx': plusModel(1) })
    await untilServed(server, '1')
    await allIsWell({ server, asking: askingPlus(server) }, '1')
  })

  it('does not see what was staged and never put in place', async (t) => {
    const published = new Published()
    published.version('plus', 1, { 'model.onnx': plusModel(1) })
    published.stage('plus', 2, { 'model.onnx': plusModel(2) })
    published.write({ 'plus/.2.tmp/model.onnx': plusModel(2) })
    const server = await startOver(t, published)
    assert.deepEqual(await index(server), [{ name: 'plus', version: '1', state: 'READY' }])
    await allIsWell({ server, asking: askingPlus(server) }, '1')
  })
})

const under = (folder: string, files: Readonly<Record<string, Uint8Array | string>>) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]))
