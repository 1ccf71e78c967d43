import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InFlight } from './in-flight.ts'
import { fleetOf, loadedOf, request, setUp } from './testing.ts'

test('the ways of requests are counted, and are there as 0 before the first', async (t) => {
  const { metrics, series, clock } = setUp(t)
  metrics.emit({ kind: 'state', model: 'iris', version: '1', state: 'ready' })
  const iris = 'model="iris",version="1"'
  const before = await series()
  for (const name of [
    `sluice_requests_total{${iris},code="ok"}`,
    `sluice_inflight{${iris}}`,
    `sluice_inflight_seconds_total{${iris}}`,
    `sluice_queue_depth{${iris}}`,
    `sluice_exec_seconds_count{${iris}}`,
    `sluice_batch_size_count{${iris}}`,
    `sluice_batches_total{${iris},left="idle"}`,
    `sluice_shed_total{${iris},why="late"}`,
    `sluice_deadline_exceeded_total{${iris}}`,
    `sluice_slot_busy_seconds_total{${iris}}`,
  ]) {
    assert.equal(before(name), 0, name)
  }
  const run = { kind: 'executed', model: 'iris', version: '1', inputMs: 1, outputMs: 2 } as const
  metrics.emit({ ...run, requests: 3, rows: 6, left: 'full', where: 'thread', runMs: 40 })
  metrics.emit({ ...run, requests: 2, rows: 2, left: 'idle', where: 'loop', runMs: 0.03 })
  metrics.emit({ ...run, requests: 1, rows: 9, left: 'full', where: 'thread', runMs: 70 })
  for (const why of ['late', 'full', 'late'] as const) {
    metrics.emit({ kind: 'shed', model: 'iris', version: '1', why })
  }
  for (const error of ['deadline_exceeded', 'overloaded', 'deadline_exceeded'] as const) {
    metrics.emit(request({ error }))
  }
  metrics.emit({ kind: 'queue', model: 'iris', version: '1', waiting: 4 })
  const scaled = { kind: 'scaled', model: 'iris', version: '1', why: 'load' } as const
  for (const [from, to, dryRun] of [
    [1, 4, false],
    [4, 3, false],
    [3, 6, false],
    [6, 1, true],
  ] as const) {
    metrics.emit({ ...scaled, from, to, dryRun })
  }
  const inFlight = (count: number, ms: number) => ({ count, msUntil: (now: number) => ms + now })
  metrics.emit({ kind: 'watched', model: 'iris', version: '1', inFlight: inFlight(2, 500) })
  metrics.emit({ kind: 'watched', model: 'iris', version: '1', inFlight: inFlight(5, 0) })
  clock.advance(250)

  const at = await series()
  for (const [name, value] of [
    [`sluice_requests_total{${iris},code="deadline_exceeded"}`, 2],
    [`sluice_requests_total{${iris},code="overloaded"}`, 1],
    [`sluice_inflight{${iris}}`, 7],
    [`sluice_inflight_seconds_total{${iris}}`, 1],
    [`sluice_queue_depth{${iris}}`, 4],
    [`sluice_exec_seconds_bucket{le="0.05",${iris}}`, 2],
    [`sluice_batch_size_bucket{le="8",${iris}}`, 2],
    [`sluice_batches_total{${iris},left="full"}`, 2],
    [`sluice_batches_total{${iris},left="idle"}`, 1],
    [`sluice_shed_total{${iris},why="late"}`, 2],
    [`sluice_shed_total{${iris},why="full"}`, 1],
    [`sluice_deadline_exceeded_total{${iris}}`, 2],
    [`sluice_slot_busy_seconds_total{${iris}}`, 0.11],
    [`sluice_slot_changes_total{${iris},direction="up"}`, 2],
    [`sluice_slot_changes_total{${iris},direction="down"}`, 1],
  ] as const) {
    assert.equal(at(name), value, name)
  }
})

test('time under way goes on where it was when a version is loaded again', async (t) => {
  const { metrics, series, clock } = setUp(t)
  const name = 'sluice_inflight_seconds_total{model="iris",version="1"}'
  const first = new InFlight(clock.now())
  metrics.emit({ kind: 'watched', model: 'iris', version: '1', inFlight: first })
  first.begin(clock.now())
  clock.advance(2000)
  const second = new InFlight(clock.now())
  metrics.emit({ kind: 'watched', model: 'iris', version: '1', inFlight: second })
  second.begin(clock.now())
  clock.advance(1000)
  first.end(clock.now())
  assert.equal((await series())(name), 4)
  metrics.emit({ kind: 'watched', model: 'iris', version: '1', inFlight: new InFlight(9) })
  second.end(clock.now())
  assert.equal((await series())(name), 4)
})

test('executors of loaded versions are told, and what they are asked for', async (t) => {
  const { metrics, series, clock } = setUp(t)
  assert.equal((await series())('sluice_threads'), undefined)
  let arrivedRows = 50
  const limits = Array.from({ length: 12 }, (_, at) => ({ shape: `x:${at}`, rows: at + 3 }))
  metrics.watch(
    fleetOf([
      loadedOf({ model: 'iris', executors: 3, limits, arrived: () => arrivedRows }),
      loadedOf({ model: 'idle', executors: 2, limits: [{ shape: '', rows: 16 }] }),
    ]),
  )
  const before = await series()
  assert.equal(before('sluice_threads'), 4)
  assert.equal(before('sluice_load_factor{model="iris"}'), 0)
  clock.advance(60_000)
  arrivedRows += 60 * 600 // of 5 ms each: three executors' work
  const at = await series()
  const about = (name: string, value: number) =>
    assert.ok(Math.abs(at(name)! - value) < 0.01 * value, `${name} ${at(name)}`)
  about('sluice_load_factor{model="iris"}', 1)
  about('sluice_server_load_factor', 0.75)
  assert.equal(at('sluice_load_factor{model="idle"}'), 0)
  assert.equal(at('sluice_slots{model="iris",version="1"}'), 3)
  assert.equal(at('sluice_batch_limit{model="iris",version="1",shape="x:7"}'), 10)
  assert.equal(at('sluice_batch_limit{model="iris",version="1",shape="x:8"}'), undefined)
  assert.equal(at('sluice_batch_limit{model="idle",version="1",shape="any"}'), 16)
  assert.equal(at('sluice_slots_wanted{model="iris",version="1"}'), 7)
})

test('a model is asked for as much as the event loop is busy, where that is more', async (t) => {
  const { metrics, series, clock, loop } = setUp(t)
  let arrivedRows = 0
  metrics.watch(
    fleetOf([
      loadedOf({ model: 'iris', executors: 3, arrived: () => arrivedRows }),
      loadedOf({ model: 'idle' }),
    ]),
  )
  await series()
  clock.advance(60_000)
  loop.active += 48_000
  loop.idle += 12_000
  arrivedRows += 60 * 60
  const at = await series()
  const about = (name: string, value: number) =>
    assert.ok(Math.abs(at(name)! - value) < 0.01 * value, `${name} ${at(name)}`)
  about('sluice_event_loop_utilization', 0.8)
  about('sluice_load_factor{model="iris"}', 0.8)
  about('sluice_server_load_factor', 0.8)
  assert.equal(at('sluice_load_factor{model="idle"}'), 0)
})
