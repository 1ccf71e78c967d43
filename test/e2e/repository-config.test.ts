/** Configuration that breaks while a model serves: it serves on as it was until that is mended. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plusModel } from './models.ts'
import { Published } from './published.ts'
import { type Server, until } from './server.ts'
import { allIsWell, askingPlus, serving, startOver, untilServed } from './serving.ts'
import { counted, index, served, states } from './states.ts'

const waiting = 'queue: { maxWaiting: 9 }'
const good = 'backend: "onnxruntime"\nmax_batch_size: 8\n'

describe('a configuration that breaks', { concurrency: true }, () => {
  for (const [what, file, right, wrong, why] of [
    [
      'config.pbtxt that is no text format',
      'config.pbtxt',
      good,
      'max_batch_size: {',
      /config\.pbtxt:1/,
    ],
    [
      'a field of config.pbtxt that is not known',
      'config.pbtxt',
      good,
      'max_batch: 8',
      /max_batch/,
    ],
    [
      'an input that the model does not have',
      'config.pbtxt',
      good,
      `${good}input { name: "z" data_type: TYPE_FP32 dims: 1 }`,
      /z/,
    ],
    [
      'a key of model.yaml that is not known',
      'model.yaml',
      waiting,
      'queue: { maxWait: 9 }',
      /there is no such key; known keys: maxWaiting/,
    ],
    ['model.yaml that is no YAML', 'model.yaml', waiting, 'queue: [', /model\.yaml/],
  ] as const) {
    it(`is told, and keeps nobody from being answered: ${what}`, async (t) => {
      const { server, published, asking } = await serving(t, { beside: { [file]: right } })
      published.file('plus', file, wrong)
      await until(async () => (await whyOf(server)) !== undefined, 'it is told')
      assert.match((await whyOf(server))!, why)
      assert.deepEqual(await served(server), ['1'])
      assert.ok((await counted(server, 'sluice_model_load_failures_total')) >= 1)
      const rows = await index(server)
      assert.ok(rows.some(({ state }) => state === 'READY'))
      assert.ok(
        rows.some(({ reason = '' }) => why.test(reason)),
        JSON.stringify(rows),
      )
      published.file('plus', file, right)
      await until(async () => (await whyOf(server)) === undefined, 'it is mended')
      assert.deepEqual(await states(server), [['1', 'ready', undefined]])
      await allIsWell({ server, asking }, '1')
    })
  }

  it('and says the name of its model does not take it away', async (t) => {
    const published = new Published()
    const settings = (more: string) => published.file('box', 'model.yaml', `name: plus\n${more}`)
    published.version('box', 1, { 'model.onnx': plusModel(1) })
    settings('')
    const server = await startOver(t, published)
    const asking = askingPlus(server)
    settings('nosuch: 1')
    await until(async () => (await whyOf(server)) !== undefined, 'it is told')
    assert.deepEqual(await served(server), ['1'])
    // a copy that is mistaken for a model of its own
    published.write({ 'a-copy/model.yaml': 'name: plus', 'a-copy/1/model.onnx': plusModel(1) })
    published.write({ 'plus/model.yaml': '', 'plus/2/model.onnx': plusModel(2) })
    settings('')
    await untilServed(server, '2')
    await allIsWell({ server, asking }, '2')
  })

  it('beside a new version keeps that out as well, until both are right', async (t) => {
    const { server, published, asking } = await serving(t)
    published.file('plus', 'model.yaml', 'nosuch: 1')
    published.version('plus', 2, { 'model.onnx': plusModel(2) })
    await until(async () => (await whyOf(server)) !== undefined, 'it is told')
    assert.deepEqual(await served(server), ['1'])
    published.remove('plus', 'model.yaml')
    await untilServed(server, '2')
    assert.equal(await whyOf(server), undefined)
    await allIsWell({ server, asking }, '2')
  })
})

/** What is wrong with the model, of whatever version. */
const whyOf = async (server: Server): Promise<string | undefined> =>
  (await states(server)).map(([, , why]) => why).find((why) => why !== undefined)
