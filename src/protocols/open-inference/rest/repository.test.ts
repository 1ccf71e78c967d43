import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../../../call.ts'
import { fail } from '../../../errors.ts'
import type { IndexEntry, LoadOptions, ModelControl } from '../../../model-control.ts'
import { MODEL_STATES } from '../../../models.ts'
import { ask, controlOf, echoModel, inputOf, modelsOf } from '../../testing.ts'
import type { RepositoryControl } from './repository.ts'
import { openInferenceRest } from './routes.ts'

const iris = echoModel('iris', [inputOf('x', 'FP32', [-1])])

describe('the index of the repositories', () => {
  const entries: readonly IndexEntry[] = [
    ...MODEL_STATES.map((state, at) => ({ name: 'iris', version: `${at + 1}`, state })),
    { name: 'iris', version: '9', state: 'failed', why: 'it is empty' },
    { name: 'iris', version: '10', state: 'ready', served: iris, why: 'newer files are damaged' },
    { name: 'lazy', version: '2', state: 'unloaded', asleep: true },
    { name: 'broken', version: '', state: 'failed', why: 'two model files' },
    { name: 'never' },
  ]
  const index = (body: string) =>
    control(
      { index: () => entries },
      { route: '/v2/repository/index', body, method: 'POST', model: undefined },
    )

  it('has a line for each version, in the states and words of Triton', async () => {
    const { status, json, headers } = await index('')
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json')
    assert.deepEqual(json(), [
      { name: 'iris', version: '1', state: 'LOADING' },
      { name: 'iris', version: '2', state: 'LOADING' },
      { name: 'iris', version: '3', state: 'LOADING' },
      { name: 'iris', version: '4', state: 'READY' },
      { name: 'iris', version: '5', state: 'UNLOADING' },
      { name: 'iris', version: '6', state: 'UNAVAILABLE', reason: 'unloaded' },
      { name: 'iris', version: '7', state: 'UNAVAILABLE' },
      { name: 'iris', version: '9', state: 'UNAVAILABLE', reason: 'it is empty' },
      { name: 'iris', version: '10', state: 'READY', reason: 'newer files are damaged' },
      { name: 'lazy', version: '2', state: 'READY', reason: 'loaded when it is asked' },
      { name: 'broken', state: 'UNAVAILABLE', reason: 'two model files' },
      { name: 'never' },
    ])
  })

  it('has those that are ready and no others, where that is asked', async () => {
    const { json } = await index('{"ready": true}')
    const named = (json() as { name: string; version: string }[]).map(
      ({ name, version }) => `${name} ${version}`,
    )
    assert.deepEqual(named, ['iris 4', 'iris 10', 'lazy 2'])
    for (const body of ['{"ready": false}', '{}', '{"other": 1}']) {
      assert.equal(((await index(body)).json() as unknown[]).length, entries.length, body)
    }
  })

  for (const [body, error] of [
    ['{"ready": "true"}', "Invalid value for 'ready': expected a boolean"],
    ['{"ready": null}', "Invalid value for 'ready': expected a boolean"],
    ['[]', 'the body must be an object'],
    ['{', 'the body is not JSON: unexpected character at line 1, column 2'],
  ] as const) {
    it(`is refused for ${body}`, async () => {
      const { status, json } = await index(body)
      assert.deepEqual([status, json()], [400, { error }])
    })
  }
})

