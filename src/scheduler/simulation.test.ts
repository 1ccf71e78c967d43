/**
 * Schedules that nobody thought of, in simulated time: requests of several shapes, sizes, levels and
 * deadlines, clients that leave, runs that fail or hang, a clock that stalls, a version that drains.
 * A schedule that fails is printed with its seed and path, by which it is replayed.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import { parseModelConfig } from '../config/index.ts'
import { fail, ServingError } from '../errors.ts'
import type { InferenceResponse } from '../predictor.ts'
import { Scheduler } from './index.ts'
import { SimulatedModel } from './simulated-model.ts'
import { settled } from './testing.ts'

const arrival = fc.record({
  /** After the one before, in milliseconds. */
  after: fc.constantFrom(0, 0, 0, 1, 2, 5, 20),
  rows: fc.integer({ min: 1, max: 3 }),
  width: fc.constantFrom(1, 1, 2),
  priority: fc.integer({ min: 0, max: 3 }),
  deadlineMs: fc.option(fc.integer({ min: 1, max: 80 }), { nil: undefined }),
  timeoutMs: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
  leavesAfterMs: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
  fault: fc.constantFrom(undefined, undefined, undefined, undefined, 'poison', 'endless'),
})
type Arrival = typeof arrival extends fc.Arbitrary<infer A> ? A : never

const schedule = fc.record({
  arrivals: fc.array(arrival, { minLength: 1, maxLength: 25 }),
  threads: fc.integer({ min: 1, max: 3 }),
  places: fc.integer({ min: 1, max: 2 }),
  executors: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  fixedMs: fc.constantFrom(0.5, 5, 20),
  perRowMs: fc.constantFrom(0.1, 1, 5),
  maxDelayMs: fc.constantFrom(0, 0, 0, 4),
  preserveOrdering: fc.boolean(),
  joined: fc.boolean(),
  maxWaiting: fc.constantFrom(3, 50),
  stallMs: fc.constantFrom(0, 0, 300),
  drainAfter: fc.nat(30),
})
type Schedule = typeof schedule extends fc.Arbitrary<infer S> ? S : never

interface Asked extends Arrival {
  readonly id: number
  readonly call: Call
  readonly at: number
  readonly values: readonly number[]
  outcome: InferenceResponse | ServingError | undefined
  answers: number
  answeredAs: number
}

const maxBatchSize = 6
/** Values tell which request a row belongs to, and what is wrong with it. */
const poison = (value: number) => value % 10 === 7
const endless = (value: number) => value % 10 === 8
const faultOf = { poison: 7, endless: 8 } as const

