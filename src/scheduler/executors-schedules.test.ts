import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import { fail, ServingError } from '../errors.ts'
import type { RunResult } from '../runtime/index.ts'
import { type Run, rows, schedulerOf, settled, setUp } from './testing.ts'

describe('executors on any schedule', () => {
  const step = fc.record({
    kind: fc.constantFrom(
      'arrive',
      'arrive',
      'arrive',
      'cancel',
      'finish',
      'finish',
      'fail',
      'tick',
    ),
    which: fc.nat(99),
    lane: fc.nat(1),
    deadline: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
  })
  const schedule = fc.record({
    capacity: fc.integer({ min: 1, max: 3 }),
    maxWaiting: fc.nat(4),
    steps: fc.array(step, { minLength: 5, maxLength: 60 }),
    drainAt: fc.nat(70),
  })

  it('answer every request once and rightly, and leave nothing behind', async () => {
    const property = fc.asyncProperty(
      schedule,
      async ({ capacity, maxWaiting, steps, drainAt }) => {
        const clock = new HandClock()
        const scheduler = schedulerOf({ capacity, maxWaiting, clock })
        const { dispatcher } = scheduler
        const worlds = [0, 1].map(() => setUp({ clock, scheduler, maxWaiting }))
        const settlements: { readonly value: number; outcome: unknown; count: number }[] = []
        const calls: Call[] = []
        let drains: Promise<void>[] = []
        let accepted = 0
        let next = 1

        for (const [index, { kind, which, lane, deadline }] of steps.entries()) {
          if (index === drainAt) drains = worlds.map(({ executors }) => executors.drain())
          const world = worlds[lane]!
          const open = worlds.flatMap(({ runs }) => runs.filter(({ isOpen }) => isOpen()))
          if (kind === 'arrive') {
            const value = next++
            const settlement = { value, outcome: undefined as unknown, count: 0 }
            settlements.push(settlement)
            const until = deadline === undefined ? undefined : clock.now() + deadline
            const call = new Call({ requestId: `${value}`, deadline: until })
            calls.push(call)
            const settle = (outcome: unknown) => {
              settlement.outcome = outcome
              settlement.count += 1
            }
            void world.executors.predict(world.request(value), call).then(settle, settle)
          } else if (kind === 'cancel') calls[which % calls.length]?.cancel()
          else if (kind === 'tick') clock.advance(which % 20)
          else if (kind === 'finish') open[which % open.length]?.succeed({ runMs: 1 })
          else open[which % open.length]?.fail(fail('RUN_FAILED'))
          await settled()
          assert.ok(dispatcher.underWay <= capacity)
          assert.equal(
            dispatcher.underWay,
            openRuns(worlds).length,
            'a slot is held by an open run only',
          )
        }
        while (openRuns(worlds).length > 0) {
          openRuns(worlds)[0]!.succeed({ runMs: 1 })
          await settled()
        }
        await Promise.all([...drains, ...worlds.map(({ executors }) => executors.drain())])

        assert.equal(dispatcher.underWay, 0)
        for (const { value, outcome, count } of settlements) {
          assert.equal(count, 1, `request ${value} is answered once`)
          if (outcome instanceof ServingError) {
            const ran = worlds.some(({ runs }) => runs.some((run) => run.value === value))
            if (outcome.reason === 'QUEUE_FULL' || outcome.reason === 'DRAINING') assert.ok(!ran)
            if (outcome.reason === 'DEADLINE_EXCEEDED') assert.ok(!ran)
          } else {
            assert.deepEqual((outcome as RunResult).outputs, [rows('y', [value])])
            accepted += 1
          }
        }
        const succeeded = worlds.flatMap(({ runs }) => runs.filter(({ gave }) => gave()))
        assert.ok(succeeded.length >= accepted)
        for (const { runs, events } of worlds) {
          const values = runs.map(({ value }) => value)
          assert.deepEqual(
            values,
            [...values].sort((x, y) => x - y),
            'in the order they came',
          )
          assert.equal(new Set(values).size, values.length, 'none runs twice')
          const waiting = events.flatMap((event) => (event.kind === 'queue' ? [event.waiting] : []))
          assert.equal(waiting.at(-1) ?? 0, 0)
        }
      },
    )
    await fc.assert(property, { seed: 23, numRuns: 400 })
  })
})

interface World {
  readonly runs: readonly Run[]
}
const openRuns = (worlds: readonly World[]) =>
  worlds.flatMap(({ runs }) => runs.filter(({ isOpen }) => isOpen()))
