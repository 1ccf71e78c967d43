import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import { fail } from '../errors.ts'
import { isUneven, rowJoiner } from './joiner.ts'
import { LoopTurn } from './loop-turn.ts'
import { refusalOf, rows, schedulerOf, settled, setUp } from './testing.ts'

/** Ends runs as they come, a few at a time, until so many have. */
async function runAll({ runs }: ReturnType<typeof setUp>, end: 'succeed' | 'fail', ms = 10) {
  for (let index = 0; index < runs.length; index++) {
    if (end === 'succeed') runs[index]!.succeed({ runMs: ms })
    else runs[index]!.fail(fail('RUN_FAILED'))
    await settled()
  }
}

describe('a model whose runs fail', () => {
  it('has had the time that they took', async () => {
    const clock = new HandClock()
    const scheduler = schedulerOf({ capacity: 1, clock, maxWaiting: 100 })
    const known = [{ rows: 1, ms: 10 }]
    const [bad, good] = [setUp({ clock, scheduler, known }), setUp({ clock, scheduler, known })]
    for (let value = 0; value < 8; value++) for (const { ask } of [bad, good]) ask(value)
    for (let turn = 0; turn < 10; turn++) {
      clock.advance(10)
      const open = [...bad.runs, ...good.runs].find(({ isOpen }) => isOpen())!
      if (bad.runs.includes(open)) open.fail(fail('RUN_FAILED'))
      else open.succeed({ runMs: 10 })
      await settled()
    }
    assert.ok(Math.abs(bad.runs.length - good.runs.length) <= 1)
  })
})

describe('what slow runs have taught', () => {
  it('is tried where nothing else waits, so that it can be unlearned', async () => {
    const world = setUp({ capacity: 1, known: [{ rows: 1, ms: 500 }] })
    const { answer } = world.ask.until(100, 1)
    assert.equal(world.runs.length, 1)
    world.runs[0]!.succeed({ runMs: 5 })
    assert.deepEqual((await answer).outputs, [rows('y', [1])])
  })
})

describe('the time a request would wait', () => {
  it('is none on the loop, whatever the threads do', async () => {
    const clock = new HandClock()
    const scheduler = schedulerOf({ capacity: 1, clock })
    const busy = setUp({ clock, scheduler, known: [{ rows: 1, ms: 500 }] })
    busy.ask(1)
    const tiny = setUp({ clock, scheduler, known: [{ rows: 1, ms: 0.01 }], onLoop: {} })
    const { answer } = tiny.ask.until(50, 2)
    assert.deepEqual((await answer).outputs, [rows('y', [2])])
  })

  it('is that of runs of as many rows as will share them', async () => {
    const joined = [1, 8, 64].map((size) => ({ rows: size, ms: 10 }))
    const world = setUp({ capacity: 1, maxWaiting: 50, joined })
    world.ask(0)
    const asked = Array.from({ length: 30 }, (_, value) => world.ask.until(100, value + 1))
    await runAll(world, 'succeed')
    const outcomes = await Promise.allSettled(asked.map(({ answer }) => answer))
    assert.ok(outcomes.every(({ status }) => status === 'fulfilled'))
  })

  it('counts what others have in line, and no more than they have', () => {
    const clock = new HandClock()
    const scheduler = schedulerOf({ capacity: 1, clock, maxWaiting: 100 })
    const long = setUp({ clock, scheduler, known: [{ rows: 1, ms: 10 }] })
    for (let value = 0; value < 5; value++) long.ask(value)
    for (let other = 0; other < 9; other++) {
      setUp({ clock, scheduler, known: [{ rows: 1, ms: 0.2 }] }).ask(other)
    }
    // 10 ms under way, 40 in line, 2 of others, 10 of its own
    const { answer, call } = long.ask.until(80, 9)
    assert.equal(call.ended, undefined)
    void answer
    assert.equal(
      long.events.some(({ kind }) => kind === 'shed'),
      false,
    )
  })

  it('sees that its own threads are busy, though others are idle', async () => {
    const world = setUp({ capacity: 2, yaml: 'executors: 1', known: [{ rows: 1, ms: 500 }] })
    world.ask(0)
    world.ask(1)
    const error = await refusalOf(world.ask.until(600, 2).answer)
    assert.equal(error.reason, 'DEADLINE_UNREACHABLE')
  })
})

