import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Lane, type Place, Slots } from './slots.ts'

const seed = 19

describe('slots', () => {
  it('run a job at once while one is free, and the next when one falls free', async () => {
    const { slots, enter, started, finish } = setUp(2, [10])
    for (const job of ['a', 'b', 'c', 'd']) enter(0, job)
    assert.deepEqual(started, ['a', 'b'])
    assert.equal(slots.busy, 2)
    await finish('b')
    assert.deepEqual(started, ['a', 'b', 'c'])
    await finish('a')
    assert.deepEqual(started, ['a', 'b', 'c', 'd'])
    await finish('c')
    await finish('d')
    assert.equal(slots.busy, 0)
  })

  it('keep exactly as many waiting as a lane may have', () => {
    for (const bound of [0, 1, 3]) {
      const { enter, lanes } = setUp(1, [bound])
      assert.ok(enter(0, 'runs'))
      for (let index = 0; index < bound; index++) assert.ok(enter(0, `waits ${index}`))
      assert.equal(lanes[0]!.waiting, bound)
      assert.equal(enter(0, 'one too many'), undefined)
      assert.equal(lanes[0]!.waiting, bound)
    }
  })

  it('take a job again once a place in the queue is given up', async () => {
    const { enter, started, finish } = setUp(1, [1])
    enter(0, 'runs')
    const place = enter(0, 'leaves')
    assert.equal(enter(0, 'refused'), undefined)
    assert.equal(place?.leave(), true)
    assert.ok(enter(0, 'taken'))
    await finish('runs')
    assert.deepEqual(started, ['runs', 'taken'])
  })

  it('give a place up once, and never that of a job that has begun', async () => {
    const { enter, started, finish } = setUp(1, [5])
    const running = enter(0, 'runs')!
    const waiting = enter(0, 'waits')!
    enter(0, 'last')
    assert.equal(running.leave(), false)
    assert.equal(waiting.leave(), true)
    assert.equal(waiting.leave(), false)
    await finish('runs')
    assert.deepEqual(started, ['runs', 'last'])
  })

  it('take turns: a lane with a hundred jobs does not hold another one up', async () => {
    const { enter, started, finish } = setUp(1, [200, 200, 200])
    for (let index = 0; index < 100; index++) enter(0, `hot ${index}`)
    enter(1, 'one')
    enter(1, 'two')
    enter(2, 'three')
    for (let turn = 0; turn < 6; turn++) await finish(started.at(-1)!)
    assert.deepEqual(started, ['hot 0', 'hot 1', 'one', 'three', 'hot 2', 'two', 'hot 3'])
  })

  it('do not give a second turn to a lane that left and came back', async () => {
    const { enter, started, finish } = setUp(1, [9, 9])
    enter(0, 'runs')
    enter(0, 'gone')!.leave()
    enter(0, 'a1')
    enter(0, 'a2')
    enter(1, 'b1')
    for (let turn = 0; turn < 3; turn++) await finish(started.at(-1)!)
    assert.deepEqual(started, ['runs', 'a1', 'b1', 'a2'])
  })

  it('take jobs that a job enters while it starts', async () => {
    const slots = new Slots({ threads: 2, placesPerThread: 1 })
    const lane = slots.lane(5)
    const started: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const job = (name: string, then?: () => void) => () => {
      started.push(name)
      then?.()
      return promise
    }
    lane.enter(job('outer', () => ['inner', 'last'].forEach((name) => void lane.enter(job(name)))))
    assert.deepEqual(started, ['outer', 'inner'])
    assert.equal(slots.busy, 2)
    resolve()
    await settled()
    assert.deepEqual(started, ['outer', 'inner', 'last'])
  })

  it('must be some', () =>
    assert.throws(() => new Slots({ threads: 0, placesPerThread: 1 }), { name: 'AssertionError' }))
})

type Step =
  | { readonly kind: 'enter'; readonly lane: number }
  | { readonly kind: 'leave' | 'finish'; readonly which: number }

