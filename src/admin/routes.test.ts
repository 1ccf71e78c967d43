import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fail } from '../errors.ts'
import type { Fleet } from '../executor-figures.ts'
import type { IndexEntry, ModelControl } from '../model-control.ts'
import { type Asked, ask, controlOf, echoModel, modelsOf, statusOf } from '../protocols/testing.ts'
import { adminProtocol } from './index.ts'

const limits = [
  { shape: '', rows: 8 },
  { shape: 'x:32', rows: 2 },
]
const iris = {
  ...echoModel('iris', []),
  memoryBytes: 70,
  joining: () => ({ joined: true, limits }),
}
const entries: readonly IndexEntry[] = [
  { name: 'iris', version: '2', state: 'failed', why: 'it is empty' },
  { ...statusOf(iris), labels: ['best'], why: 'version 2 failed' },
  { name: 'lazy', version: '1', state: 'unloaded', asleep: true },
  { name: 'broken', version: '', state: 'failed', why: 'two model files' },
  { name: 'never' },
]
const rows = [
  { name: 'iris', version: '2', state: 'failed', why: 'it is empty' },
  {
    ...{ name: 'iris', version: '3', state: 'ready', why: 'version 2 failed', stable: true },
    labels: ['best'],
    ...{ platform: 'test', provider: 'test', digest: 'sha256:d1', memory_bytes: 70 },
    files: [{ path: 'model.onnx', bytes: 3, sha256: 'f1' }],
    batching: { joined: true, limits: [{ rows: 8 }, { shape: 'x:32', rows: 2 }] },
  },
  { name: 'lazy', version: '1', state: 'unloaded', loaded_when_asked: true },
  { name: 'broken', state: 'failed', why: 'two model files' },
  { name: 'never' },
]

describe('the admin API tells', () => {
  it('of all models: what each is, and why', async () => {
    const { status, json } = await asked({}, { route: '/admin/v1/models' })
    assert.deepEqual([status, json()], [200, { mode: 'explicit', ready: true, models: rows }])
  })

  for (const [model, versions] of [
    ['iris', rows.slice(0, 2)],
    ['broken', rows.slice(3, 4)],
    ['never', rows.slice(4)],
  ] as const) {
    it(`of one model: ${model}`, async () => {
      const { status, json } = await asked({}, one(model))
      assert.deepEqual([status, json()], [200, { name: model, versions }])
    })
  }

  it('of a model whose requests are not joined: why', async () => {
    const joining = () => ({ joined: false, why: 'batching is off', limits })
    const entries = [statusOf({ ...iris, joining })]
    const { json } = await asked({ index: () => entries }, one('iris'))
    const { versions } = json() as { versions: readonly { batching: unknown }[] }
    assert.deepEqual(versions[0]!.batching, { joined: false, why: 'batching is off' })
  })

  it('how many executors there should be, and why', async () => {
    const inputs = {
      ...{ rowsPerSecond: 71.23456789, rowsPerTenSeconds: 64, rowMs: 3.5, runMs: 7 },
      ...{ waitMs: 2, budgetMs: 43, neededForLoad: 0.32, neededForBursts: 1.1 },
    }
    const iris = {
      model: 'iris',
      version: '3',
      executors: 2,
      minimum: 1,
      maximum: 4,
      dryRun: false,
    }
    const told = await asked(
      {},
      { route: '/admin/v1/autoscaler' },
      {
        threads: 8,
        loaded: () => [],
        explain: () => [
          { ...iris, decision: { executors: 2, why: 'burst', inputs } },
          { ...iris, version: '4', dryRun: true, decision: undefined },
        ],
      },
    )
    const row = { name: 'iris', version: '3', executors: 2, minimum: 1, maximum: 4, dry_run: false }
    assert.deepEqual(told.json(), {
      threads: 8,
      models: [
        {
          ...row,
          decision: {
            executors: 2,
            why: 'burst',
            inputs: {
              ...{ rows_per_second: 71.2346, rows_per_second_over_ten: 64, row_ms: 3.5, run_ms: 7 },
              ...{ wait_ms: 2, budget_ms: 43, needed_for_load: 0.32, needed_for_bursts: 1.1 },
            },
          },
        },
        { ...row, version: '4', dry_run: true },
      ],
    })
  })

  it('of no executors before there are any', async () => {
    const { status, json } = await asked({}, { route: '/admin/v1/autoscaler' })
    assert.deepEqual([status, json()], [200, { models: [] }])
  })

  it('that a model is not there, and which are', async () => {
    const { status, json } = await asked({}, one('iriss'))
    assert.equal(status, 404)
    assert.deepEqual(json(), {
      detail: 'no model is named "iriss"',
      code: 'not_found',
      hint: 'known models: "iris", "lazy", "broken", "never"',
      request_id: 'request-1',
    })
  })
})

