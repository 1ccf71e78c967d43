import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Sample } from '../load/outcome.ts'
import { Recorder } from './recorder.ts'
import { whyUnsteady } from './steadiness.ts'

describe('a recorder', () => {
  it('holds a miss to be later than any answer', () => {
    const recorder = recorderOf()
    for (let at = 1; at <= 98; at++) recorder.record(sample({ latency: at }))
    recorder.record(sample({ why: 'no' }))
    recorder.record(sample({ why: 'no' }))
    assert.equal(Math.round(recorder.quantile(0.5)!), 50)
    assert.equal(Math.round(recorder.quantile(0.98)!), 98)
    assert.equal(recorder.quantile(0.99), undefined)
  })

  it('counts from when a request was due, and not what warms up', () => {
    const recorder = recorderOf()
    recorder.record({ ...sample({ latency: 1 }), counted: false })
    recorder.record({ ...sample({ latency: 30 }), due: 1000, sent: 1020 })
    assert.deepEqual([recorder.requests, recorder.warmUp], [1, 1])
    assert.ok(Math.abs(recorder.latency.atRank(1)! - 30) < 0.05)
    assert.ok(Math.abs(recorder.lateness.atRank(1)! - 20) < 0.05)
  })

  it('knows how many kept the bound, misses not among them', () => {
    const recorder = recorderOf()
    for (const latency of [5, 10, 10.5]) recorder.record(sample({ latency }))
    recorder.record(sample({ why: 'x' }))
    assert.equal(recorder.withinSlo, 2)
  })

  it('puts what was missed for one reason together, whatever numbers are in it', () => {
    const recorder = recorderOf()
    for (const why of ['HTTP 503: wait 12 ms', 'HTTP 503: wait 7.5 ms', 'HTTP 500: wait 1 ms']) {
      recorder.record(sample({ why }))
    }
    assert.deepEqual(recorder.misses, [
      { why: 'HTTP 503: wait 12 ms', count: 2 },
      { why: 'HTTP 500: wait 1 ms', count: 1 },
    ])
  })

  it('keeps no more reasons than a person reads', () => {
    const recorder = recorderOf()
    for (let at = 0; at < 100; at++) recorder.record(sample({ why: 'x'.repeat(at + 1) }))
    assert.ok(recorder.misses.length <= 31)
    assert.deepEqual(recorder.misses[0], { why: 'for other reasons', count: 70 })
  })

  it('tells of each part of the time by when requests were due', () => {
    const recorder = recorderOf()
    for (const [due, latency] of [
      [1030, 300],
      [1310, 4],
      [1260, 2],
    ] as const) {
      recorder.record({ ...sample({ latency }), due, sent: due, done: due + latency })
    }
    recorder.record({ ...sample({ why: 'x' }), due: 1999, sent: 1999, done: 1999 })
    assert.deepEqual(
      recorder.slots.map(({ sent, answered, missed }) => [sent, answered, missed]),
      [
        [1, 1, 0],
        [2, 2, 0],
        [0, 0, 0],
        [1, 0, 1],
      ],
    )
    assert.equal(recorder.spanMs, 999)
  })
})

describe('a run', () => {
  const thirds = (latencies: readonly number[], counts: readonly number[]) =>
    latencies.map((latency, at) => {
      const recorder = recorderOf()
      for (let one = 0; one < counts[at]!; one++) recorder.record(sample({ latency }))
      return recorder.slots[0]!
    })

  it('that goes on as it began is steady', () => {
    assert.deepEqual(whyUnsteady(thirds([10, 10.5, 10.9], [100, 105, 98]), false), [])
  })

  it('whose latency climbs is not, nor one whose rate falls in a closed loop', () => {
    const climbs = whyUnsteady(thirds([10, 11, 15], [100, 100, 100]), true)
    assert.deepEqual(climbs, [
      'the mean latency of one third of the run is 1.50 times that of another',
    ])
    assert.deepEqual(whyUnsteady(thirds([10, 10, 10], [100, 70, 100]), true), [])
    assert.match(whyUnsteady(thirds([10, 10, 10], [100, 70, 100]), false)[0]!, /^the rate .* 1\.43/)
  })

  it('of few requests says nothing', () => {
    assert.deepEqual(whyUnsteady(thirds([10, 20, 90], [49, 49, 49]), false), [])
    assert.deepEqual(whyUnsteady([], false), [])
  })
})

const recorderOf = () => new Recorder({ slotMs: 250, sloMs: 10, countedFrom: 1000 })

function sample({ latency = 1, why }: { latency?: number; why?: string }): Sample {
  const due = 1000
  const outcome = why === undefined ? ({ ok: true } as const) : ({ ok: false, why } as const)
  return { due, sent: due, done: due + latency, outcome, counted: true }
}
