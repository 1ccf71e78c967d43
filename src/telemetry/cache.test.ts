import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import type { Event } from '../events.ts'
import type { InferenceResponse, Predictor } from '../predictor.ts'
import { Metrics, observed } from './index.ts'

const iris = { model: 'iris', version: '1' } as const

/** Two requests that ran, one of which failed, three that were answered without a run. */
function counted(): Metrics {
  const metrics = new Metrics({ version: '1', wallNow: () => 7 })
  const timing = { queueMs: 1, inputMs: 2, runMs: 4, outputMs: 8 }
  const request = { kind: 'request', ...iris, error: undefined, rows: 5, durationMs: 20 } as const
  const waited = { queueMs: 3, inputMs: 0, runMs: 0, outputMs: 0 }
  const events: Event[] = [
    { kind: 'state', ...iris, state: 'ready' },
    { ...request, timing },
    { ...request, error: 'internal', timing: undefined },
    { ...request, durationMs: 2, timing: { ...waited, queueMs: 0 }, cached: true },
    { ...request, durationMs: 2, timing: { ...waited, queueMs: 0 }, cached: true },
    { ...request, durationMs: 5, timing: waited, cached: true },
    { kind: 'cache', ...iris, hit: false, ms: 0.5 },
    { kind: 'cache', ...iris, hit: false, ms: 0.25 },
    { kind: 'cache', ...iris, hit: true, ms: 0.002 },
    { kind: 'cache', ...iris, hit: true, ms: 0.003 },
    { kind: 'cache', ...iris, hit: true, ms: 0.001 },
    { kind: 'cache-held', bytes: 900, entries: 2, evicted: 0 },
    { kind: 'cache-held', bytes: 800, entries: 1, evicted: 2 },
    { kind: 'cache-held', bytes: 850, entries: 3, evicted: 1 },
  ]
  for (const event of events) metrics.emit(event)
  return metrics
}

test('cached answers count as requests, and not as rows or runs', () => {
  const [statistics] = counted().modelStatistics()
  assert.equal(statistics?.inferenceCount, 5)
  assert.deepEqual(statistics.success, { count: 4, ns: 29_000_000 })
  assert.deepEqual(statistics.fail, { count: 1, ns: 20_000_000 })
  assert.deepEqual(statistics.queue, { count: 4, ns: 4_000_000 })
  assert.deepEqual(statistics.computeInput, { count: 1, ns: 2_000_000 })
  assert.deepEqual(statistics.computeInfer, { count: 1, ns: 4_000_000 })
  assert.deepEqual(statistics.computeOutput, { count: 1, ns: 8_000_000 })
  assert.deepEqual(statistics.cacheHit, { count: 3, ns: 6_000 })
  assert.deepEqual(statistics.cacheMiss, { count: 2, ns: 750_000 })
})

test('metrics tell of hits, misses, and what is kept', async (t) => {
  const metrics = counted()
  t.after(() => metrics.close())
  const { body } = await metrics.render()
  const of = '{model="iris",version="1"}'
  for (const line of [
    `nv_cache_num_hits_per_model${of} 3`,
    `nv_cache_num_misses_per_model${of} 2`,
    `nv_cache_hit_duration_per_model${of} 6`,
    `nv_cache_miss_duration_per_model${of} 750`,
    'sluice_cache_bytes 850',
    'sluice_cache_entries 3',
    'sluice_cache_evictions_total 3',
    `nv_inference_request_success${of} 4`,
    `nv_inference_count${of} 5`,
    'sluice_queue_delay_seconds_count{model="iris",version="1"} 1',
    'prediction_latency_seconds_count{model="iris",version="1"} 4',
  ]) {
    assert.ok(body.includes(`\n${line}\n`), line)
  }
})

test('an answer is told as cached where it is, and only there', async () => {
  const answer: InferenceResponse = {
    ...{ ...iris, outputs: [] },
    timing: { queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 },
  }
  const told: (boolean | undefined)[] = []
  const emit = (event: Event) => {
    if (event.kind === 'request') told.push(event.cached)
  }
  for (const cached of [true, false, undefined]) {
    const predictor = {
      signature: { inputs: [], outputs: [] },
      predict: async () => (cached === undefined ? answer : { ...answer, cached }),
    } as unknown as Predictor
    const watched = observed(predictor, { ...iris, events: { emit }, clock: new HandClock() })
    await watched.predict({ inputs: [] }, new Call({ requestId: 'r' }))
  }
  assert.deepEqual(told, [true, undefined, undefined])
})