describe('a request that cannot be answered in time any more', () => {
  it('is told so while the thread is busy, also where only the model has an objective', async () => {
    const world = setUp({ capacity: 1, yaml: 'slo: {p99Ms: 50}', known: [{ rows: 1, ms: 10 }] })
    world.ask(0)
    const { answer } = world.ask(1)
    world.clock.advance(50)
    assert.equal((await refusalOf(answer)).reason, 'DEADLINE_EXCEEDED')
  })
})

describe('a request that leaves', () => {
  it('takes the timer of its queue with it', async () => {
    const world = setUp({ capacity: 1, yaml: 'queue: {timeoutMs: 600000}' })
    const { answer } = world.ask(1)
    world.runs[0]!.succeed()
    await answer
    await world.executors.drain()
    let rang = false
    const ring = world.clock.wakeAt.bind(world.clock)
    world.clock.wakeAt = (moment, callback) => {
      rang = true
      return ring(moment, callback)
    }
    world.clock.advance(600_000)
    assert.equal(rang, false)
  })
})

describe('answers that leave in order', () => {
  it('keep no refusal waiting', async () => {
    const world = setUp({ capacity: 1, maxWaiting: 1, yaml: 'batching: {preserveOrdering: true}' })
    const first = world.ask(0)
    const second = world.ask(1)
    second.call.cancel()
    assert.equal((await refusalOf(second.answer)).reason, 'CANCELLED')
    world.runs[0]!.succeed()
    assert.deepEqual((await first.answer).outputs, [rows('y', [0])])
  })
})

describe('a loop that was late', () => {
  it('is given its runs again after a while in which it was not', () => {
    let now = 0
    const due: (() => void)[] = []
    const loop = new LoopTurn({ now: () => now, atTurnEnd: (callback) => void due.push(callback) })
    for (let turn = 0; turn < 50; turn++) {
      loop.add(() => {
        now += 20
      })
      due.pop()!()
    }
    assert.equal(loop.longestRunMs, 0.05)
    now += 5000
    assert.equal(loop.longestRunMs, 0.1)
  })
})

describe('a request whose inputs have different numbers of rows', () => {
  const signature = {
    inputs: [
      { name: 'a', datatype: 'INT32', shape: [-1, 1] },
      { name: 'b', datatype: 'INT32', shape: [-1, 1] },
    ],
    outputs: [{ name: 'y', datatype: 'INT32', shape: [-1, 1] }],
  } as const

  it('is known, and shares no run', () => {
    const request = (a: number, b: number) => ({
      inputs: [
        { name: 'a', tensor: rows('a', new Array(a).fill(1)).tensor },
        { name: 'b', tensor: rows('b', new Array(b).fill(1)).tensor },
      ],
    })
    assert.equal(isUneven(request(2, 1)), true)
    assert.equal(isUneven(request(2, 2)), false)
    assert.equal(rowJoiner(signature).always, false)
  })

  it('runs by itself between others', async () => {
    const { executors, ask, runs } = setUp({ capacity: 1, joined: [{ rows: 1, ms: 10 }] })
    ask(0)
    ask(1)
    const call = new Call({ requestId: 'r' })
    const two = { inputs: [rows('x', [2, 3]), rows('x', [4])] }
    void executors.predict(two, call).catch(() => {})
    ask(5)
    for (let index = 0; index < 3; index++) {
      runs[index]!.succeed({ runMs: 10 })
      await settled()
    }
    assert.deepEqual(
      runs.map(({ values }) => values),
      [[0], [1, 5], [2, 3]],
    )
  })
})

describe('what runs take', () => {
  it('is learned for each shape, also where requests are not joined', () => {
    const joiner = rowJoiner({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, -1] }],
      outputs: [],
    })
    const shape = (width: number) =>
      joiner.shapeOf({
        inputs: [
          {
            name: 'x',
            tensor: { datatype: 'FP32', shape: [1, width], data: new Float32Array(width) },
          },
        ],
      })
    assert.notEqual(shape(2), shape(2000))
    assert.equal(joiner.steady, true)
  })
})