describe('slots on any schedule', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('enter' as const), lane: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat(99) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('finish' as const), which: fc.nat(99) }),
    },
  )
  const schedule = fc.record({
    capacity: fc.integer({ min: 1, max: 3 }),
    bounds: fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4)),
    steps: fc.array(step, { maxLength: 60 }),
  })

  it('keep their invariants after every step', async () => {
    const property = fc.asyncProperty(schedule, async ({ capacity, bounds, steps }) => {
      const world = setUp(capacity, bounds)
      const waiting = bounds.map((): string[] => [])
      const running: string[] = []
      let next = 0
      /** What has started since then, held against the rules. */
      const observe = (from: number) => {
        for (const job of world.started.slice(from)) {
          const lane = Number(job[0])
          assert.equal(waiting[lane]!.shift(), job, 'first in, first out')
          running.push(job)
        }
        const total = waiting.reduce((sum, queue) => sum + queue.length, 0)
        assert.equal(world.slots.busy, running.length)
        assert.ok(running.length <= capacity, 'no more than capacity')
        assert.ok(running.length === capacity || total === 0, 'nothing waits while a slot is free')
        bounds.forEach((bound, lane) => {
          assert.equal(world.lanes[lane]!.waiting, waiting[lane]!.length)
          assert.ok(waiting[lane]!.length <= bound)
        })
      }
      for (const taken of steps) {
        const from = world.started.length
        if (taken.kind === 'enter') {
          const job = `${taken.lane}:${next++}`
          const free =
            running.length < capacity || waiting[taken.lane]!.length < bounds[taken.lane]!
          waiting[taken.lane]!.push(job)
          const place = world.enter(taken.lane, job)
          assert.equal(place !== undefined, free, 'the bound is exact')
          if (place === undefined) waiting[taken.lane]!.pop()
        } else if (taken.kind === 'leave') {
          const jobs = [...world.places.keys()]
          const job = jobs[taken.which % jobs.length]
          if (job === undefined) continue
          const queue = waiting[Number(job[0])]!
          const waits = queue.includes(job)
          assert.equal(world.places.get(job)!.leave(), waits)
          if (waits) queue.splice(queue.indexOf(job), 1)
        } else {
          const job = running[taken.which % running.length]
          if (job === undefined) continue
          running.splice(running.indexOf(job), 1)
          await world.finish(job)
        }
        observe(from)
      }
      while (running.length > 0) {
        const from = world.started.length
        await world.finish(running.shift()!)
        observe(from)
      }
      assert.equal(new Set(world.started).size, world.started.length, 'nothing runs twice')
    })
    await fc.assert(property, { seed, numRuns: 300 })
  })

  it('let a waiting lane wait for one job at most of each other lane', async () => {
    const arrivals = fc.array(fc.nat(3), { minLength: 10, maxLength: 60 })
    const property = fc.asyncProperty(arrivals, async (lanes) => {
      const world = setUp(1, [99, 99, 99, 99])
      lanes.forEach((lane, index) => void world.enter(lane, `${lane}:${index}`))
      while (world.slots.busy > 0) await world.finish(world.started.at(-1)!)
      // everything was there from the start, so a lane with jobs left never sees one lane twice
      const order = world.started.slice(1).map((job) => job[0])
      order.forEach((lane, at) => {
        const again = order.indexOf(lane, at + 1)
        if (again === -1) return
        const between = order.slice(at + 1, again)
        assert.equal(new Set(between).size, between.length, order.join(''))
      })
    })
    await fc.assert(property, { seed, numRuns: 200 })
  })
})

function setUp(capacity: number, bounds: readonly number[]) {
  const slots = new Slots({ threads: capacity, placesPerThread: 1 })
  const lanes: readonly Lane[] = bounds.map((bound) => slots.lane(bound))
  const started: string[] = []
  const places = new Map<string, Place>()
  const ends = new Map<string, () => void>()
  return {
    slots,
    lanes,
    started,
    places,
    enter(lane: number, job: string): Place | undefined {
      const place = lanes[lane]!.enter(() => {
        started.push(job)
        return new Promise<void>((resolve) => ends.set(job, resolve))
      })
      if (place !== undefined) places.set(job, place)
      return place
    },
    async finish(job: string): Promise<void> {
      ends.get(job)!()
      await settled()
    },
  }
}

/** Lets every promise that is due be told. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
