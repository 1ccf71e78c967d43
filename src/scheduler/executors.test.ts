import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import { fail, ServingError } from '../errors.ts'
import type { Event } from '../events.ts'
import type { Executable, RunRequest, RunResult } from '../runtime/index.ts'
import type { Signature } from '../signature.ts'
import type { NamedTensor } from '../tensor/index.ts'
import { Executors, Slots } from './index.ts'

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
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'executed'),
      [{ kind: 'executed', model: 'm', version: '3', rows: 2, ...timing }],
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
    // four are waiting for two slots, and each takes 80 ms
    assert.equal(facts.retryAfterMs, 160)
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
    const { ask, runs, slots } = setUp({ capacity: 1 })
    const [running, waiting] = [ask(1), ask(2)]
    running.call.cancel()
    await assert.rejects(running.answer, { reason: 'CANCELLED' })
    assert.equal(runs[0]!.stopped(), true)
    await settled()
    assert.equal(slots.busy, 1)
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

describe('a stream', () => {
  it('of a model with one answer is that answer', async () => {
    const { executors, request, runs } = setUp({})
    const stream = executors.stream(request(5), new Call({ requestId: 'r' }))
    const first = stream.next()
    await settled()
    runs[0]!.succeed()
    assert.deepEqual((await first).value.outputs, [rows('y', [5])])
    assert.equal((await stream.next()).done, true)
  })

  it('gives every answer in order, at the pace it is asked', async () => {
    const { executors, request, source } = setUp({ answers: 3 })
    const seen: unknown[] = []
    for await (const { outputs } of executors.stream(request(5), new Call({ requestId: 'r' }))) {
      seen.push(outputs[0])
      assert.equal(source.given, seen.length, 'nothing is computed ahead')
    }
    assert.deepEqual(seen, [rows('y', [0]), rows('y', [1]), rows('y', [2])])
    assert.equal(source.returned, 1)
  })

  it('left early stops its source', async () => {
    const { executors, request, source } = setUp({ answers: Infinity })
    for await (const _ of executors.stream(request(5), new Call({ requestId: 'r' }))) break
    assert.deepEqual(source, { given: 1, returned: 1 })
  })

  it('passes the error of its source on', async () => {
    const { executors, request } = setUp({ answers: 1, failing: true })
    const stream = executors.stream(request(5), new Call({ requestId: 'r' }))
    await stream.next()
    await assert.rejects(stream.next(), { reason: 'RUN_FAILED' })
    await executors.drain()
  })

  it('is what a decoupled model must be asked for', async () => {
    const { executors, request } = setUp({ answers: 3 })
    const call = new Call({ requestId: 'r' })
    await assert.rejects(executors.predict(request(1), call), { reason: 'MODEL_STREAMS' })
    await executors.drain()
  })
})

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
        const slots = new Slots(capacity)
        const worlds = [0, 1].map(() => setUp({ clock, slots, maxWaiting }))
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
          assert.ok(slots.busy <= capacity)
          assert.equal(slots.busy, openRuns(worlds).length, 'a slot is held by an open run only')
        }
        while (openRuns(worlds).length > 0) {
          openRuns(worlds)[0]!.succeed({ runMs: 1 })
          await settled()
        }
        await Promise.all([...drains, ...worlds.map(({ executors }) => executors.drain())])

        assert.equal(slots.busy, 0)
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

interface Run {
  /** The first value of the first input. */
  readonly value: number
  readonly wanted: readonly string[]
  stopped(): boolean
  isOpen(): boolean
  gave(): boolean
  succeed(result?: Partial<RunResult>): void
  fail(error: Error): void
}

interface SetUp {
  readonly capacity?: number
  readonly maxWaiting?: number
  /** A model that streams so many. */
  readonly answers?: number
  readonly failing?: boolean
  readonly clock?: HandClock
  readonly slots?: Slots
}

function setUp({ capacity = 4, maxWaiting = 8, answers, failing, ...shared }: SetUp) {
  const clock = shared.clock ?? new HandClock()
  const slots = shared.slots ?? new Slots(capacity)
  const runs: Run[] = []
  const events: Event[] = []
  const source = { given: 0, returned: 0 }
  const signature: Signature = {
    inputs: [{ name: 'x', datatype: 'INT32', shape: [-1], axes: ['batch'] }],
    outputs: [
      { name: 'y', datatype: 'INT32', shape: [-1], axes: ['batch'] },
      { name: 'z', datatype: 'INT32', shape: [-1] },
    ],
    ...(answers === undefined ? {} : { streams: true }),
  }
  const executable: Executable = {
    signature,
    platform: 'test',
    provider: 'test',
    warnings: [],
    run: (request, call) => handRun(runs, request, call),
    dispose: async () => {},
    ...(answers === undefined ? {} : { stream: () => count(source, answers, failing === true) }),
  }
  const executors = new Executors({
    model: 'm',
    version: '3',
    executable,
    slots,
    maxWaiting,
    clock,
    events: { emit: (event) => void events.push(event) },
  })
  const request = (...values: number[]) => ({ inputs: [rows('x', values)] })
  const askWith = (deadline: number | undefined, values: readonly number[]) => {
    const call = new Call({ requestId: 'r', deadline })
    const answer = executors.predict(request(...values), call)
    answer.catch(() => {}) // whoever cares awaits it
    return { call, answer }
  }
  const ask = Object.assign((...values: number[]) => askWith(undefined, values), {
    until: (deadline: number, ...values: number[]) => askWith(deadline, values),
  })
  return { executors, ask, runs, events, clock, slots, request, source }
}

/** A run that ends when it is told to. Its output `y` is its input `x`. */
function handRun(runs: Run[], { inputs, outputs }: RunRequest, call: Call): Promise<RunResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>()
  const values = Array.from(inputs[0]!.tensor.data as Int32Array)
  let stopped = false
  let open = true
  let gave = false
  const stopListening = call.onEnd(() => {
    stopped = true
  })
  const end = () => {
    open = false
    stopListening()
  }
  runs.push({
    value: values[0]!,
    wanted: outputs,
    stopped: () => stopped,
    isOpen: () => open,
    gave: () => gave,
    succeed(result) {
      end()
      gave = true
      resolve({ outputs: [rows('y', values)], inputMs: 0, runMs: 0, outputMs: 0, ...result })
    },
    fail(error) {
      end()
      reject(error)
    },
  })
  return promise
}

async function* count(
  source: { given: number; returned: number },
  answers: number,
  failing: boolean,
) {
  try {
    for (let n = 0; n < answers; n++) {
      source.given += 1
      yield { outputs: [rows('y', [n])], inputMs: 0, runMs: 0, outputMs: 0 }
    }
    if (failing) throw fail('RUN_FAILED')
  } finally {
    source.returned += 1
  }
}

const rows = (name: string, values: readonly number[]): NamedTensor => ({
  name,
  tensor: { datatype: 'INT32', shape: [values.length], data: Int32Array.from(values) },
})

async function refusalOf(answer: Promise<unknown>): Promise<ServingError> {
  const outcome = await answer.catch((thrown: unknown) => thrown)
  assert.ok(outcome instanceof ServingError, 'it is refused')
  return outcome
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
