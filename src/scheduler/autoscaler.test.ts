import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HandClock } from '../clock.ts'
import { parseModelConfig } from '../config/index.ts'
import type { Event } from '../events.ts'
import { silentLog } from '../log.ts'
import { autoscaleBounds, executorsWarning } from './autoscale-bounds.ts'
import { Autoscaler, type Scalable } from './autoscaler.ts'

describe('executors whose number goes by what comes', () => {
  it('begin with the fewest, and are more within a second when more comes', () => {
    const { add, events, autoscaler } = setUp()
    const { scalable, serve } = add('executors: {minimum: 2, maximum: 5}')
    assert.equal(scalable.executors, 2)
    serve(4000, 100) // a row takes 10 ms: one executor's work
    assert.equal(scalable.executors, 2)
    serve(1000, 400)
    assert.ok(scalable.executors >= 4, `${scalable.executors}`)
    const changes = events.filter(({ kind }) => kind === 'scaled')
    const [first] = changes
    assert.ok(first?.kind === 'scaled')
    assert.deepEqual([first.model, first.from, first.dryRun], ['iris', 2, false])
    assert.ok(first.to > 2)
    const [told] = autoscaler.explain()
    assert.equal(told?.executors, scalable.executors)
    assert.equal(told.decision?.executors, scalable.executors)
    assert.ok(told.decision.inputs.rowsPerSecond > 250)
  })

  it('stay as they are where it is only told what would be done', () => {
    const { add, events, autoscaler } = setUp()
    const { scalable, serve } = add('executors: {minimum: 1, maximum: 6, dryRun: true}')
    serve(40_000, 450)
    assert.equal(scalable.executors, 8)
    assert.equal(autoscaler.explain()[0]?.decision?.executors, 6)
    assert.ok(events.every((event) => event.kind === 'scaled' && event.dryRun))
    // up, and not again and again
    assert.ok(events.length >= 1 && events.length <= 4, `${events.length}`)
  })

  it('are nobody else', () => {
    const { add, autoscaler } = setUp()
    const { scalable, serve } = add('executors: 3')
    serve(10_000, 900)
    assert.equal(scalable.executors, 8)
    assert.deepEqual(autoscaler.explain(), [])
    assert.equal(autoscaler.loaded().length, 1)
  })

  it('are decided about no longer when they are gone', () => {
    const { clock, add, autoscaler } = setUp()
    const first = add('executors: {minimum: 1}')
    const second = add('executors: {minimum: 2}')
    first.remove()
    second.serve(1000, 700)
    assert.equal(first.scalable.executors, 1)
    assert.ok(second.scalable.executors > 2)
    second.remove()
    assert.deepEqual([autoscaler.loaded(), autoscaler.explain()], [[], []])
    const { executors } = second.scalable
    clock.advance(600_000)
    assert.equal(second.scalable.executors, executors)
    const third = add('executors: {minimum: 1}')
    third.serve(2000, 700)
    assert.ok(third.scalable.executors > 4, 'and about others from then on')
  })
})

describe('the bounds of executors', () => {
  const of = (yaml: string) => parseModelConfig(yaml, 'm').executors

  it('are those of the configuration, within the threads there are', () => {
    assert.deepEqual(autoscaleBounds(of('executors: {}'), 4), {
      ...{ minimum: 1, maximum: 4, dryRun: false },
    })
    assert.deepEqual(autoscaleBounds(of('executors: {minimum: 6, maximum: 9}'), 4), {
      ...{ minimum: 4, maximum: 4, dryRun: false },
    })
    assert.deepEqual(autoscaleBounds(of('executors: {minimum: 2, maximum: 3, dryRun: true}'), 4), {
      ...{ minimum: 2, maximum: 3, dryRun: true },
    })
    for (const yaml of ['{}', 'executors: auto', 'executors: 3']) {
      assert.equal(autoscaleBounds(of(yaml), 4), undefined)
    }
  })

  it('are told where more is asked for than there are threads', () => {
    const told = (yaml: string) => executorsWarning(of(yaml), 4)
    const warning = '7 executors are asked for, and 4 can compute at once: so many there are'
    assert.equal(told('executors: 7'), warning)
    assert.equal(told('executors: {maximum: 7}'), warning)
    for (const yaml of ['{}', 'executors: 4', 'executors: {minimum: 4}']) {
      assert.equal(told(yaml), undefined)
    }
  })
})

function setUp() {
  const clock = new HandClock()
  const events: Event[] = []
  const autoscaler = new Autoscaler({
    ...{ threads: 8, clock, log: silentLog },
    events: { emit: (event) => events.push(event) },
  })
  return {
    clock,
    events,
    autoscaler,
    add(yaml: string) {
      let [executors, arrivedRows] = [8, 0]
      const scalable: Scalable = {
        get executors() {
          return executors
        },
        setExecutors(count) {
          executors = count
        },
        figures: () => ({
          ...{ arrivedRows, oldestWaitMs: 0, best: { rows: 2, ms: 20 }, limits: [] },
        }),
      }
      const config = parseModelConfig(yaml, 'model.yaml')
      const remove = autoscaler.add({ model: 'iris', version: '3', config, scalable })
      return {
        scalable,
        remove,
        serve(ms: number, rowsPerSecond: number) {
          for (let passed = 0; passed < ms; passed += 50) {
            arrivedRows += (50 * rowsPerSecond) / 1000
            clock.advance(50)
          }
        },
      }
    },
  }
}