async function play(given: Schedule): Promise<void> {
  const { threads, places, executors, maxDelayMs, preserveOrdering, maxWaiting } = given
  const clock = new HandClock()
  const model = new SimulatedModel({ ...given, clock, poison, endless })
  const scheduler = new Scheduler({
    runtime: { threads, placesPerThread: places },
    queue: { maxWaiting, maxWaitingBytes: 2 ** 20 },
    clock,
  })
  let waiting = 0
  const version = scheduler.executors({
    model: 'm',
    version: '1',
    executable: model,
    signature: model.signature,
    config: parseModelConfig(
      JSON.stringify({
        batching: { maxBatchSize, maxDelayMs, preserveOrdering },
        executors: executors ?? 'auto',
        queue: preserveOrdering ? {} : { priorities: { levels: 3, default: 2 } },
      }),
      'model.yaml',
    ),
    events: {
      emit(event) {
        if (event.kind === 'queue') waiting = event.waiting
      },
    },
  })
  if (given.joined) version.joinable()
  const asked: Asked[] = []
  let answered = 0

  const ask = (arrives: Arrival) => {
    const id = asked.length
    const values = Array.from(
      { length: arrives.rows * arrives.width },
      (_, place) => 1000 * (id + 1) + 10 * place,
    )
    if (arrives.fault !== undefined) values[0]! += faultOf[arrives.fault]
    const { deadlineMs, timeoutMs: queueTimeoutMs, priority, width } = arrives
    const deadline = deadlineMs === undefined ? undefined : clock.now() + deadlineMs
    const call = new Call({ requestId: `${id}`, deadline })
    call.scheduling = { priority, ...(queueTimeoutMs !== undefined && { queueTimeoutMs }) }
    const one: Asked = {
      ...arrives,
      id,
      call,
      at: clock.now(),
      values,
      outcome: undefined,
      answers: 0,
      answeredAs: -1,
    }
    asked.push(one)
    const shape = [arrives.rows, width]
    const tensor = { datatype: 'INT32', shape, data: Int32Array.from(values) } as const
    const settle = (outcome: InferenceResponse | ServingError) => {
      one.outcome = outcome
      one.answers += 1
      one.answeredAs = answered++
    }
    void version.predict({ inputs: [{ name: 'x', tensor }] }, call).then(settle, settle)
    if (deadline !== undefined) {
      clock.wakeAt(deadline, () => call.end(fail('DEADLINE_EXCEEDED', { where: 'served' })))
    }
    const { leavesAfterMs } = arrives
    if (leavesAfterMs !== undefined) clock.wakeAt(clock.now() + leavesAfterMs, () => call.cancel())
  }

  /** Nothing that could run waits, but for the delay. */
  const assertNothingWaitsForNothing = () => {
    const open = model.runs.filter(({ outcome }) => outcome === 'open')
    const inUse = new Set(open.map(({ thread }) => thread)).size
    assert.ok(inUse <= Math.min(threads, executors ?? threads), 'no more threads than executors')
    for (let thread = 0; thread < threads; thread++) {
      assert.ok(open.filter((run) => run.thread === thread).length <= places)
    }
    if (waiting === 0 || inUse === Math.min(threads, executors ?? threads)) return
    assert.ok(given.joined && maxDelayMs > 0, 'a thread is free and something waits')
    const still = asked.filter(({ outcome, id }) => outcome === undefined && !hasRun(model, id))
    assert.ok(
      still.some(({ at }) => at + maxDelayMs > clock.now() - 1e-9),
      'longer than the delay',
    )
  }
  const pass = async (ms: number) => {
    // in small steps, since what one thing leads to takes turns of the loop
    for (let left = ms; left > 0; left -= 1) {
      clock.advance(Math.min(1, left))
      await settled()
      assertNothingWaitsForNothing()
    }
  }

  let drained: Promise<void> | undefined
  for (const [index, arrives] of given.arrivals.entries()) {
    if (index === given.drainAfter) drained = version.drain()
    if (index === 5 && given.stallMs > 0) {
      clock.advance(given.stallMs) // nobody is served meanwhile
      await settled()
    }
    await pass(arrives.after)
    ask(arrives)
    await settled()
    assertNothingWaitsForNothing()
  }
  await pass(100)
  // what hangs is given up, as a drain does in the end, with those that share its run
  for (let round = 0; asked.some(({ answers }) => answers === 0); round++) {
    assert.ok(round < 50, 'all is answered in the end')
    const hangs = asked.some(({ fault }) => fault === 'endless')
    for (const { call, answers } of asked) if (answers === 0 && hangs) call.cancel()
    await pass(100)
  }
  await (drained ?? version.drain())
  assert.equal(scheduler.dispatcher.underWay, 0)
  assert.equal(version.idle, true)
  assert.equal(waiting, 0)
  assertAnswers(asked, model)
  assertRuns(given, asked, model)
}

const hasRun = ({ runs }: SimulatedModel, id: number) =>
  runs.some(({ values }) => values.some((value) => Math.floor(value / 1000) === id + 1))

function assertAnswers(asked: readonly Asked[], model: SimulatedModel): void {
  for (const { id, values, answers, outcome, fault } of asked) {
    assert.equal(answers, 1, `request ${id} is answered once`)
    if (outcome instanceof ServingError) {
      const { reason } = outcome
      if (['QUEUE_FULL', 'DRAINING', 'QUEUE_TIMEOUT', 'DEADLINE_UNREACHABLE'].includes(reason)) {
        assert.ok(!hasRun(model, id), `${reason} is told of what never ran`)
      }
      if (reason === 'RUN_REFUSED') assert.equal(fault, 'poison', 'only poison is refused')
    } else {
      assert.deepEqual(Array.from(outcome!.outputs[0]!.tensor.data as Int32Array), values)
    }
  }
}

function assertRuns(given: Schedule, asked: readonly Asked[], model: SimulatedModel): void {
  const membersOf = (values: readonly number[]) => [
    ...new Set(values.map((value) => Math.floor(value / 1000) - 1)),
  ]
  const gave = model.runs.filter(({ outcome }) => outcome === 'gave')
  const succeeded = gave.flatMap(({ values }) => membersOf(values))
  assert.equal(new Set(succeeded).size, succeeded.length, 'none is computed twice')
  for (const { values, width } of model.runs) {
    const members = membersOf(values)
    assert.ok(members.every((id) => asked[id]!.width === width))
    if (members.length === 1) continue
    assert.ok(given.joined)
    assert.ok(values.length / width <= maxBatchSize, 'no more rows than a run may have')
  }
  if (!given.preserveOrdering) return
  const told = asked
    .filter(({ outcome }) => !(outcome instanceof ServingError))
    .map(({ answeredAs }) => answeredAs)
  assert.deepEqual(
    told,
    [...told].sort((a, b) => a - b),
    'answers leave in order',
  )
}

describe('any schedule, with faults,', () => {
  it('is answered once and rightly, in order, with no time lost', async () => {
    const seed = Number(process.env.SLUICE_SEED ?? 20261125)
    const numRuns = Number(process.env.SLUICE_SCHEDULES ?? 3000)
    await fc.assert(fc.asyncProperty(schedule, play), { seed, numRuns })
  })
})
