/** A configuration that is read again: all of it holds, or everything is as before. */
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Answer } from './ask.ts'
import { plusModel } from './models.ts'
import { Published } from './published.ts'
import { type Server, startServer, until } from './server.ts'
import { allIsWell, askingPlus, untilNamed, untilServed } from './serving.ts'
import { logged, served, states } from './states.ts'

const broken: readonly (readonly [what: string, text: string | undefined, why: RegExp])[] = [
  ['is no YAML', 'models: [', /sluice\.yaml/],
  ['has a key that is not known', 'modles: []', /modles.*did you mean "models"/],
  ['has a value of the wrong type', 'http: { port: high }', /http\.port/],
  ['names a file that is not there', 'modelConfigFile: ./nosuch.conf', /nosuch\.conf/],
  ['names a repository that is not there', 'models: [./nosuch]', /^nosuch: there is no such file$/],
  ['names a file that is broken', 'batchingParametersFile: ./sluice.yaml', /sluice\.yaml/],
  ['is empty, as while it is written', '', /^no models are named any more$/],
  ['is gone', undefined, /sluice\.yaml/],
]

describe('a configuration that is read again', { concurrency: true }, () => {
  it('and is broken is refused, and everything stays as it was', async (t) => {
    const { server, published, file, asking } = await setUp(t)
    for (const [at, [what, text, why]] of broken.entries()) {
      if (text === undefined) rmSync(file)
      else writeFileSync(file, text)
      const { status, json } = await reload(server)
      assert.equal(status, 409, what)
      assert.match(String(json?.detail), why)
      server.process.signal('SIGHUP')
      await until(async () => logged(server, 'not reloaded').length === at + 1, 'it is logged')
      assert.match(String(logged(server, 'not reloaded').at(-1)?.why), why)
      assert.deepEqual(await states(server), [['1', 'ready', undefined]])
    }
    writeFileSync(file, `models: [${published.root}]`)
    published.version('plus', 2, { 'model.onnx': plusModel(2) })
    assert.equal((await reload(server)).status, 200)
    await allIsWell({ server, asking }, '2')
  })

  for (const way of ['SIGHUP', 'the admin API'] as const) {
    it(`with another repository is taken over by ${way}`, async (t) => {
      const { server, published, file, asking } = await setUp(t)
      published.version('left', 1, { 'model.onnx': plusModel(1) })
      await reload(server)
      assert.deepEqual(await served(server, 'left'), ['1'])
      const other = new Published()
      other.version('plus', 2, { 'model.onnx': plusModel(2) })
      other.version('more', 1, { 'model.onnx': plusModel(1) })
      writeFileSync(file, `models: [${other.root}]`)
      if (way === 'SIGHUP') server.process.signal(way)
      else assert.equal((await reload(server)).status, 200)
      await untilServed(server, '2')
      await untilServed(server, '1', 'more')
      await untilServed(server, '', 'left')
      await untilNamed(server, ['more', 'plus'])
      asking.notBefore(2)
      await allIsWell({ server, asking }, '2')
    })
  }

  it('tells what holds from the next start on, and takes the rest', async (t) => {
    const { server, published, file, asking } = await setUp(t)
    published.version('plus', 2, { 'model.onnx': plusModel(2) })
    writeFileSync(file, `{ models: [${published.root}], http: { port: 1234, host: '::1' } }`)
    const { status, json } = await reload(server)
    // the port is given as a flag, and that goes before what the file says
    assert.deepEqual([status, json?.need_restart], [200, ['http.host']])
    await allIsWell({ server, asking }, '2')
  })

  it('while its disk is not mounted ends nothing', async (t) => {
    const { server, published, asking } = await setUp(t)
    renameSync(published.root, `${published.root}-away`)
    mkdirSync(published.root)
    for (let round = 0; round < 2; round++) {
      assert.equal((await reload(server)).status, 200)
      assert.deepEqual(await states(server), [['1', 'ready', undefined]])
    }
    rmdirSync(published.root)
    assert.equal((await reload(server)).status, 200)
    renameSync(`${published.root}-away`, published.root)
    published.version('plus', 2, { 'model.onnx': plusModel(2) })
    assert.equal((await reload(server)).status, 200)
    await allIsWell({ server, asking }, '2')
  })

  it('with a broken version beside it is told of, and what served serves', async (t) => {
    const { server, published, asking } = await setUp(t)
    published.version('plus', 2, { 'model.onnx': 'no model' })
    assert.equal((await reload(server)).status, 200)
    const told = (await states(server)).map(([version, state]) => `${version} ${state}`)
    assert.deepEqual(told, ['1 ready', '2 failed'])
    await allIsWell({ server, asking }, '1')
  })
})

const reload = (server: Server): Promise<Answer> =>
  server.ask({ path: '/admin/v1/reload', body: {} })

async function setUp(t: TestContext) {
  const [published, settings] = [new Published(), new Published()]
  published.version('plus', 1, { 'model.onnx': plusModel(1) })
  const file = join(settings.root, 'sluice.yaml')
  writeFileSync(file, `models: [${published.root}]`)
  const server = await startServer(['--config', file, '--log-level', 'warn'])
  t.after(() => server.process.end('SIGKILL'))
  return { server, published, file, asking: askingPlus(server) }
}
