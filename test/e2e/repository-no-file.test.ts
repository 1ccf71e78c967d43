/** Pipes, sockets and links out of the repository in the place of a model's files. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { modelFolder, plusModel, scatteredModel } from './models.ts'
import { Published } from './published.ts'
import { type Server, until } from './server.ts'
import { allIsWell, askingPlus, startOver, untilOnly, untilServed } from './serving.ts'
import { served, states } from './states.ts'

const special = /is a pipe, a socket or a device/
const outside = /is a link that leaves the repository/

/** How it is put at a place below `plus`, beside a version 2 that would be served. */
const cases: Readonly<
  Record<string, readonly [at: string, put: (place: string, t: TestContext) => void, why: RegExp]>
> = {
  'a pipe for a model': ['2/model.onnx', pipe, special],
  'a socket for a model': ['2/model.onnx', socket, special],
  'a device for a model': ['2/model.onnx', linkTo('/dev/zero'), outside],
  'a pipe beside a model': ['2/notes', pipe, special],
  'a pipe for weights': ['2/share-0.bin', pipe, special],
  'a pipe for a configuration': ['model.yaml', pipe, special],
  'a pipe for a lock': ['sluice.lock', pipe, special],
  'a link to a model elsewhere': ['2/model.onnx', linkTo(elsewhere('model.onnx')), outside],
  'a link to weights elsewhere': ['2/share-0.bin', linkTo(elsewhere('share-0.bin')), outside],
  'a link to a folder elsewhere': ['2', linkTo(elsewhere('.')), outside],
  'a link to a configuration elsewhere': ['config.pbtxt', linkTo('/etc/hostname'), outside],
  'a link to nothing': ['2/model.onnx', linkTo('nowhere'), /is a link that leads nowhere/],
  'a link to itself': ['2/model.onnx', linkTo('model.onnx'), /is a link that leads nowhere/],
}

test('what is no file of the repository is told with its model, and nobody waits for it', async (t) => {
  const published = new Published()
  const models = Object.keys(cases).map((what) => what.replaceAll(' ', '-'))
  for (const model of ['plus', ...models]) {
    published.version(model, 1, { 'model.onnx': plusModel(1) })
  }
  const server = await startOver(t, published)
  const asking = askingPlus(server)
  for (const [at, [path, put]] of Object.values(cases).entries()) {
    const model = models[at]!
    const files = path === '2' ? {} : scatteredModel(2, 2)
    for (const [name, bytes] of Object.entries(files)) {
      if (path !== `2/${name}`) published.write({ [`${model}/2/${name}`]: bytes })
    }
    put(join(published.root, model, path), t)
  }
  for (const [at, [, , why]] of Object.values(cases).entries()) {
    const model = models[at]!
    await until(async () => why.test(await reasons(server, model)), `${model} is told`)
    assert.deepEqual(await served(server, model), ['1'], model)
  }
  published.version('other', 1, { 'model.onnx': plusModel(1) })
  await untilServed(server, '1', 'other')

  for (const [at, [path]] of Object.values(cases).entries()) {
    published.remove(models[at]!, path)
    published.remove(models[at]!, 2)
    published.version(models[at]!, 2, { 'model.onnx': plusModel(2) })
  }
  for (const model of models) {
    await untilOnly(server, '2', model)
  }
  await allIsWell({ server, asking }, '1')
})

const reasons = async (server: Server, model: string): Promise<string> =>
  (await states(server, model)).map(([, , why = '']) => why).join('; ')

function pipe(place: string): void {
  execFileSync('mkfifo', [place])
}

function socket(place: string, t: TestContext): void {
  const listening = createServer().listen(place)
  t.after(() => listening.close())
}

function linkTo(target: string | (() => string)): (place: string) => void {
  return (place) => symlinkSync(typeof target === 'string' ? target : target(), place)
}

function elsewhere(path: string): () => string {
  return () => join(modelFolder(scatteredModel(2, 2)), path)
}
