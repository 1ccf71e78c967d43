import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { systemClock } from '../clock.ts'
import { fail } from '../errors.ts'
import type { ModelStatus, Models, ServedModel } from '../models.ts'
import { openInferenceRest } from './open-inference/rest/index.ts'
import { plainProtocol } from './plain/index.ts'
import { type Asked, ask, controlOf, inputOf, modelOf, modelsOf, statusOf } from './testing.ts'

const signature = { inputs: [inputOf('x', 'FP32', [-1])], outputs: [] }

/** The two protocols, each with a request that is right. */
const protocols = [
  {
    name: 'the plain API',
    of: (models: Models) =>
      plainProtocol({
        models,
        clock: systemClock,
        serverName: 'test',
        serverVersion: '0',
        renderMetrics: async () => ({ contentType: 'text/plain', body: '' }),
      }),
    route: '/predict/:model',
    versioned: '/predict/:model/versions/:version',
    body: '{"features": [1]}',
  },
  {
    name: 'the Open Inference Protocol',
    of: (models: Models) =>
      openInferenceRest({
        models,
        control: controlOf(),
        repositoryControl: 'token',
        statistics: { modelStatistics: () => [] },
        serverName: 'test',
        serverVersion: '0',
      }),
    route: '/v2/models/:model/infer',
    versioned: '/v2/models/:model/versions/:version(^[0-9]+$)/infer',
    body: '{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1]}]}',
  },
]

for (const { name, of, route, versioned, body } of protocols) {
  describe(`who is asked through ${name}`, () => {
    const request = (models: Models, asked: Partial<Asked> = {}) =>
      ask(of(models), { route, body, params: { model: 'iris' }, ...asked })

    it('is the version that the header names, where the path names none', async () => {
      const { models, found } = looked(versionOf('7'))
      const headers = { 'x-sluice-version': 'stable' }
      await request(models, { headers })
      await request(models, { headers, route: versioned, params: { model: 'iris', version: '3' } })
      await request(models, { headers: { 'x-sluice-version': '' } })
      await request(models, { headers: { 'x-sluice-version': 'v'.repeat(5000) } })
      assert.deepEqual(
        found.filter((_version, at) => at % 2 === 0),
        ['stable', '3', undefined, 'v'.repeat(128)],
      )
    })

    it('is told by the answer', async () => {
      const { headers } = await request(looked(versionOf('7')).models)
      assert.equal(headers['x-sluice-version'], '7')
    })

    it('is told where another one answers than was found', async () => {
      const split: ServedModel = { ...versionOf('7'), predictor: versionOf('8').predictor }
      const { headers, json } = await request(looked(split).models)
      assert.equal(headers['x-sluice-version'], '8')
      assert.equal((json() as { model_version: string }).model_version, '8')
    })

    it('is refused before the body is read, where nobody is there', async () => {
      const protocol = of(modelsOf(versionOf('7')))
      let read = false
      const { status } = await ask(protocol, {
        ...{ route, body, params: { model: 'nobody' } },
        onRead: () => {
          read = true
        },
      })
      assert.deepEqual([status, read], [404, false])
    })

    it('is the version that is there when the body is', async () => {
      const old = versionOf('7')
      let served = old
      const { models } = looked(() => served)
      const replace = () => {
        served = versionOf('8')
        old.predictor.predict = () => assert.fail('the old one takes no more requests')
      }
      const { status, headers } = await request(models, { onRead: replace })
      assert.deepEqual([status, headers['x-sluice-version']], [200, '8'])
    })

    it('decides what the body means: a model of the same name may have another signature', async () => {
      let served = versionOf('7')
      const replace = () => {
        const inputs = [inputOf('x', 'FP32', [-1, 3])]
        served = modelOf('iris', { inputs, outputs: [] }, () => [])
      }
      const { status } = await request(looked(() => served).models, { onRead: replace })
      assert.ok(status === 400 || status === 422, `${status}`)
    })

    it('is refused where it went away while the body came', async () => {
      let gone = false
      const { models } = looked(() => {
        if (gone) throw fail('MODEL_NOT_READY', { model: 'iris', state: 'unloaded' })
        return versionOf('7')
      })
      const onRead = () => {
        gone = true
      }
      assert.equal((await request(models, { onRead })).status, 503)
    })

    it('counts what is refused of a body, and of none that could not be read', async () => {
      const told: string[] = []
      const model = {
        ...versionOf('7'),
        refused: ({ reason }: { reason: string }) => told.push(reason),
      }
      await request(modelsOf(model as ServedModel), { body: '{' })
      const onRead = () => {
        throw fail('BODY_TIMEOUT', { ms: 1 })
      }
      await request(modelsOf(model as ServedModel), { onRead })
      assert.deepEqual(told, ['BODY_MALFORMED', 'BODY_TIMEOUT'])
    })

    it('is woken, before the body is read and again if it fell asleep meanwhile', async () => {
      let awake = false
      const steps: string[] = []
      const { models } = looked(() => {
        steps.push(awake ? 'found' : 'not ready')
        if (!awake) throw fail('MODEL_NOT_READY', { model: 'iris', state: 'unloaded' })
        return versionOf('7')
      })
      const wake: Models['wake'] = (model, version, call) => {
        assert.deepEqual([model, version, call.requestId], ['iris', undefined, 'request-1'])
        if (awake) return undefined
        steps.push('woken')
        return new Promise((resolve) => {
          setImmediate(() => {
            awake = true
            resolve()
          })
        })
      }
      const onRead = () => {
        steps.push('read')
        awake = false
      }
      const { status } = await request({ ...models, wake }, { onRead })
      assert.equal(status, 200)
      assert.deepEqual(steps, ['woken', 'found', 'read', 'woken', 'found'])
    })

    it('is not waited for longer than the call lasts', async () => {
      const call = new Call({ requestId: 'r1' })
      const wake: Models['wake'] = (_model, _version, waiting) =>
        new Promise((_resolve, reject) => {
          waiting.onEnd(reject)
        })
      const answering = request({ ...modelsOf(versionOf('7')), wake }, { call })
      call.end(fail('DEADLINE_EXCEEDED', { where: 'loading its model' }))
      assert.equal((await answering).status, 504)
    })

    it('is asked for in the turn in which it is found', async () => {
      let turn = 0
      const turns: number[] = []
      const model = modelOf('iris', signature, () => [])
      const predict = model.predictor.predict.bind(model.predictor)
      model.predictor.predict = (...args) => {
        turns.push(turn)
        return predict(...args)
      }
      const { models } = looked(() => {
        turns.push(turn)
        // as soon as anything is awaited, this has run
        queueMicrotask(() => {
          turn += 1
        })
        return model
      })
      await request(models)
      const [, second, asked] = turns
      assert.equal(asked, second)
    })
  })
}

