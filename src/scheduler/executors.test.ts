import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { fail, type ServingError } from '../errors.ts'
import { refusalOf, rows, settled, setUp } from './testing.ts'

describe('executors', () => {
  it('answer with the outputs, the model and version, and where the time went', async () => {
    const { ask, runs, clock } = setUp({ capacity: 1 })
    const first = ask(1)
    const second = ask(2)
    clock.advance(40)
    runs[0]!.succeed({ inputMs: 1, runMs: 30, outputMs: 2 })
    const { model, version, outputs, timing } = await first.answer
    assert.deepEqual({ model, version }, { model: 'm', version: '3' })
    assert.deepEqual(outputs, [rows('y', [1])])
    assert.deepEqual(timing, { queueMs: 7, inputMs: 1, runMs: 30, outputMs: 2 })
    clock.advance(10)
    runs[1]!.succeed({ runMs: 10 })
    assert.equal((await second.answer).timing.queueMs, 40)
  })

  it('ask for every output where none is named, and for those named in their order', async () => {
    const { executors, runs, request } = setUp({})
    void executors.predict(request(1), new Call({ requestId: 'r' }))
    void executors.predict({ ...request(1), outputs: ['z'] }, new Call({ requestId: 'r' }))
    await settled()
    assert.deepEqual(
      runs.map(({ wanted }) => wanted),
      [['y', 'z'], ['z']],
    )
  })

  it('give each request its own answer, in whatever order the runs end', async () => {
    const { ask, runs } = setUp({ capacity: 3 })
    const asked = [ask(1), ask(2, 3), ask(4)]
    for (const index of [2, 0, 1]) runs[index]!.succeed()
    const answers = await Promise.all(asked.map(({ answer }) => answer))
    assert.deepEqual(
      answers.map(({ outputs }) => outputs),
      [[rows('y', [1])], [rows('y', [2, 3])], [rows('y', [4])]],
    )
  })

  it('pass the error of a run on, and run the next', async () => {
    const { ask, runs } = setUp({ capacity: 1 })
    const [bad, good] = [ask(1), ask(2)]
    runs[0]!.fail(fail('RUN_REFUSED', { problem: 'no' }))
    await assert.rejects(bad.answer, { reason: 'RUN_REFUSED' })
    runs[1]!.succeed()
    assert.deepEqual((await good.answer).outputs, [rows('y', [2])])
  })

  it('fail a run that gives another number of rows than came in', async () => {
    const { ask, runs } = setUp({})
    const { answer } = ask(1, 2)
    runs[0]!.succeed({ outputs: [rows('y', [1, 2, 3])] })
    await assert.rejects(answer, (thrown: ServingError) => {
      assert.equal(thrown.reason, 'RUN_FAILED')
      assert.match(String(thrown.cause), /"y" has shape \[3\] for 2 rows/)
      return true
    })
  })

  it('tell of each run and of the queue', async () => {
    const { ask, runs, events } = setUp({ capacity: 1 })
    const asked = [ask(1, 2), ask(3)]
    runs[0]!.succeed({ inputMs: 1, runMs: 2, outputMs: 3 })
    await asked[0]!.answer
    const timing = { inputMs: 1, runMs: 2, outputMs: 3 }
    const how = { requests: 1, left: 'alone', where: 'thread' }
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'executed'),
      [{ kind: 'executed', model: 'm', version: '3', rows: 2, ...how, ...timing }],
    )
    const waiting = events.flatMap((event) => (event.kind === 'queue' ? [event.waiting] : []))
    assert.ok(waiting.includes(1))
    assert.equal(waiting.at(-1), 0)
  })
})

describe('a full queue', () => {
  it('refuses with its bound, and with no time to retry before anything is known', async () => {
    const { ask } = setUp({ capacity: 1, maxWaiting: 2 })
    for (let index = 0; index < 3; index++) ask(index)
    const error = await refusalOf(ask(9).answer)
    assert.equal(error.reason, 'QUEUE_FULL')
    assert.equal(error.facts.limit, 2)
    assert.equal(error.facts.retryAfterMs, undefined)
  })

  it('tells when to retry once a run has shown how long one takes', async () => {
    const { ask, runs } = setUp({ capacity: 2, maxWaiting: 4 })
    const first = ask(1)
    runs[0]!.succeed({ runMs: 80 })
    await first.answer
    for (let index = 0; index < 6; index++) ask(index)
    const { facts } = await refusalOf(ask(9).answer)
    // four are waiting behind two that run, and each takes 80 ms
    assert.equal(facts.retryAfterMs, 240)
  })

  it('tells so where nothing may wait, too', async () => {
    const { ask, runs } = setUp({ capacity: 1, maxWaiting: 0 })
    const first = ask(1)
    runs[0]!.succeed({ runMs: 80 })
    await first.answer
    ask(2)
    assert.equal((await refusalOf(ask(3).answer)).facts.retryAfterMs, 80)
  })

  it('leaves those that wait as they are, and what was refused never runs', async () => {
    const { ask, runs, executors } = setUp({ capacity: 1, maxWaiting: 1 })
    const accepted = [ask(1), ask(2)]
    await refusalOf(ask(3).answer)
    for (const index of [0, 1]) {
      runs[index]!.succeed()
      assert.deepEqual((await accepted[index]!.answer).outputs, [rows('y', [index + 1])])
    }
    await executors.drain()
    assert.equal(runs.length, 2)
  })
})

