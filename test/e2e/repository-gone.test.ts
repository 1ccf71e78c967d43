/** Repositories that disappear and come back: what served serves on, and changes are taken again. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { plusModel } from './models.ts'
import { Published } from './published.ts'
import { type Server, until } from './server.ts'
import { allIsWell, askingPlus, serving, startOver, untilNamed, untilServed } from './serving.ts'
import { counted, index, logged, served, states } from './states.ts'

/** What a root is while it is gone: each makes it so, and returns what brings it back. */
const ways: Readonly<Record<string, (root: string) => () => void>> = {
  'is renamed': moved,
  'is an empty folder, as below a disk that is not mounted': (root) => {
    const back = moved(root)
    mkdirSync(root)
    return () => {
      rmdirSync(root)
      back()
    }
  },
  'is a file': (root) => {
    const back = moved(root)
    writeFileSync(root, 'no folder')
    return () => {
      rmSync(root)
      back()
    }
  },
  'may not be read': (root) => {
    chmodSync(root, 0)
    return () => chmodSync(root, 0o755)
  },
}

describe('a repository that disappears', { concurrency: true }, () => {
  for (const [what, go] of Object.entries(ways)) {
    const skip = what === 'may not be read' && process.getuid?.() === 0 && 'root may read all'
    it(`and ${what}: its models are served on, and changed again when it is back`, {
      skip,
    }, async (t) => {
      const { server, published, asking } = await serving(t)
      const comeBack = go(published.root)
      let isGone = true
      t.after(() => isGone && comeBack())
      await untilErrors(server, 3)
      assert.deepEqual(await states(server), [['1', 'ready', undefined]])
      assert.deepEqual(await index(server), [{ name: 'plus', version: '1', state: 'READY' }])
      comeBack()
      isGone = false
      published.version('plus', 2, { 'model.onnx': plusModel(2) })
      await untilServed(server, '2')
      const errors = await counted(server, 'sluice_repository_errors_total')
      published.version('plus', 3, { 'model.onnx': plusModel(3) })
      await untilServed(server, '3')
      assert.equal(await counted(server, 'sluice_repository_errors_total'), errors)
      assert.equal(logged(server, 'repository not read').length, 1, 'told once')
      await allIsWell({ server, asking }, '3')
    })
  }

  it('keeps no other from being changed', async (t) => {
    const { server, published, asking } = await serving(t)
    const other = new Published()
    other.version('away', 1, { 'model.onnx': plusModel(1) })
    const both = await startOver(t, published, { flags: [other.root] })
    await untilServed(both, '1', 'away')
    const back = moved(other.root)
    t.after(back)
    await untilErrors(both, 2)
    published.version('plus', 2, { 'model.onnx': plusModel(2) })
    await untilServed(both, '2')
    assert.deepEqual(await served(both, 'away'), ['1'])
    await allIsWell({ server: both, asking: askingPlus(both) }, '2')
    await untilServed(server, '2')
    await asking.stop()
  })

  it('before the server starts, is served when it is there', async (t) => {
    const [published, late] = [new Published(), new Published()]
    published.version('plus', 1, { 'model.onnx': plusModel(1) })
    late.version('late', 1, { 'model.onnx': plusModel(1) })
    const back = moved(late.root)
    const server = await startOver(t, published, { flags: [late.root] })
    const asking = askingPlus(server)
    await untilErrors(server, 2)
    back()
    await untilServed(server, '1', 'late')
    await untilNamed(server, ['late', 'plus'])
    await allIsWell({ server, asking }, '1')
  })

  it('under explicit control is asked for in vain, and what serves stays', async (t) => {
    const { server, published, asking } = await serving(t, { mode: 'explicit' })
    const back = moved(published.root)
    const load = () => server.ask({ path: '/v2/repository/models/plus/load', body: {} })
    const gone = await load()
    assert.deepEqual(await served(server), ['1'], gone.text)
    assert.ok((await counted(server, 'sluice_repository_errors_total')) > 0)
    back()
    published.version('plus', 2, { 'model.onnx': plusModel(2) })
    assert.equal((await load()).status, 200)
    await untilServed(server, '2')
    await allIsWell({ server, asking }, '2')
  })
})

const untilErrors = (server: Server, errors: number): Promise<void> =>
  until(
    async () => (await counted(server, 'sluice_repository_errors_total')) >= errors,
    'errors are counted',
  )

function moved(root: string): () => void {
  renameSync(root, `${root}-away`)
  return () => renameSync(`${root}-away`, root)
}
