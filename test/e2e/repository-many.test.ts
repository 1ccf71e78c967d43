/** Repositories with very much in them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plusModel } from './models.ts'
import { Published } from './published.ts'
import { allIsWell, askingPlus, startOver, untilOnly, untilServed } from './serving.ts'
import { logged, served } from './states.ts'

describe('a repository with very much in it', { concurrency: true }, () => {
  it('has a thousand versions of a model: the latest is served, and the next one is taken', async (t) => {
    const published = new Published()
    for (let version = 1; version <= 1000; version++) {
      published.write({ [`plus/${version}/model.onnx`]: plusModel(version) })
    }
    const server = await startOver(t, published)
    assert.deepEqual(await served(server), ['1000'])
    const asking = askingPlus(server)
    const next = published.stage('plus', 1001, { 'model.onnx': plusModel(1001) })
    next()
    await untilServed(server, '1001')
    asking.notBefore(1001)
    await untilOnly(server, '1001')
    const old = await server.ask({ path: '/v2/models/plus/versions/1000' })
    assert.equal(old.status, 404)
    await allIsWell({ server, asking }, '1001')
  })

  it('has many versions that are all served, each by its number', async (t) => {
    const published = new Published()
    published.file('plus', 'model.yaml', 'versions: { all: true }')
    for (let version = 1; version <= 60; version++) {
      published.write({ [`plus/${version}/model.onnx`]: plusModel(version) })
    }
    const server = await startOver(t, published, { mode: 'none' })
    assert.equal((await served(server)).length, 60)
    for (const version of [1, 9, 10, 60]) {
      const headers = { 'x-sluice-version': `${version}` }
      const { json } = await server.ask({
        path: '/predict/plus',
        headers,
        body: { features: [100] },
      })
      assert.deepEqual([json?.model_version, json?.prediction], [`${version}`, 100 + version])
    }
    await allIsWell({ server, asking: askingPlus(server) }, '60')
  })

  it('has three hundred models, comes by one copy, and each answers for itself', async (t) => {
    const published = new Published()
    published.version('plus', 1, { 'model.onnx': plusModel(1) })
    const server = await startOver(t, published, { flags: ['--log-level', 'info'] })
    const asking = askingPlus(server)
    const names = Array.from({ length: 300 }, (_, at) => `m-${at}`)
    published.write(
      Object.fromEntries(names.map((name, at) => [`${name}/1/model.onnx`, plusModel(at)])),
    )
    for (const name of names) await untilServed(server, '1', name)
    for (const [at, name] of names.entries()) {
      const { json } = await server.ask({ path: `/predict/${name}`, body: { features: [1000] } })
      assert.equal(json?.prediction, 1000 + at)
    }
    for (const name of names) published.remove(name)
    await untilServed(server, '', names.at(-1)!)
    await allIsWell({ server, asking }, '1')
    const ready = logged(server, 'model ready').map(({ model }) => model)
    assert.equal(new Set(ready).size, ready.length, 'each was loaded once')
  })
})