describe('a load', () => {
  const load = (body: string, does: Partial<ModelControl> = {}, model = 'iris') =>
    control(does, { route: '/v2/repository/models/:model/load', body, method: 'POST', model })

  it('is answered with nothing once the model is there', async () => {
    const asked: unknown[] = []
    const loaded = Promise.withResolvers<void>()
    const does = {
      load: (...args: unknown[]) => {
        asked.push(...args)
        return loaded.promise
      },
    }
    const answering = load('', does)
    await new Promise(setImmediate)
    loaded.resolve()
    const { status, bytes } = await answering
    assert.deepEqual([status, bytes.byteLength], [200, 0])
    assert.deepEqual(asked, ['iris', {}])
  })

  for (const body of ['{}', '{"parameters": {}}', '{"other": 1}']) {
    it(`of ${body} is one of the files as they are`, async () => {
      assert.deepEqual(await optionsOf(body), {})
    })
  }

  it('brings a configuration, and files in its place', async () => {
    const file = Buffer.alloc(100_000, 7)
    const config = '{"max_batch_size": "16"}'
    const parameters = {
      config,
      'file:1/model.onnx': file.toString('base64'),
      'file:2/é.bin': 'AAE=',
      'file:labels.txt': '',
    }
    const options = await optionsOf(JSON.stringify({ parameters }))
    assert.equal(options.config, config)
    assert.deepEqual([...options.files!.keys()], ['1/model.onnx', '2/é.bin', 'labels.txt'])
    const [model, bin, labels] = [...options.files!.values()]
    assert.ok(Buffer.compare(model!, file) === 0)
    assert.deepEqual(Buffer.from(bin!), Buffer.from([0, 1]))
    assert.equal(labels!.byteLength, 0)
  })

  it('takes a configuration of any length', async () => {
    const config = JSON.stringify({ name: 'é"'.repeat(100_000) })
    const options = await optionsOf(JSON.stringify({ parameters: { config } }))
    assert.equal(options.config, config)
  })

  const place = 'parameters["file:1/model.onnx"]'
  for (const [body, error] of [
    [
      { 'file:1/model.onnx': 'AAAA' },
      `failed to load 'iris', files are given without a "config" parameter`,
    ],
    [
      { config: '{}', 'file:1/model.onnx': 'AA?A' },
      `"${place}" must be a file in base64, got something else`,
    ],
    [
      { config: '{}', 'file:1/model.onnx': 'A'.repeat(80_001) },
      `"${place}" must be a file in base64, got something else`,
    ],
    [{ config: {} }, '"parameters["config"]" must be a string, got object'],
    [{ config: '{}', 'file:1/model.onnx': 5 }, `"${place}" must be a string, got number`],
    [
      { configuration: '{}' },
      '"parameters["configuration"]" must be "config" or "file:" and a path, got another name',
    ],
    [[], '"parameters" must be an object'],
  ] as const) {
    const text = JSON.stringify({ parameters: body })
    it(`is refused for ${text.slice(0, 70)}`, async () => {
      const { status, json } = await load(text, neverAsked)
      assert.deepEqual([status, json()], [400, { error }])
    })
  }

  it('is refused for a file that is given twice, or JSON that is none', async () => {
    const twice = '{"parameters": {"config": "{}", "file:a": "AAAA", "file:a": "AAAB"}}'
    assert.match((await errorOf(load(twice, neverAsked))).error, /^"file:a" is given twice$/)
    const damaged = `{"parameters": {"config": "${'x'.repeat(70_000)}\n"}}`
    assert.match((await errorOf(load(damaged, neverAsked))).error, /not JSON: a string is damaged/)
    const open = `{"parameters": {"config": "${'x'.repeat(70_000)}`
    assert.match((await errorOf(load(open, neverAsked))).error, /not JSON: it ends too early/)
  })

  it('is refused for much JSON beside the files', async () => {
    const body = `{"parameters": {"config": "{}"}, "x": [${'0,'.repeat(2 ** 19)}0]}`
    const { error } = await errorOf(load(body, neverAsked))
    assert.match(error, /^the body is larger than 1048576 bytes without its files$/)
  })

  it('that is too large says how much larger base64 is than a file', async () => {
    const { status, json } = await control(neverAsked, {
      ...{ route: '/v2/repository/models/:model/load', body: '{}', method: 'POST', model: 'iris' },
      onRead: () => {
        throw fail('BODY_TOO_LARGE', { limit: 100 })
      },
    })
    const error =
      'the body is larger than the limit of 100 bytes ' +
      '(the server raises this limit with --max-body; base64 takes a third more than a file)'
    assert.deepEqual([status, json()], [413, { error }])
  })

  it('of a model that nobody knows is told in the words of Triton', async () => {
    const does = {
      load: async () => {
        throw fail('MODEL_NOT_FOUND', { model: 'iriss', known: ['iris'] })
      },
    }
    const { status, error } = await errorOf(load('', does, 'iriss'))
    assert.equal(status, 400)
    assert.equal(
      error,
      `failed to load 'iriss', failed to poll from model repository (known models: "iris")`,
    )
  })

  it('that fails says why', async () => {
    const does = {
      load: async () => {
        throw fail('LOAD_FAILED', { model: 'iris', why: 'no version is available' })
      },
    }
    const { status, error } = await errorOf(load('', does))
    assert.deepEqual([status, error], [400, "failed to load 'iris', no version is available"])
  })

  it('is not waited for by a client that has left', async () => {
    const call = new Call({ requestId: 'r1' })
    const answering = control(
      { load: () => new Promise(() => {}) },
      { route: '/v2/repository/models/:model/load', body: '', method: 'POST', model: 'iris', call },
    )
    await new Promise(setImmediate)
    call.cancel()
    assert.equal((await answering).status, 499)
  })

  async function optionsOf(body: string): Promise<LoadOptions> {
    let given: LoadOptions | undefined
    const does = {
      load: async (_name: string, options?: LoadOptions) => {
        given = options
      },
    }
    const { status, bytes } = await load(body, does)
    assert.equal(status, 200, Buffer.from(bytes).toString())
    return given!
  }
})