describe('a model that is loaded when it is asked', () => {
  const [, { of }] = protocols as [unknown, (typeof protocols)[number]]
  const asleep: ModelStatus = {
    ...{ name: 'iris', version: '4', state: 'unloaded', asleep: true },
    labels: ['best'],
  }
  const failed: ModelStatus = { name: 'iris', version: '5', state: 'failed', why: 'it is empty' }
  function sleeping() {
    let woken = 0
    const served = versionOf('4')
    const find: Models['find'] = (name) => {
      if (name !== 'iris') throw fail('MODEL_NOT_FOUND', { model: name, known: ['iris'] })
      if (woken > 0) return served
      throw fail('MODEL_NOT_READY', { model: 'iris', state: 'unloaded' })
    }
    const wake: Models['wake'] = async () => {
      woken += 1
    }
    const list = () => (woken > 0 ? [statusOf(served)] : [asleep, failed])
    const models = { ...modelsOf(), find, findToAsk: find, wake, list }
    return { models, woken: () => woken }
  }
  const get = (route: string, models: Models, headers = {}, params = { model: 'iris' }) =>
    ask(of(models), { route, method: 'GET', params, headers })

  it('is ready, and stays asleep', async () => {
    const { models, woken } = sleeping()
    for (const headers of [
      {},
      { 'x-sluice-version': '4' },
      { 'x-sluice-version': 'best' },
    ] as const) {
      const { status, json } = await get('/v2/models/:model/ready', models, headers)
      assert.deepEqual([status, json()], [200, { name: 'iris', version: '4', ready: true }])
    }
    const other = { 'x-sluice-version': '5' }
    assert.equal((await get('/v2/models/:model/ready', models, other)).status, 503)
    const nobody = await get('/v2/models/:model/ready', models, {}, { model: 'nobody' })
    assert.equal(nobody.status, 404)
    assert.equal(woken(), 0)
  })

  it('has statistics, and stays asleep', async () => {
    const { models, woken } = sleeping()
    const { status, json } = await get('/v2/models/:model/stats', models)
    assert.deepEqual([status, json()], [200, { model_stats: [] }])
    assert.equal(woken(), 0)
  })

  for (const what of ['', '/config']) {
    it(`wakes for its metadata${what}`, async () => {
      const { models, woken } = sleeping()
      const { status, json } = await get(`/v2/models/:model${what}`, models)
      assert.equal(status, 200)
      assert.equal((json() as { name: string }).name, 'iris')
      assert.equal(woken(), 1)
    })
  }

  it('is among the versions of its model', async () => {
    const awake = versionOf('2')
    const models = {
      ...modelsOf(awake),
      list: () => [statusOf(awake), failed, { ...asleep, version: '10' }],
    }
    const { json } = await get('/v2/models/:model', models)
    assert.deepEqual((json() as { versions: unknown }).versions, ['2', '10'])
  })
})

const versionOf = (version: string): ServedModel => {
  const model = modelOf('iris', signature, () => [])
  const predict: ServedModel['predictor']['predict'] = async (...args) => ({
    ...(await model.predictor.predict(...args)),
    version,
  })
  return { ...model, version, predictor: { ...model.predictor, predict } }
}

/** Finds what is there whatever is asked, and tells which versions were asked for. */
function looked(served: ServedModel | (() => ServedModel)) {
  const found: (string | undefined)[] = []
  const find: Models['find'] = (_name, version) => {
    found.push(version)
    return typeof served === 'function' ? served() : served
  }
  return { models: { ...modelsOf(), find, findToAsk: find }, found }
}