describe('the admin API changes', () => {
  for (const [body, options] of [
    ['', { force: false }],
    ['{}', { force: false }],
    ['{"force": true}', { force: true }],
    ['{"config": {"max_batch_size": 8}}', { force: false, config: '{"max_batch_size":8}' }],
    ['{"config": "{}", "force": true}', { force: true, config: '{}' }],
  ] as const) {
    it(`a model by loading it, and tells what became of it: ${body || 'no body'}`, async () => {
      const calls: unknown[] = []
      const load = async (...args: unknown[]) => {
        calls.push(...args)
      }
      const { status, json } = await asked({ load }, change('load', body))
      assert.deepEqual([status, json()], [200, { name: 'iris', versions: rows.slice(0, 2) }])
      assert.deepEqual(calls, ['iris', options])
    })
  }

  it('a model by unloading it', async () => {
    const calls: unknown[] = []
    const unload = async (...args: unknown[]) => {
      calls.push(...args)
    }
    const { status, json } = await asked({ unload }, change('unload', ''))
    assert.deepEqual([status, json()], [200, { name: 'iris', versions: rows.slice(0, 2) }])
    assert.deepEqual(calls, ['iris'])
  })

  it('the server by a reload, and tells what waits for a restart', async () => {
    const reload = async () => ({ models: [statusOf(iris)], needRestart: ['http.port'] })
    const route = '/admin/v1/reload'
    const { status, json } = await asked({ reload }, { route, method: 'POST' })
    assert.equal(status, 200)
    const { models, need_restart } = json() as { models: unknown[]; need_restart: unknown }
    assert.deepEqual(need_restart, ['http.port'])
    assert.equal(models.length, 1)
  })

  const failures = [
    [fail('MODEL_NOT_FOUND', { model: 'iris', known: [] }), 404],
    [fail('LOAD_FAILED', { model: 'iris', why: 'it is empty' }), 409],
    [fail('CONTROL_REFUSED', { problem: 'not in this mode' }), 503],
    [fail('MODEL_MEMORY_SHORT', { needed: 3, free: 2, limit: 9 }), 507],
  ] as const
  for (const [error, expected] of failures) {
    it(`nothing where that fails, and says why: ${error.reason}`, async () => {
      const load = async () => {
        throw error
      }
      const { status, json } = await asked({ load }, change('load', ''))
      assert.equal(status, expected)
      assert.equal((json() as { detail: string }).detail, error.message)
    })
  }

  const never = () => assert.fail('nothing is to be done')
  for (const [action, body, detail] of [
    ['load', '{', 'the body is not JSON'],
    ['load', '[]', 'the body must be an object'],
    ['load', 'null', 'the body must be an object'],
    ['load', '{"force": 1}', '"force" must be true or false, got 1'],
    ['load', '{"config": 7}', '"config" must be a configuration, or the text of one, got 7'],
    ['load', '{"forced": true}', '"forced" is not understood here, expected force or config'],
    ['unload', '{"force": true}', '"force" is not understood here, expected nothing'],
  ] as const) {
    it(`nothing for a wrong body: ${action} ${body}`, async () => {
      const { status, json } = await asked({ load: never, unload: never }, change(action, body))
      assert.deepEqual([status, (json() as { detail: string }).detail], [422, detail])
    })
  }
})

it('reading is for those who read, changing for those who manage', () => {
  const { routes } = adminProtocol({
    models: modelsOf(),
    control: controlOf(),
    fleet: () => undefined,
  })
  for (const { method, scope } of routes) {
    assert.equal(scope, method === 'GET' ? 'read' : 'manage')
  }
})

const one = (model: string): Asked => ({ route: '/admin/v1/models/:model', params: { model } })

const change = (action: string, body: string): Asked => ({
  ...{ route: `/admin/v1/models/:model/${action}`, params: { model: 'iris' }, body },
  method: 'POST',
})

function asked(does: Partial<ModelControl>, question: Asked, fleet?: Fleet) {
  const control = controlOf({ index: () => entries, ...does })
  return ask(adminProtocol({ models: modelsOf(), control, fleet: () => fleet }), question)
}
