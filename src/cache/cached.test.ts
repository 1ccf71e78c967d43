import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as aTurn } from 'node:timers/promises'
import { fail, type ServingError } from '../errors.ts'
import { aCall, answerTo, asking, setUp, signature, told } from './testing.ts'

/** Asked for and answered by the model. */
async function answered(kit: ReturnType<typeof setUp>, ...args: Parameters<typeof asking>) {
  const answer = kit.ask(asking(...args))
  kit.model.asked.at(-1)!.succeed()
  return await answer
}

const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    ({ reason }: ServingError) => reason,
  )

describe('an answer', () => {
  it('is given again without asking the model, and says so', async () => {
    const kit = setUp()
    const first = await answered(kit, [1, 2])
    const again = await kit.ask(asking([1, 2]))
    assert.equal(kit.model.asked.length, 1)
    assert.deepEqual(told(again), told(first))
    assert.equal(first.cached, undefined)
    assert.equal(first.timing.runMs, 3)
    assert.equal(again.cached, true)
    assert.deepEqual(again.timing, { queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 })
    assert.deepEqual([again.model, again.version], ['m', '3'])
  })

  it('is given again at the end of the turn, with all others of that turn', async () => {
    const ends: (() => void)[] = []
    const kit = setUp({ atTurnEnd: (callback) => void ends.push(callback) })
    await answered(kit, [1])
    await answered(kit, [2])
    const given: unknown[] = []
    for (const x of [2, 1, 2]) void kit.ask(asking([x])).then((answer) => given.push(told(answer)))
    await aTurn()
    assert.deepEqual([given.length, ends.length], [0, 1])
    ends[0]!()
    await aTurn()
    const answers = [2, 1, 2].map((x) => told(answerTo(asking([x]))))
    assert.deepEqual(given, answers)
  })

  it('is given in the order asked for', async () => {
    const kit = setUp()
    assert.deepEqual(told(await answered(kit, [1], ['z', 'y'])), [
      ['z', 2],
      ['y', 2],
    ])
    assert.deepEqual(told(await kit.ask(asking([1], ['y', 'z']))), [
      ['y', 2],
      ['z', 2],
    ])
    assert.deepEqual(told(await kit.ask(asking([1], ['z', 'y']))), [
      ['z', 2],
      ['y', 2],
    ])
    assert.deepEqual(told(await kit.ask(asking([1]))), [
      ['y', 2],
      ['z', 2],
    ])
    assert.equal(kit.model.asked.length, 1)
  })

  it('is not that to other inputs, nor that to other outputs', async () => {
    const kit = setUp()
    await answered(kit, [1])
    assert.deepEqual(told(await answered(kit, [2])), [
      ['y', 3],
      ['z', 4],
    ])
    assert.deepEqual(told(await answered(kit, [1], ['z'])), [['z', 2]])
    assert.equal(kit.model.asked.length, 3)
  })

  it('expires', async () => {
    const kit = setUp({ ttlMs: 10 })
    await answered(kit, [1])
    kit.clock.advance(9)
    assert.equal((await kit.ask(asking([1]))).cached, true)
    kit.clock.advance(1)
    assert.equal((await answered(kit, [1])).cached, undefined)
    assert.equal(kit.model.asked.length, 2)
  })

  it('does not change when whoever was given the first one changes it', async () => {
    const kit = setUp()
    const first = await answered(kit, [1])
    ;(first.outputs[0]!.tensor.data as Int32Array)[0] = 99
    assert.deepEqual(told(await kit.ask(asking([1]))), [
      ['y', 2],
      ['z', 2],
    ])
  })

  it('is kept for no request of a sequence, nor given to one', async () => {
    const kit = setUp()
    await answered(kit, [1])
    for (let asked = 2; asked < 4; asked++) {
      const call = aCall()
      call.scheduling = { sequence: { id: 7n, start: true, end: false } }
      const answer = kit.ask(asking([1]), call)
      assert.equal(kit.model.asked.length, asked)
      kit.model.asked.at(-1)!.succeed()
      assert.equal((await answer).cached, undefined)
    }
    assert.deepEqual(kit.looked(), [false])
  })

  it('of a model that streams is never kept', async () => {
    const kit = setUp({ its: { ...signature, streams: true } })
    await answered(kit, [1])
    await answered(kit, [1])
    assert.equal(kit.model.asked.length, 2)
    const stream = kit.cached.stream(asking([1]), aCall())
    const first = stream[Symbol.asyncIterator]().next()
    kit.model.asked.at(-1)!.succeed()
    assert.deepEqual(told((await first).value), [
      ['y', 2],
      ['z', 2],
    ])
    assert.equal(kit.model.asked.length, 3)
    assert.equal(kit.store.entries, 0)
  })

  it('that is a failure is never kept', async () => {
    const kit = setUp()
    for (const why of [fail('RUN_FAILED'), fail('RUN_REFUSED', { problem: 'no' })]) {
      const answer = reasonOf(kit.ask(asking([1])))
      kit.model.asked.at(-1)!.fail(why)
      assert.equal(await answer, why.reason)
    }
    assert.deepEqual(told(await answered(kit, [1])), [
      ['y', 2],
      ['z', 2],
    ])
    assert.equal(kit.model.asked.length, 3)
  })

  it('that has other outputs than were asked for is passed on and not kept', async () => {
    const kit = setUp()
    kit.model.predict = async (request) => answerTo({ ...request, outputs: ['z'] })
    for (let time = 0; time < 2; time++) {
      const answer = await kit.ask(asking([1]))
      assert.deepEqual([told(answer), answer.cached], [[['z', 2]], undefined])
    }
    assert.equal(kit.store.entries, 0)
  })

  it('that is too large for the cache is given, and asked of the model again', async () => {
    const kit = setUp({ maxBytes: 8_000 })
    const many = Array.from({ length: 100 }, (_, at) => at)
    await answered(kit, many)
    await answered(kit, many)
    assert.equal(kit.store.entries, 0)
  })

  it('is not looked up for a call that has ended', async () => {
    const kit = setUp()
    await answered(kit, [1])
    const call = aCall()
    call.cancel()
    assert.equal(await reasonOf(kit.ask(asking([1]), call)), 'CANCELLED')
    assert.deepEqual(kit.looked(), [false])
  })

  it('is told: a hit or a miss for each request, and the time that took', async () => {
    const kit = setUp()
    let now = 0
    kit.clock.now = () => (now += 1)
    await answered(kit, [1])
    await kit.ask(asking([1]))
    const looks = kit.events.filter(({ kind }) => kind === 'cache')
    const about = { kind: 'cache', model: 'm', version: '3' } as const
    assert.deepEqual(looks, [
      { ...about, hit: false, ms: 3 }, // 1 to look, 2 to keep
      { ...about, hit: true, ms: 1 },
    ])
  })
})

