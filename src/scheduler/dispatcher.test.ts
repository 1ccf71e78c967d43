import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Dispatcher } from './dispatcher.ts'
import type { Lane, LaneOptions } from './lane.ts'
import { Resources } from './resources.ts'

interface Begun {
  readonly name: string
  readonly thread: number
  readonly ahead: number | undefined
  end(tookMs?: number): void
}

function setUp({ threads = 2, places = 1 }: { threads?: number; places?: number } = {}) {
  let now = 0
  const dispatcher = new Dispatcher({ threads, placesPerThread: places, now: () => now })
  const begun: Begun[] = []
  /** A model with so many runs to start, each of which is expected to take so long. */
  const model = (name: string, { runs = 0, ms = 10, ...options }: Model = {}) => {
    let left = runs
    const lane: Lane = dispatcher.lane(
      {
        get backlogMs() {
          return left * ms
        },
        start(thread, ahead, ended) {
          if (left === 0) return undefined
          left -= 1
          if (left === 0) lane.withdraw()
          begun.push({ name, thread, ahead, end: (tookMs = ms) => ended(tookMs) })
          return ms
        },
      },
      options,
    )
    return {
      lane,
      add(count: number) {
        left += count
        lane.offer()
      },
    }
  }
  return {
    dispatcher,
    begun,
    model,
    names: () => begun.map(({ name }) => name).join(''),
    advance: (ms: number) => {
      now += ms
    },
  }
}

interface Model extends LaneOptions {
  readonly runs?: number
  readonly ms?: number
}

describe('the threads', () => {
  it('are each given a run before any is given one ahead', () => {
    const { begun, model } = setUp({ threads: 2, places: 2 })
    model('a').add(5)
    assert.deepEqual(
      begun.map(({ thread, ahead }) => [thread, ahead]),
      [
        [0, undefined],
        [1, undefined],
        [0, 10],
        [1, 10],
      ],
    )
  })

  it('get the next run when one ends, told how long the one ahead of it has left', () => {
    const { begun, model, advance } = setUp({ threads: 1, places: 2 })
    model('a').add(3)
    advance(12)
    begun[0]!.end()
    advance(4)
    assert.equal(begun.length, 3)
    assert.equal(begun[2]!.ahead, 10, 'the second has only begun')
  })

  it('run a model on no more of them than it has executors, ahead as well', () => {
    const { begun, model } = setUp({ threads: 3, places: 2 })
    const { add, lane } = model('a', { executors: 1 })
    add(6)
    assert.deepEqual(
      begun.map(({ thread }) => thread),
      [0, 0],
    )
    assert.equal(lane.threadsInUse, 1)
    lane.setExecutors(2)
    assert.deepEqual(
      begun.map(({ thread }) => thread),
      [0, 0, 1, 1],
    )
  })

  it('are left to others by a model that has as many as it may', () => {
    const { model, names } = setUp({ threads: 2 })
    model('a', { executors: 1 }).add(3)
    model('b').add(1)
    assert.equal(names(), 'ab')
  })

  it('are shared by a model while another has something to run, and for a second after', () => {
    const { model, dispatcher, advance } = setUp()
    const [a, b] = [model('a'), model('b')]
    a.add(1)
    assert.ok(!dispatcher.isShared(a.lane))
    b.add(1)
    assert.ok(dispatcher.isShared(a.lane) && dispatcher.isShared(b.lane))
    advance(900)
    a.add(1)
    assert.ok(dispatcher.isShared(a.lane))
    advance(200)
    assert.ok(!dispatcher.isShared(a.lane))
    assert.ok(dispatcher.isShared(b.lane))
    a.add(1)
    advance(1000)
    assert.ok(!dispatcher.isShared(b.lane))
  })
})

