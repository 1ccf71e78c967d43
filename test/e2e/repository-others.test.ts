/** What TensorFlow Serving and MLServer serve today, served as it lies there. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { Asking } from './asking.ts'
import { echoModel, modelFolder, plusModel } from './models.ts'
import { type Server, startServer, until } from './server.ts'
import { untilNamed, untilServed } from './serving.ts'
import { served, states } from './states.ts'

const listOf = (...configs: readonly string[]) => `
# models of the shop
model_config_list {
  ${configs.map((config) => `config { ${config} }`).join(',\n  ')}
}`

const alpha = (policy = '') => `
  name: 'alpha' base_path: "stores/alpha" model_platform: "tensorflow" ${policy}
  logging_config { sampling_config { sampling_rate: 0.1 } }`

const beta = 'name: "beta" base_path: "stores/b"'

describe('a server configured for TensorFlow Serving', { concurrency: true }, () => {
  it('serves its list: versions by policy, by number and by label', async (t) => {
    const policy = `model_version_policy { specific { versions: 1 versions: 3 } }
      version_labels { key: 'stable' value: 1 } version_labels { key: 'canary' value: 3 }`
    const { server } = await setUp(t, listOf(alpha(policy), beta))
    assert.deepEqual(await served(server, 'alpha'), ['1', '3'])
    assert.deepEqual(await served(server, 'beta'), ['20'])
    for (const [asked, version] of [
      ['', '3'],
      ['/versions/1', '1'],
      ['/versions/stable', '1'],
      ['/versions/canary', '3'],
    ] as const) {
      const { json } = await server.ask({
        path: `/predict/alpha${asked}`,
        body: { features: [10] },
      })
      const expected = [version, 10 + Number(version)]
      assert.deepEqual([json?.model_version, json?.prediction], expected, asked)
    }
    const other = await server.ask({ path: '/predict/alpha/versions/2', body: { features: [10] } })
    assert.equal(other.status, 404)
  })

  it('gives metrics where they were, and says what has no effect', async (t) => {
    const { server } = await setUp(t, listOf(alpha(), beta))
    const metrics = await server.ask({ path: '/monitoring/prometheus/metrics' })
    assert.equal(metrics.status, 200)
    assert.match(metrics.text, /^sluice_model_stable\{model="alpha",version="3"\} 1$/m)
    const said = (words: string) =>
      until(async () => server.process.stderr.includes(words), `the log says: ${words}`)
    await said('no effect here: logging_config')
  })

  it('takes over another list when it is told to, and none that is broken', async (t) => {
    const { server, reload } = await setUp(t, listOf(alpha(), beta))
    const asking = new Asking(server, 'alpha', { clients: 3, restMs: 5 })
    const twice = listOf(alpha(), beta, beta)
    for (const broken of [twice, listOf('nosuch: 1'), 'model_config_list {', '', 'beta']) {
      const { status, text } = await reload(broken)
      assert.equal(status, 409, text)
    }
    assert.deepEqual(await served(server, 'alpha'), ['3'])
    assert.deepEqual(await served(server, 'beta'), ['20'])
    const policy = 'model_version_policy { specific { versions: 1 } }'
    assert.equal((await reload(listOf(alpha(policy)))).status, 200)
    await untilServed(server, '1', 'alpha')
    await untilServed(server, '', 'beta')
    await untilNamed(server, ['alpha'])
    await asking.stop()
  })

  it('serves on when a version that its list wants is not there', async (t) => {
    const { server, reload } = await setUp(t, listOf(alpha('model_version_policy { all {} }')))
    assert.deepEqual(await served(server, 'alpha'), ['1', '2', '3'])
    const asking = new Asking(server, 'alpha', { clients: 3, restMs: 5 })
    await reload(listOf(alpha('model_version_policy { specific { versions: 9 } }')))
    assert.deepEqual(await served(server, 'alpha'), ['1', '2', '3'])
    assert.match(String((await states(server, 'alpha')).at(-1)?.[2]), /not there: 9$/)
    await asking.stop()
  })
})

it('a folder of MLServer is served with its name, version, file and inputs', async (t) => {
  const folder = modelFolder({
    'settings.json': '{"http_port": 8080, "parallel_workers": 2}',
    'plus/model-settings.json': JSON.stringify({
      name: 'sum',
      implementation: 'onnx_runtime.OnnxModel',
      parameters: { uri: './net.onnx', version: '4' },
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 1] }],
    }),
    'plus/net.onnx': plusModel(4),
    'versions/1/model-settings.json': '{"name": "grouped", "parameters": {"version": "v1"}}',
    'versions/1/model.onnx': echoModel(),
    'forest/model-settings.json': '{"implementation": "mlserver_sklearn.SKLearnModel"}',
    'forest/model.joblib': 'no',
  })
  const server = await startServer([folder, '--log-level', 'warn'])
  t.after(() => server.process.end('SIGKILL'))
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [2, 1], data: [1, 2] }]
  const sum = await server.ask({ path: '/v2/models/sum/infer', body: { inputs } })
  assert.equal(sum.json?.model_version, '4', sum.text)
  assert.match(sum.text, /"data":\[5,6\]/)
  const row = { path: '/predict/grouped', body: { features: [1, 2, 3] } }
  assert.deepEqual((await server.ask(row)).json?.outputs, { y: [1, 2, 3] })
  const [forest] = await states(server, 'forest')
  assert.match(
    String(forest?.[2]),
    /^serving models of mlserver_sklearn\.SKLearnModel is not built/,
  )
})

interface Listed {
  readonly server: Server
  /** Writes the list, and has it read again. */
  readonly reload: (list: string) => ReturnType<Server['ask']>
}

async function setUp(t: TestContext, list: string): Promise<Listed> {
  const folder = modelFolder({
    'models.conf': list,
    'batching.conf': 'max_batch_size { value: 128 } batch_timeout_micros { value: 0 }',
    'monitoring.conf': 'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }',
    'stores/alpha/1/model.onnx': plusModel(1),
    'stores/alpha/2/model.onnx': plusModel(2),
    // numbers may have leading zeros here
    'stores/alpha/00000003/model.onnx': plusModel(3),
    'stores/b/20/model.onnx': plusModel(20),
    'stores/b/9/model.onnx': plusModel(9),
  })
  const file = join(folder, 'models.conf')
  const server = await startServer([
    ...['--model-config-file', file],
    ...['--batching-parameters-file', join(folder, 'batching.conf')],
    ...['--monitoring-config-file', join(folder, 'monitoring.conf')],
    ...['--log-level', 'warn'],
  ])
  t.after(() => server.process.end('SIGKILL'))
  const reload = (next: string) => {
    writeFileSync(file, next)
    return server.ask({ path: '/admin/v1/reload', body: {} })
  }
  return { server, reload }
}