describe('an unload', () => {
  const unload = (body: string, does: Partial<ModelControl> = {}, model = 'iris') =>
    control(does, { route: '/v2/repository/models/:model/unload', body, method: 'POST', model })

  for (const [body, dependents] of [
    ['', false],
    ['{}', false],
    ['{"parameters": {"unload_dependents": false}}', false],
    ['{"parameters": {"unload_dependents": true}}', true],
  ] as const) {
    it(`of ${body === '' ? 'nothing' : body} is answered with nothing`, async () => {
      const asked: unknown[] = []
      const does = {
        unload: async (...args: unknown[]) => {
          asked.push(...args)
        },
      }
      const { status, bytes } = await unload(body, does)
      assert.deepEqual([status, bytes.byteLength], [200, 0])
      assert.deepEqual(asked, ['iris', { dependents }])
    })
  }

  it('is refused where what it says of dependents is neither true nor false', async () => {
    const body = '{"parameters": {"unload_dependents": "true"}}'
    const { status, error } = await errorOf(unload(body, neverAsked))
    assert.deepEqual(
      [status, error],
      [400, "Unable to parse 'unload_dependents': expected a boolean"],
    )
  })

  it('of a model that nobody knows is 404', async () => {
    const does = {
      unload: async () => {
        throw fail('MODEL_NOT_FOUND', { model: 'iriss', known: ['iris'] })
      },
    }
    assert.equal((await unload('', does, 'iriss')).status, 404)
  })
})

describe('loading and unloading', () => {
  for (const action of ['load', 'unload']) {
    const route = `/v2/repository/models/:model/${action}`
    const asked = { route, body: '{', method: 'POST', model: 'iris' } as const

    for (const mode of ['none', 'poll'] as const) {
      it(`is refused under the mode ${mode}, whatever the body: ${action}`, async () => {
        const { status, error } = await errorOf(control({ ...neverAsked, mode }, asked))
        assert.equal(status, 503)
        assert.match(error, /^explicit model load \/ unload is not allowed if polling is enabled/)
      })
    }

    for (const model of ['../x', 'a/b', 'a\\b', '..', '.']) {
      it(`of a name that is a path is refused: ${action} ${model}`, async () => {
        const { status, error } = await errorOf(control(neverAsked, { ...asked, model }))
        assert.equal(status, 400)
        assert.equal(
          error,
          `invalid model name '${model}', model name must not contain path traversal characters`,
        )
      })
    }

    it(`of no name is refused: ${action}`, async () => {
      const { status, error } = await errorOf(control(neverAsked, { ...asked, model: '' }))
      assert.deepEqual([status, error], [400, 'model name cannot be empty'])
    })

    it(`of a named repository is not built: ${action}`, async () => {
      const named = `/v2/repository/:repository/models/:model/${action}`
      const { status } = await control(neverAsked, { ...asked, route: named })
      assert.equal(status, 501)
    })
  }

  it('is for those who manage, or for all who infer where the server is so configured', () => {
    const scopes = (repositoryControl: RepositoryControl) =>
      protocolOf({}, repositoryControl)
        .routes.filter(({ path }) => path.startsWith('/v2/repository'))
        .map(({ path, scope }) => [path.split('/').at(-1), scope])
    const of = (scope: string) => [
      ...[
        ['index', 'read'],
        ['load', scope],
        ['unload', scope],
      ],
      ...[
        ['index', 'read'],
        ['load', scope],
        ['unload', scope],
      ],
    ]
    assert.deepEqual(scopes('token'), of('manage'))
    assert.deepEqual(scopes('open'), of('infer'))
  })
})

const neverAsked: Partial<ModelControl> = {
  load: () => assert.fail('nothing is to be loaded'),
  unload: () => assert.fail('nothing is to be unloaded'),
}

async function errorOf(answering: ReturnType<typeof control>) {
  const { status, json } = await answering
  return { status, ...(json() as { error: string }) }
}

function control(
  does: Partial<ModelControl>,
  { model, ...asked }: Parameters<typeof ask>[1] & { model: string | undefined },
) {
  const params = model === undefined ? {} : { model }
  return ask(protocolOf(does, 'token'), { ...asked, params })
}

function protocolOf(does: Partial<ModelControl>, repositoryControl: RepositoryControl) {
  return openInferenceRest({
    models: modelsOf(iris),
    control: controlOf(does),
    repositoryControl,
    statistics: { modelStatistics: () => [] },
    serverName: 'test',
    serverVersion: '0',
  })
}
