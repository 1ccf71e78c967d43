import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Recorder } from './measure/recorder.ts'
import { type Scenario, scenarioResult } from './scenario.ts'
import { measuredOfRecorder } from './testing.ts'

describe('a scenario of MLPerf', () => {
  it('single-stream says the 90th percentile that early stopping allows, above the plain one', () => {
    const { value, unit, sure } = resultOf('single-stream', { latencies: upTo(1000) })
    assert.ok(sure && unit === 'ms')
    // of 1000 queries 78 may be left out for sure, and not 100
    assert.ok(value! > 900 && value! < 930, `${value}`)
  })

  it('single-stream says nothing after 63 queries', () => {
    const { value, sure, why } = resultOf('single-stream', { latencies: upTo(63) })
    assert.deepEqual([value, sure], [null, false])
    assert.match(why, /63 queries are too few, 64 are needed/)
  })

  it('multi-stream has 8 samples a query, and their 99th percentile', () => {
    assert.match(resultOf('multi-stream', { latencies: upTo(661) }).why, /662 are needed/)
    const { value, rules } = resultOf('multi-stream', { latencies: upTo(662) })
    assert.ok(value! >= 662 && value! < 663)
    assert.deepEqual(rules, ['a submission runs 600 s or longer'])
  })

  it('multi-stream says nothing where the slowest were missed', () => {
    const { value, why } = resultOf('multi-stream', { latencies: upTo(700), misses: 5 })
    assert.equal(value, null)
    assert.match(why, /more queries were missed than the percentile allows/)
  })

  it('server is its rate, where it is sure that the bound holds', () => {
    const { value, unit, sure } = resultOf('server', { latencies: Array(459).fill(4), slo: 5 })
    assert.ok(sure)
    assert.deepEqual([value, unit], [77, 'queries/s'])
  })

  it('server says what is missing, too many queries or too few', () => {
    const few = resultOf('server', { latencies: Array(458).fill(4), slo: 5 })
    assert.deepEqual([few.value, few.sure], [null, false])
    assert.match(few.why, /0 of 458 queries .* 459 are needed/)
    const late = resultOf('server', {
      latencies: [...Array(90).fill(4), ...Array(10).fill(6)],
      slo: 5,
    })
    assert.match(late.why, /10 of 100 queries were not within 5 ms: that is more than 99 % allow/)
  })

  it('offline is the samples a second, with all rows', () => {
    const { value, unit, sure, rules } = resultOf('offline', { latencies: Array(50).fill(100) })
    assert.ok(sure && unit === 'samples/s')
    assert.equal(Math.round(value!), (50 * 3) / 0.1)
    assert.deepEqual(rules, ['a submission runs 600 s or longer', 'a submission has 24576 samples'])
  })
})

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1)

interface Shown {
  readonly latencies: readonly number[]
  readonly misses?: number
  readonly slo?: number
}

function resultOf(scenario: Scenario, { latencies, misses = 0, slo }: Shown) {
  const recorder = new Recorder({ slotMs: 1000, sloMs: slo, countedFrom: 0 })
  const common = { due: 0, sent: 0, counted: true }
  for (const done of latencies) recorder.record({ ...common, done, outcome: { ok: true } })
  for (let one = 0; one < misses; one++) {
    recorder.record({ ...common, done: 1, outcome: { ok: false, why: 'x' } })
  }
  const measured = measuredOfRecorder(recorder, { rows: 3, sloMs: slo, scheduledRate: 77 })
  return scenarioResult(scenario, measured, recorder, slo)
}
