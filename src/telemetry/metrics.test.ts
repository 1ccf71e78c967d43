import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { ModelState } from '../models.ts'
import { fleetOf, loadedOf, request, setUp } from './testing.ts'

test('requests and runs become the series of their version', async (t) => {
  const { metrics, series } = setUp(t)
  metrics.emit({ kind: 'state', model: 'iris', version: '1', state: 'ready' })
  metrics.emit({ kind: 'state', model: 'iris', version: '2', state: 'loading' })
  metrics.emit(
    request({ rows: 3, durationMs: 7, queueMs: 2, inputMs: 0.25, runMs: 4, outputMs: 0.5 }),
  )
  metrics.emit(
    request({ rows: 5, durationMs: 70, queueMs: 20, inputMs: 1, runMs: 40, outputMs: 3 }),
  )
  metrics.emit(request({ error: 'overloaded' }))
  metrics.emit(request({ error: 'cancelled' }))
  metrics.emit(request({ error: 'internal' }))
  metrics.emit(request({ error: 'invalid_argument' }))
  metrics.emit(request({ error: 'invalid_argument' }))
  metrics.emit({
    kind: 'executed',
    requests: 1,
    left: 'alone',
    where: 'thread',
    model: 'iris',
    version: '1',
    rows: 8,
    inputMs: 1,
    runMs: 4,
    outputMs: 2,
  })
  metrics.emit({ kind: 'queue', model: 'iris', version: '1', waiting: 6 })

  const at = await series()
  const iris = 'model="iris",version="1"'
  assert.equal(at(`predictions_total{${iris},status="success"}`), 2)
  assert.equal(at(`predictions_total{${iris},status="error"}`), 5)
  assert.equal(at(`prediction_latency_seconds_bucket{le="0.005",${iris}}`), 0)
  assert.equal(at(`prediction_latency_seconds_bucket{le="0.01",${iris}}`), 1)
  assert.equal(at(`prediction_latency_seconds_bucket{le="0.1",${iris}}`), 2)
  assert.equal(at(`prediction_latency_seconds_bucket{le="+Inf",${iris}}`), 2)
  assert.equal(at(`prediction_latency_seconds_count{${iris}}`), 2)
  assert.ok(Math.abs(at(`prediction_latency_seconds_sum{${iris}}`)! - 0.077) < 1e-9)
  assert.equal(at(`sluice_queue_delay_seconds_bucket{le="0.01",${iris}}`), 1)
  assert.equal(at(`sluice_batch_size_bucket{le="4",${iris}}`), 0)
  assert.equal(at(`sluice_batch_size_bucket{le="8",${iris}}`), 1)
  assert.equal(at(`sluice_model_state{${iris},state="ready"}`), 1)
  assert.equal(at(`sluice_model_state{${iris},state="loading"}`), 0)
  assert.equal(at('sluice_model_state{model="iris",version="2",state="loading"}'), 1)
  assert.equal(at(`nv_inference_request_success{${iris}}`), 2)
  assert.equal(at(`nv_inference_request_failure{${iris},reason="REJECTED"}`), 1)
  assert.equal(at(`nv_inference_request_failure{${iris},reason="CANCELED"}`), 1)
  assert.equal(at(`nv_inference_request_failure{${iris},reason="BACKEND"}`), 1)
  assert.equal(at(`nv_inference_request_failure{${iris},reason="OTHER"}`), 2)
  assert.equal(at(`nv_inference_count{${iris}}`), 8)
  assert.equal(at(`nv_inference_exec_count{${iris}}`), 1)
  assert.equal(at(`nv_inference_request_duration_us{${iris}}`), 77_000)
  assert.equal(at(`nv_inference_queue_duration_us{${iris}}`), 22_000)
  assert.equal(at(`nv_inference_compute_input_duration_us{${iris}}`), 1250)
  assert.equal(at(`nv_inference_compute_infer_duration_us{${iris}}`), 44_000)
  assert.equal(at(`nv_inference_compute_output_duration_us{${iris}}`), 3500)
  assert.equal(at(`nv_inference_pending_request_count{${iris}}`), 6)
  assert.equal(at('nv_inference_count{model="iris",version="2"}'), 0)
})