describe('requests that ask the same at once', () => {
  it('share a run, and each is answered in its order, with the time it waited', async () => {
    const kit = setUp()
    const first = kit.ask(asking([1], ['y', 'z']))
    kit.clock.advance(5)
    const second = kit.ask(asking([1], ['z', 'y']))
    kit.clock.advance(2)
    assert.equal(kit.model.asked.length, 1)
    kit.model.asked[0]!.succeed()
    assert.deepEqual(told(await first), [
      ['y', 2],
      ['z', 2],
    ])
    const shared = await second
    assert.deepEqual(told(shared), [
      ['z', 2],
      ['y', 2],
    ])
    assert.deepEqual(shared.timing, { queueMs: 2, inputMs: 0, runMs: 0, outputMs: 0 })
    assert.equal(shared.cached, true)
    assert.deepEqual(kit.looked().sort(), [false, true])
  })

  it('do not wait for the run of another priority', async () => {
    const kit = setUp()
    const calls = [0, 2, 1, 2].map((priority) => {
      const call = aCall()
      call.scheduling = { priority }
      return call
    })
    const answers = [aCall(), ...calls].map((call) => kit.ask(asking([1]), call))
    assert.deepEqual(
      kit.model.asked.map(({ call }) => call.scheduling.priority ?? 0),
      [0, 2, 1],
    )
    for (const { succeed } of kit.model.asked) succeed()
    await Promise.all(answers)
    assert.deepEqual(kit.looked().filter(Boolean).length, 2)
  })

  it('do not fail with the call of the one that was first', async () => {
    const kit = setUp()
    const call = aCall()
    const first = reasonOf(kit.ask(asking([1]), call))
    const second = kit.ask(asking([1]))
    call.cancel()
    assert.equal(await first, 'CANCELLED')
    assert.equal(kit.model.asked.length, 2)
    kit.model.asked[1]!.succeed()
    assert.deepEqual(told(await second), [
      ['y', 2],
      ['z', 2],
    ])
    assert.deepEqual(kit.looked(), [false, false])
  })

  it('wait no longer than their own calls', async () => {
    const kit = setUp()
    const call = aCall()
    const first = kit.ask(asking([1]))
    const second = reasonOf(kit.ask(asking([1]), call))
    call.end(fail('DEADLINE_EXCEEDED', { where: 'served' }))
    assert.equal(await second, 'DEADLINE_EXCEEDED')
    kit.model.asked[0]!.succeed()
    assert.deepEqual(told(await first), [
      ['y', 2],
      ['z', 2],
    ])
  })

  it('hold no more than may wait: the others are asked of the model', () => {
    const kit = setUp({ maxWaiting: 2 })
    for (let asked = 0; asked < 5; asked++) kit.ask(asking([1]))
    assert.equal(kit.model.asked.length, 3)
  })
})