describe('a request that ends', () => {
  it('before it comes is refused and never runs', async () => {
    const { executors, request, runs } = setUp({})
    const call = new Call({ requestId: 'r' })
    call.cancel()
    await assert.rejects(executors.predict(request(1), call), { reason: 'CANCELLED' })
    assert.equal(runs.length, 0)
  })

  it('while it waits is answered at once, leaves its place to another and never runs', async () => {
    const { ask, runs } = setUp({ capacity: 1, maxWaiting: 1 })
    const [running, waiting] = [ask(1), ask(2)]
    waiting.call.cancel()
    await assert.rejects(waiting.answer, { reason: 'CANCELLED' })
    const next = ask(3)
    runs[0]!.succeed()
    await running.answer
    runs[1]!.succeed()
    assert.deepEqual((await next.answer).outputs, [rows('y', [3])])
    assert.equal(runs.length, 2)
  })

  it('while it runs is answered at once, its run is told to stop, and keeps its slot until it has', async () => {
    const { ask, runs, dispatcher } = setUp({ capacity: 1 })
    const [running, waiting] = [ask(1), ask(2)]
    running.call.cancel()
    await assert.rejects(running.answer, { reason: 'CANCELLED' })
    assert.equal(runs[0]!.stopped(), true)
    await settled()
    assert.equal(dispatcher.underWay, 1)
    assert.equal(runs.length, 1)
    runs[0]!.fail(fail('CANCELLED'))
    await settled()
    assert.equal(runs.length, 2)
    runs[1]!.succeed()
    await waiting.answer
  })

  it('after its answer changes nothing', async () => {
    const { ask, runs } = setUp({})
    const { answer, call } = ask(1)
    runs[0]!.succeed()
    await answer
    call.cancel()
    assert.equal(runs[0]!.stopped(), false)
    assert.deepEqual((await answer).outputs, [rows('y', [1])])
  })

  it('by its deadline while it waits never runs, also where nobody watches the clock', async () => {
    const { ask, runs, clock } = setUp({ capacity: 1 })
    const [running, late, good] = [ask(1), ask.until(50, 2), ask.until(51, 3)]
    clock.advance(50)
    runs[0]!.succeed()
    await running.answer
    const error = await refusalOf(late.answer)
    assert.equal(error.reason, 'DEADLINE_EXCEEDED')
    assert.match(error.message, /while the request was waiting/)
    await settled()
    runs[1]!.succeed()
    assert.deepEqual((await good.answer).outputs, [rows('y', [3])])
  })
})

describe('draining', () => {
  it('finishes what runs and what waits, refuses what comes, and then is done', async () => {
    const { ask, runs, executors } = setUp({ capacity: 1 })
    const accepted = [ask(1), ask(2)]
    let drained = false
    const drain = executors.drain().then(() => {
      drained = true
    })
    await assert.rejects(ask(3).answer, { reason: 'DRAINING' })
    for (const index of [0, 1]) {
      assert.equal(drained, false)
      runs[index]!.succeed()
      assert.deepEqual((await accepted[index]!.answer).outputs, [rows('y', [index + 1])])
    }
    await drain
  })

  it('is done at once where nothing is under way', () => setUp({}).executors.drain())

  it('asked for twice is done for both', async () => {
    const { ask, runs, executors } = setUp({})
    const { answer } = ask(1)
    const both = Promise.all([executors.drain(), executors.drain()])
    runs[0]!.succeed()
    await answer
    assert.deepEqual(await both, [undefined, undefined])
  })

  it('waits for the run of a request that has ended', async () => {
    const { ask, runs, executors } = setUp({})
    const { answer, call } = ask(1)
    call.cancel()
    await refusalOf(answer)
    let drained = false
    const drain = executors.drain().then(() => {
      drained = true
    })
    await settled()
    assert.equal(drained, false)
    runs[0]!.fail(fail('CANCELLED'))
    await drain
  })

  it('waits for a stream that is open', async () => {
    const { executors, request } = setUp({ answers: 3 })
    const stream = executors.stream(request(1), new Call({ requestId: 'r' }))
    await stream.next()
    let drained = false
    const drain = executors.drain().then(() => {
      drained = true
    })
    await settled()
    assert.equal(drained, false)
    await stream.return(undefined)
    await drain
    const late = executors.stream(request(1), new Call({ requestId: 'r' }))
    await assert.rejects(late.next(), { reason: 'DRAINING' })
  })
})