test('a model that nobody registered does not become a label', async (t) => {
  const { metrics, series, page } = setUp(t)
  metrics.emit({ kind: 'state', model: 'iris', version: '1', state: 'ready' })
  metrics.emit({ ...request({ rows: 2 }), model: 'made-up' })
  metrics.emit({ ...request({ rows: 3 }), version: '99' })

  const at = await series()
  assert.equal(at('nv_inference_count{model="_unknown",version="_unknown"}'), 5)
  assert.doesNotMatch(await page(), /made-up|"99"/)
})

test('a version that is unloaded keeps its counters and goes on with them', async (t) => {
  const { metrics, series } = setUp(t)
  metrics.emit({ kind: 'state', model: 'iris', version: '1', state: 'ready' })
  metrics.emit(request({ rows: 4 }))
  metrics.emit({ kind: 'state', model: 'iris', version: '1', state: 'unloaded' })
  const unloaded = await series()
  assert.equal(unloaded('nv_inference_count{model="iris",version="1"}'), 4)
  assert.equal(unloaded('sluice_model_state{model="iris",version="1",state="unloaded"}'), 1)

  metrics.emit({ kind: 'state', model: 'iris', version: '1', state: 'ready' })
  metrics.emit(request({ rows: 5 }))
  assert.equal((await series())('nv_inference_count{model="iris",version="1"}'), 9)
})

