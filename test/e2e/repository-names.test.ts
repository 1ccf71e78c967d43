/** Names that clash, differ by little, or cannot be served; versions with leading zeros. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plusModel } from './models.ts'
import { Published } from './published.ts'
import { type Server, until } from './server.ts'
import { allIsWell, askingPlus, serving, startOver, untilServed } from './serving.ts'
import { logged, served, states } from './states.ts'

describe('names of models', { concurrency: true }, () => {
  it('are of the first repository that has them; the second is told, and has them when it is alone', async (t) => {
    const [first, second] = [new Published(), new Published()]
    first.version('plus', 1, { 'model.onnx': plusModel(1) })
    second.version('plus', 2, { 'model.onnx': plusModel(2) })
    const server = await startOver(t, first, { flags: [second.root] })
    const asking = askingPlus(server)
    assert.deepEqual(await served(server), ['1'])
    assert.match(
      String((await states(server, 'plus#2'))[0]?.[2]),
      /another model has the name "plus" already/,
    )
    second.version('plus', 3, { 'model.onnx': plusModel(3) })
    first.version('other', 1, { 'model.onnx': plusModel(1) })
    await untilServed(server, '1', 'other')
    assert.deepEqual(await served(server), ['1'])
    first.remove('plus')
    await untilServed(server, '3')
    assert.deepEqual(await states(server, 'plus#2'), [])
    await allIsWell({ server, asking }, '3')
  })

  it('that differ by capitals are two models, which is told', async (t) => {
    const published = new Published()
    published.version('plus', 1, { 'model.onnx': plusModel(1) })
    // on a disk of its own, since some do not tell them apart
    const other = new Published()
    other.version('Plus', 1, { 'model.onnx': plusModel(5) })
    const server = await startOver(t, published, { mode: 'none', flags: [other.root] })
    const { json } = await server.ask({ path: '/predict/Plus', body: { features: [1] } })
    assert.equal(json?.prediction, 6)
    await untilWarned(server, '"plus" and "Plus" differ by capitals only')
    await allIsWell({ server, asking: askingPlus(server) }, '1')
  })

  it('that cannot be served are told, and change nothing for others', async (t) => {
    const { server, published, asking } = await serving(t)
    const names = [
      '-dash',
      '_line',
      'has space',
      'käse',
      'a'.repeat(129),
      'per%2e%2ecent',
      'back\\slash',
      'semi;colon',
      'new\nline',
      '"quote"',
    ]
    for (const name of names) published.write({ [`${name}/1/model.onnx`]: plusModel(1) })
    for (const name of names) {
      await until(async () => (await states(server, name))[0]?.[1] === 'failed', `${name} is told`)
      assert.match(
        String((await states(server, name))[0]?.[2]),
        /cannot be served \(expected up to 128/,
      )
    }
    // under a name of its own each is served
    published.file('has space', 'model.yaml', 'name: has-no-space')
    await untilServed(server, '1', 'has-no-space')
    const text = await server.ask({ path: '/metrics' })
    assert.doesNotMatch(text.text, /\nline"/)
    await allIsWell({ server, asking }, '1')
  })

  it('that are paths are refused, however they are written', async (t) => {
    const { server, asking } = await serving(t, { mode: 'explicit' })
    for (const name of [
      '..',
      '%2e%2e',
      '%2e%2e%2fplus',
      '..%2f..%2fetc',
      '%252e%252e',
      'a%5cb',
      '%00',
      '.',
      'plus%2f1',
    ]) {
      for (const action of ['load', 'unload']) {
        const { status } = await server.ask({
          path: `/v2/repository/models/${name}/${action}`,
          body: {},
        })
        assert.ok(status === 400 || status === 404, `${name}: ${status}`)
      }
      const { status } = await server.ask({ path: `/predict/${name}`, body: { features: [1] } })
      assert.ok(status === 400 || status === 404, `${name}: ${status}`)
    }
    await allIsWell({ server, asking }, '1')
  })

  it('of versions have no leading zeros, and are whole numbers', async (t) => {
    const { server, published, asking } = await serving(t)
    const versions = ['007', '0', '-3', '1.5', 'v9', '99999999999999999999', '１２']
    for (const version of versions)
      published.write({ [`plus/${version}/model.onnx`]: plusModel(9) })
    published.version('plus', 3, { 'model.onnx': plusModel(3) })
    await untilServed(server, '3')
    for (const version of ['007', '0', '99999999999999999999']) {
      await untilWarned(server, `folder ${version} is ignored`)
    }
    await allIsWell({ server, asking }, '3')
  })
})

const untilWarned = (server: Server, words: string): Promise<void> =>
  until(
    async () =>
      logged(server, 'model warning').some(({ warning }) => String(warning).startsWith(words)),
    `the log says: ${words}`,
  )