describe('a version whose answers are kept', () => {
  it('drains once those that wait for the run of another are answered too', async () => {
    const kit = setUp()
    const call = aCall()
    const first = reasonOf(kit.ask(asking([1]), call))
    const second = kit.ask(asking([1]))
    let drained = false
    const drain = kit.cached.drain().then(() => {
      drained = true
    })
    assert.equal(await reasonOf(kit.ask(asking([2]))), 'DRAINING')
    call.cancel()
    await first
    await aTurn()
    assert.ok(!drained)
    kit.model.asked[1]!.succeed()
    assert.deepEqual(told(await second), [
      ['y', 2],
      ['z', 2],
    ])
    await drain
    assert.equal(await reasonOf(kit.ask(asking([1]))), 'DRAINING')
    assert.deepEqual([kit.store.bytes, kit.store.entries], [0, 0])
  })

  it('drains although a request of a sequence is under way, which is answered', async () => {
    const kit = setUp()
    const call = aCall()
    call.scheduling = { sequence: { id: 'a', start: true, end: true } }
    const answer = kit.ask(asking([1]), call)
    const drain = kit.cached.drain()
    kit.model.asked[0]!.succeed()
    await Promise.all([answer, drain])
  })

  it('ends what it is told to end: whoever runs, and whoever waits', async () => {
    const kit = setUp()
    const answers = [1, 1, 2].map((x) => reasonOf(kit.ask(asking([x]))))
    kit.cached.endAll(fail('DRAINING'))
    assert.deepEqual(await Promise.all(answers), ['DRAINING', 'DRAINING', 'DRAINING'])
    assert.equal(kit.model.asked.length, 2)
  })

  it('is in use while it answers, by what it keeps as well', async () => {
    const kit = setUp()
    assert.ok(kit.cached.idle)
    kit.clock.advance(3)
    const answer = kit.ask(asking([1]))
    assert.ok(!kit.cached.idle)
    const idle = kit.cached.whenIdle()
    kit.model.asked[0]!.succeed()
    await answer
    await idle
    assert.ok(kit.cached.idle)
    kit.clock.advance(4)
    await kit.ask(asking([1]))
    assert.equal(kit.cached.lastUsed, 7)
  })
})