test('loads become series of their version, and of their model', async (t) => {
  const { metrics, series, page } = setUp(t)
  const state = (version: string, state: ModelState) =>
    metrics.emit({ kind: 'state', model: 'iris', version, state })
  for (const version of ['1', '2']) {
    state(version, 'loading')
    const loaded = { ms: 250 * Number(version), digest: `d${version}`, memoryBytes: 77 }
    metrics.emit({ kind: 'loaded', model: 'iris', version, ...loaded })
    state(version, 'ready')
  }
  metrics.emit({ kind: 'stable', model: 'iris', version: '2' })
  state('3', 'failed')
  for (const reason of ['WARM_UP_FAILED', 'LOAD_TIMEOUT', 'WARM_UP_FAILED'] as const) {
    metrics.emit({ kind: 'load-failed', model: 'iris', version: '3', reason })
  }
  metrics.emit({ kind: 'evicted', model: 'iris', version: '1' })
  metrics.emit({ kind: 'woken', model: 'iris', version: '1' })
  metrics.emit({ kind: 'woken', model: 'iris', version: '1' })
  metrics.emit({ kind: 'repository-problem', root: 'models' })

  const at = await series()
  const one = 'model="iris",version="1"'
  const two = 'model="iris",version="2"'
  assert.equal(at(`sluice_model_info{${two},digest="sha256:d2"}`), 1)
  assert.equal(at(`sluice_model_memory_bytes{${two}}`), 77)
  assert.equal(at(`nv_model_load_duration_secs{${two}}`), 0.5)
  assert.equal(at(`sluice_model_stable{${one}}`), 0)
  assert.equal(at(`sluice_model_stable{${two}}`), 1)
  assert.equal(at('sluice_model_load_seconds_bucket{le="0.3",model="iris"}'), 1)
  assert.equal(at('sluice_model_load_seconds_sum{model="iris"}'), 0.75)
  const failures = 'sluice_model_load_failures_total{model="iris",version="3",reason='
  assert.equal(at(`${failures}"WARM_UP_FAILED"}`), 2)
  assert.equal(at(`${failures}"LOAD_TIMEOUT"}`), 1)
  assert.equal(at('sluice_model_evictions_total{model="iris"}'), 1)
  assert.equal(at('sluice_model_cold_starts_total{model="iris"}'), 2)
  assert.equal(at('sluice_repository_errors_total'), 1)
  assert.doesNotMatch(await page(), /models"/, 'no path of a repository')

  state('1', 'draining')
  assert.equal((await series())(`sluice_model_memory_bytes{${one}}`), 77)
  state('1', 'unloaded')
  metrics.emit({ kind: 'stable', model: 'iris' })
  const later = await series()
  for (const name of ['info', 'memory_bytes', 'stable']) {
    assert.equal(later(`sluice_model_${name}{${one}}`), undefined)
  }
  assert.equal(later(`sluice_model_stable{${two}}`), 0)
})

test('versions that come and go for ever do not fill the page', async (t) => {
  const { metrics, series, page } = setUp(t)
  const state = (model: string, version: number, state: ModelState) =>
    metrics.emit({ kind: 'state', model, version: `${version}`, state })
  for (let version = 1; version <= 1000; version++) {
    state('iris', version, 'loading')
    const loaded = { ms: 1, digest: `${version}`, memoryBytes: 1 }
    metrics.emit({ kind: 'loaded', model: 'iris', version: `${version}`, ...loaded })
    state('iris', version, 'ready')
    metrics.emit({ ...request({ rows: version }), version: `${version}` })
    if (version > 1) state('iris', version - 1, 'unloaded')
    state('flaky', version, 'failed')
    metrics.emit({
      kind: 'load-failed',
      ...{ model: 'flaky', version: `${version}`, reason: 'MODEL_UNREADABLE' },
    })
  }
  const kept = [...(await page()).matchAll(/^nv_inference_count\{model="iris",version="(\d+)"/gm)]
  const newest = [990, 991, 992, 993, 994, 995, 996, 997, 998, 999, 1000]
  assert.deepEqual(
    kept.map(([, version]) => Number(version)),
    newest,
  )
  const failed = /^sluice_model_load_failures_total\{model="flaky",version="(\d+)"/gm
  assert.equal([...(await page()).matchAll(failed)].length, 10)
  const at = await series()
  assert.equal(at('sluice_model_load_seconds_count{model="iris"}'), 1000)
  assert.equal(at('nv_inference_count{model="iris",version="990"}'), 990)
  assert.equal(metrics.modelStatistics().length, 1)
})

test('a version that failed is kept while others of its model are unloaded', async (t) => {
  const { metrics, series } = setUp(t)
  metrics.emit({ kind: 'state', model: 'iris', version: '7', state: 'failed' })
  for (let version = 100; version < 120; version++) {
    metrics.emit({ kind: 'state', model: 'iris', version: `${version}`, state: 'unloaded' })
  }
  const failed = 'sluice_model_state{model="iris",version="7",state="failed"}'
  assert.equal((await series())(failed), 1)
})

test('models that come and go for ever do not fill the page', async (t) => {
  const { metrics, page } = setUp(t)
  for (let i = 0; i < 3000; i++) {
    for (const state of ['ready', 'unloaded'] as const) {
      metrics.emit({ kind: 'state', model: `tenant-${i}`, version: '1', state })
    }
    metrics.emit({ kind: 'evicted', model: `tenant-${i}`, version: '1' })
  }
  const body = await page()
  assert.equal(body.match(/^nv_inference_count\{/gm)?.length, 1000)
  assert.equal(body.match(/^sluice_model_evictions_total\{/gm)?.length, 1000)
  assert.match(body, /tenant-2999/)
  assert.doesNotMatch(body, /tenant-1999"/)
})

test('names with quotes, backslashes and newlines stay inside their label', async (t) => {
  const { metrics, page } = setUp(t)
  metrics.emit({ kind: 'state', model: 'a"b\\c\nd', version: '1', state: 'ready' })
  assert.match(await page(), /nv_inference_count\{model="a\\"b\\\\c\\nd",version="1"\} 0\n/)
})

test('two sets of metrics share nothing', async (t) => {
  const one = setUp(t)
  const other = setUp(t)
  one.metrics.emit({ kind: 'state', model: 'iris', version: '1', state: 'ready' })
  assert.match(await one.page(), /iris/)
  assert.doesNotMatch(await other.page(), /iris/)
})

test('the process tells of itself', async (t) => {
  const { series, page, contentType } = setUp(t)
  const at = await series()
  assert.ok(at('process_cpu_seconds_total')! > 0)
  assert.ok(at('process_resident_memory_bytes')! > 1e7)
  assert.ok(at('process_uptime_seconds')! > 0)
  assert.ok(at('nodejs_heap_size_used_bytes')! < at('process_resident_memory_bytes')!)
  assert.ok(at('sluice_event_loop_delay_seconds{quantile="0.99"}')! < 30)
  assert.equal(at(`sluice_build_info{version="1.2.3",node="${process.version}"}`), 1)
  if (process.platform === 'linux') assert.ok(at('process_open_fds')! < at('process_max_fds')!)
  assert.match(await page(), /^# TYPE process_cpu_seconds_total counter$/m)
  assert.match(await contentType(), /^text\/plain; version=0\.0\.4/)
})

test('collections of garbage are counted', { timeout: 20_000 }, async (t) => {
  const { series, page } = setUp(t)
  const major = 'nodejs_gc_duration_seconds_count{kind="major"}'
  assert.equal((await series())(major), 0)
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  // the observer is told by the event loop, some turns later
  while (!/nodejs_gc_duration_seconds_count\{kind="major"\} [1-9]/.test(await page())) {
    await new Promise(setImmediate)
  }
  assert.ok((await series())('nodejs_gc_duration_seconds_sum{kind="major"}')! > 0)
})

test('a hundred models fit into one page below 1 MiB', async (t) => {
  const { metrics, page } = setUp(t)
  for (let i = 0; i < 100; i++) {
    const model = `fraud-detection-${i}`
    metrics.emit({ kind: 'state', model, version: '1', state: 'ready' })
    metrics.emit({ ...request({ rows: i, durationMs: i * 1.37, queueMs: i / 7 }), model })
  }
  const body = await page()
  assert.ok(body.length < 2 ** 20, `${body.length} bytes`)
  assert.match(body, /nv_inference_count\{model="fraud-detection-99",version="1"\} 99\n/)
})

test('the reference page and the server name the same metrics', (t) => {
  const { metrics } = setUp(t)
  const page = readFileSync(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8')
  const documented = page
    .split('\n')
    .map((line) => /^\| `(\w+)` \| (\w+) \| (.*?) ?\| /.exec(line))
    .filter((match) => match !== null)
    .map(([, name, type, labels = '']) => `${name} ${type} ${labels.replaceAll('`', '')}`)
  const served = metrics.families.map(
    ({ name, type, labels }) => `${name} ${type} ${labels.join(', ')}`,
  )
  assert.deepEqual(documented.toSorted(), served.toSorted())
})

test('sequences are told from the first on, those that timed out are added up', async (t) => {
  const { metrics, page } = setUp(t)
  metrics.emit({ kind: 'state', model: 'iris', version: '1', state: 'ready' })
  assert.doesNotMatch(await page(), /^sluice_sequence_active\{/m)
  metrics.emit(sequences({ active: 5, backlog: 2, waiting: 7, stateBytes: 96 }))
  metrics.emit({ kind: 'sequence-timed-out', model: 'iris', version: '1' })
  metrics.emit(sequences({ active: 4, backlog: 1, waiting: 6, stateBytes: 80 }))
  metrics.emit({ kind: 'sequence-timed-out', model: 'iris', version: '1' })
  const text = await page()
  const of = '{model="iris",version="1"}'
  for (const line of [
    `sluice_sequence_active${of} 4`,
    `sluice_sequence_backlog${of} 1`,
    `sluice_sequence_waiting${of} 6`,
    `sluice_sequence_state_bytes${of} 80`,
    `sluice_sequence_timed_out_total${of} 2`,
    `nv_inference_pending_request_count${of} 6`,
  ]) {
    assert.ok(text.includes(`${line}\n`), line)
  }
})

test('samples carry the labels that their metric declares', (t) => {
  const { metrics } = setUp(t)
  metrics.emit({ kind: 'state', model: 'iris', version: '1', state: 'ready' })
  const loaded = { ms: 1, digest: 'd', memoryBytes: 1 }
  metrics.emit({ kind: 'loaded', model: 'iris', version: '1', ...loaded })
  metrics.emit({ kind: 'load-failed', model: 'iris', version: '1', reason: 'LOAD_TIMEOUT' })
  metrics.emit(request({}))
  metrics.emit(sequences({}))
  metrics.watch(fleetOf([loadedOf({ model: 'iris', limits: [{ shape: '', rows: 2 }] })]))
  for (const { name, labels, samples } of metrics.families) {
    const all = samples()
    if (labels.includes('model')) assert.ok(all.length > 0, `${name} has samples`)
    for (const sample of all) {
      const names = Object.keys({ ...sample.sharedLabels, ...sample.labels })
      assert.deepEqual(
        names.filter((label) => label !== 'le'),
        labels,
        name,
      )
    }
  }
})

const sequences = (told: {
  active?: number
  backlog?: number
  waiting?: number
  stateBytes?: number
}) =>
  ({
    kind: 'sequences',
    model: 'iris',
    version: '1',
    active: 0,
    backlog: 0,
    waiting: 0,
    stateBytes: 0,
    ...told,
  }) as const