describe('turns', () => {
  it('go by the time that runs take, not by their number', () => {
    const { begun, model, names } = setUp({ threads: 1 })
    model('a', { ms: 30 }).add(9)
    model('b', { ms: 10 }).add(9)
    for (let index = 0; index < 8; index++) begun[index]!.end()
    assert.equal(names(), 'abbbabbba')
  })

  it('go by weight', () => {
    const { begun, model, names } = setUp({ threads: 1 })
    model('a', { weight: 2 }).add(9)
    model('b').add(9)
    for (let index = 0; index < 8; index++) begun[index]!.end()
    const [a, b] = ['a', 'b'].map((name) => [...names()].filter((one) => one === name).length)
    assert.ok(Math.abs(a! - 2 * b!) <= 1, names())
  })

  it('count what a run took in truth, once it has ended', () => {
    const { begun, model, names } = setUp({ threads: 1 })
    model('a').add(9)
    model('b').add(9)
    begun[0]!.end(40) // four times what was expected
    for (let index = 1; index < 5; index++) begun[index]!.end()
    assert.equal(names(), 'abbbba'.slice(0, names().length))
  })

  it('give nothing for the time in which a model had nothing to run', () => {
    const { begun, model, names } = setUp({ threads: 1 })
    const a = model('a')
    const b = model('b')
    a.add(50)
    for (let index = 0; index < 20; index++) begun[index]!.end()
    b.add(50)
    for (let index = 20; index < 30; index++) begun[index]!.end()
    const since = names().slice(21)
    const share = [...since].filter((one) => one === 'b').length / since.length
    assert.ok(share >= 0.4 && share <= 0.6, since)
  })

  it('let one whose load is ten times that of another keep it from nothing', () => {
    const { begun, model, names } = setUp({ threads: 1 })
    const hot = model('h')
    const cold = model('c')
    hot.add(1000)
    // the cold one has one run after every tenth of the others
    for (let index = 0; index < 200; index++) {
      if (index % 10 === 0) cold.add(1)
      begun[index]!.end()
    }
    const places = [...names()].flatMap((name, place) => (name === 'c' ? [place] : []))
    assert.equal(places.length, 20)
    for (const [turn, place] of places.entries()) assert.ok(place - 10 * turn <= 2, 'at once')
  })
})

describe('resources', () => {
  it('are taken by each thread that runs a model, and given back', () => {
    const resources = new Resources(new Map([['licence', 2]]))
    const need = (count: number) => resources.need([{ name: 'licence', count }])
    const { begun, model, names } = setUp({ threads: 3, places: 2 })
    model('a', { resources: need(2) }).add(2)
    model('b', { resources: need(1) }).add(2)
    assert.equal(names(), 'aa', 'both of them on one thread')
    begun[0]!.end()
    assert.equal(names(), 'aa')
    begun[1]!.end()
    assert.equal(names(), 'aabb')
    assert.equal(resources.free('licence'), 0)
    for (const index of [2, 3]) begun[index]!.end()
    assert.equal(resources.free('licence'), 2)
  })

  it('are as much as one model takes at most, where nothing is said', () => {
    const resources = new Resources()
    const need = (count: number) => resources.need([{ name: 'gpu', count }])
    const [three, two] = [need(3), need(2)]
    const { begun, model, names } = setUp({ threads: 2 })
    model('a', { resources: three }).add(1)
    model('b', { resources: two }).add(2)
    assert.equal(names(), 'a')
    begun[0]!.end()
    assert.equal(names(), 'ab')
  })

  it('of which a model wants more than there is keep it from ever running', () => {
    const resources = new Resources(new Map([['licence', 2]]))
    assert.deepEqual(resources.lacking([{ name: 'licence', count: 3 }]), {
      name: 'licence',
      count: 3,
    })
    assert.equal(resources.lacking([{ name: 'licence', count: 2 }]), undefined)
  })
})

describe('there', () => {
  it('must be a thread with a place', () => {
    const now = () => 0
    assert.throws(() => new Dispatcher({ threads: 0, placesPerThread: 1, now }))
    assert.throws(() => new Dispatcher({ threads: 1, placesPerThread: 0, now }))
  })
})
