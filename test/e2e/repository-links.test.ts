/** Links within a repository, and links that are swapped as Kubernetes and git-sync do it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plusModel } from './models.ts'
import { Published } from './published.ts'
import { until } from './server.ts'
import { allIsWell, askingPlus, startOver, untilNamed, untilServed } from './serving.ts'
import { counted, served } from './states.ts'

describe('links within a repository', { concurrency: true }, () => {
  it('are followed when ..data is swapped below them, as in a volume of Kubernetes', async (t) => {
    const published = new Published()
    published.write({
      '..2026_a/plus/1/model.onnx': plusModel(1),
      '..2026_a/file.onnx': plusModel(1),
    })
    published.link('..data', '..2026_a')
    published.link('plus', '..data/plus')
    published.link('file.onnx', '..data/file.onnx')
    const server = await startOver(t, published)
    const asking = askingPlus(server)
    for (const [before, after, version] of [
      ['a', 'b', 2],
      ['b', 'c', 3],
    ] as const) {
      published.write({
        [`..2026_${after}/plus/${version}/model.onnx`]: plusModel(version),
        [`..2026_${after}/file.onnx`]: plusModel(version),
      })
      published.link('..data', `..2026_${after}`)
      published.remove(`..2026_${before}`)
      await untilServed(server, `${version}`)
      asking.notBefore(version)
      const ask = () => server.ask({ path: '/predict/file', body: { features: [10] } })
      await until(
        async () => (await ask()).json?.prediction === 10 + version,
        'the new file answers',
      )
    }
    await untilNamed(server, ['file', 'plus'])
    assert.equal(await counted(server, 'sluice_model_load_failures_total'), 0)
    await allIsWell({ server, asking }, '3')
  })

  it('that are the repository itself lead to another, as git-sync leaves them', async (t) => {
    const published = new Published()
    published.write({ 'rev-1/plus/1/model.onnx': plusModel(1) })
    published.link('current', 'rev-1')
    const server = await startOver(t, { root: `${published.root}/current` })
    const asking = askingPlus(server)
    published.write({
      'rev-2/plus/2/model.onnx': plusModel(2),
      'rev-2/more/1/model.onnx': plusModel(1),
    })
    published.link('current', 'rev-2')
    published.remove('rev-1')
    await untilServed(server, '2')
    await untilServed(server, '1', 'more')
    asking.notBefore(2)
    await allIsWell({ server, asking }, '2')
  })

  it('may be a model, a version or a file; a version that is linked anew is taken', async (t) => {
    const published = new Published()
    published.write({
      'store.d/.one/model.onnx': plusModel(1),
      'store.d/.two/model.onnx': plusModel(2),
      '.blobs/sha-3': plusModel(3),
    })
    published.link('plus/1', '../store.d/.one')
    const server = await startOver(t, published)
    const asking = askingPlus(server)
    published.link('plus/2', '../store.d/.two')
    await untilServed(server, '2')
    published.link('plus/3/model.onnx', '../../.blobs/sha-3')
    await untilServed(server, '3')
    published.link('same', 'plus')
    await untilServed(server, '3', 'same')
    published.remove('plus/3')
    await untilServed(server, '2')
    assert.deepEqual(await served(server, 'store.d'), [])
    await allIsWell({ server, asking }, '2')
  })
})
