import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fail } from '../errors.ts'
import { refusalOf, rows, type SetUp, schedulerOf, settled, setUp } from './testing.ts'

/** One thread with one place; a run of any size takes 10 ms. */
const joined = (more: SetUp = {}) =>
  setUp({ capacity: 1, joined: [1, 8, 64].map((size) => ({ rows: size, ms: 10 })), ...more })

const shapesOf = (runs: readonly { readonly values: readonly number[] }[]) =>
  runs.map(({ values }) => values)

describe('requests that share runs', () => {
  it('run together when they have queued while another ran, and get their own rows', async () => {
    const { ask, runs } = joined()
    const asked = [ask(1), ask(2, 3), ask(4), ask(5, 6, 7)]
    assert.deepEqual(shapesOf(runs), [[1]], 'the first does not wait for company')
    runs[0]!.succeed({ runMs: 10 })
    await settled()
    assert.deepEqual(shapesOf(runs), [[1], [2, 3, 4, 5, 6, 7]])
    runs[1]!.succeed({ runMs: 10 })
    const answers = await Promise.all(asked.map(({ answer }) => answer))
    assert.deepEqual(
      answers.map(({ outputs }) => outputs),
      [[rows('y', [1])], [rows('y', [2, 3])], [rows('y', [4])], [rows('y', [5, 6, 7])]],
    )
  })

  it('are told of as one run', async () => {
    const { ask, runs, events } = joined()
    const asked = [ask(1), ask(2, 3), ask(4)]
    for (const index of [0, 1]) {
      runs[index]!.succeed({ runMs: 10 })
      await settled()
    }
    await Promise.all(asked.map(({ answer }) => answer))
    const executed = events.flatMap((event) => (event.kind === 'executed' ? [event] : []))
    assert.deepEqual(
      executed.map(({ requests, rows, left, where }) => ({ requests, rows, left, where })),
      [
        { requests: 1, rows: 1, left: 'idle', where: 'thread' },
        { requests: 2, rows: 3, left: 'idle', where: 'thread' },
      ],
    )
  })

  it('do not when they want other outputs than there are in the run of them all', async () => {
    const { executors, request, runs, ask } = joined()
    ask(1)
    const { call } = ask(2)
    const wantsZ = executors.predict({ ...request(3), outputs: ['z'] }, call)
    runs[0]!.succeed()
    await settled()
    assert.deepEqual(runs[1]!.wanted, ['y', 'z'], 'what any of them wants')
    runs[1]!.succeed({ outputs: [rows('y', [2, 3]), rows('z', [20, 30])] })
    assert.deepEqual((await wantsZ).outputs, [rows('z', [30])])
  })

  it('fail alone where the model does not like one of them', async () => {
    const { ask, runs } = joined()
    const first = ask(0)
    const asked = [1, 2, 3, 4, 5, 6, 7].map((value) => ask(value))
    runs[0]!.succeed()
    await first.answer
    for (let index = 1; index < runs.length; index++) {
      const { values } = runs[index]!
      if (values.includes(5)) runs[index]!.fail(fail('RUN_REFUSED', { problem: 'no fives' }))
      else runs[index]!.succeed()
      await settled()
    }
    const outcomes = await Promise.allSettled(asked.map(({ answer }) => answer))
    assert.deepEqual(
      outcomes.map(({ status }) => status === 'rejected'),
      [false, false, false, false, true, false, false],
    )
    assert.equal((await refusalOf(asked[4]!.answer)).reason, 'RUN_REFUSED')
    assert.deepEqual(shapesOf(runs.slice(1)), [
      [1, 2, 3, 4, 5, 6, 7],
      [1, 2, 3, 4],
      [5, 6, 7],
      [5, 6],
      [5],
      [6],
      [7],
    ])
  })

  it('fail alone, too, where the rows that come back are too few', async () => {
    const { ask, runs } = joined()
    const first = ask(0)
    const asked = [ask(1), ask(2)]
    runs[0]!.succeed()
    await first.answer
    runs[1]!.succeed({ outputs: [rows('y', [1])] })
    await settled()
    runs[2]!.succeed()
    await settled()
    runs[3]!.succeed()
    assert.deepEqual((await asked[1]!.answer).outputs, [rows('y', [2])])
  })

  it('go on when one leaves, and are stopped when all have left', async () => {
    const { ask, runs } = joined()
    ask(0)
    const asked = [ask(1), ask(2)]
    runs[0]!.succeed()
    await settled()
    asked[0]!.call.cancel()
    assert.equal((await refusalOf(asked[0]!.answer)).reason, 'CANCELLED')
    assert.equal(runs[1]!.stopped(), false)
    asked[1]!.call.cancel()
    assert.equal(runs[1]!.stopped(), true)
  })

  it('are not tried apart once all have left', async () => {
    const { ask, runs, executors } = joined()
    ask(0)
    const asked = [ask(1), ask(2)]
    runs[0]!.succeed()
    await settled()
    for (const { call } of asked) call.cancel()
    runs[1]!.fail(fail('CANCELLED'))
    await executors.drain()
    assert.equal(runs.length, 2)
  })

  it('leave before a run is formed when their client does', async () => {
    const { ask, runs } = joined()
    ask(0)
    const asked = [ask(1), ask(2), ask(3)]
    asked[1]!.call.cancel()
    runs[0]!.succeed()
    await settled()
    assert.deepEqual(runs[1]!.values, [1, 3])
  })

  it('are as many as are worth while', async () => {
    // more than two rows take longer, each of them
    const known = [1, 2, 4, 8].map((size) => ({ rows: size, ms: size <= 2 ? 10 : 10 * size }))
    const { ask, runs } = joined({ joined: known })
    for (let value = 0; value < 6; value++) ask(value)
    runs[0]!.succeed({ runMs: 10 })
    await settled()
    assert.deepEqual(runs[1]!.values, [1, 2])
  })

  it('wait for company no longer than the delay, where one is configured', async () => {
    const { ask, runs, clock, events } = joined({ yaml: 'batching: {maxDelayMs: 5}' })
    ask(1)
    clock.advance(3)
    ask(2)
    assert.equal(runs.length, 0)
    clock.advance(2)
    assert.deepEqual(shapesOf(runs), [[1, 2]])
    runs[0]!.succeed()
    await settled()
    const left = events.flatMap((event) => (event.kind === 'executed' ? [event.left] : []))
    assert.deepEqual(left, ['delay'])
  })

  it('do not wait for company once the version drains', async () => {
    const { ask, runs, executors } = joined({ yaml: 'batching: {maxDelayMs: 5}' })
    const { answer } = ask(1)
    const drained = executors.drain()
    assert.deepEqual(shapesOf(runs), [[1]])
    runs[0]!.succeed()
    await Promise.all([answer, drained])
  })

  it('answer in the order in which they came, where that is promised', async () => {
    const yaml = 'batching: {preserveOrdering: true}'
    const { ask, runs } = setUp({ capacity: 2, yaml, joined: [{ rows: 1, ms: 1 }] })
    const told: number[] = []
    for (const value of [1, 2]) void ask(value).answer.then(() => told.push(value))
    runs[1]!.succeed()
    await settled()
    assert.deepEqual(told, [])
    runs[0]!.succeed()
    await settled()
    assert.deepEqual(told, [1, 2])
  })
})

describe('a run that is handed over while the thread is busy', () => {
  const ahead = (more: SetUp = {}) => joined({ places: 2, ...more })

  it('goes at once where no more rows could join it', () => {
    const { ask, runs } = setUp({ capacity: 1, places: 2, known: [{ rows: 1, ms: 10 }] })
    ask(1)
    ask(2)
    assert.deepEqual(shapesOf(runs), [[1], [2]])
  })

  it('waits for more rows until the thread is nearly free', () => {
    const { ask, runs, clock } = ahead()
    ask(1)
    ask(2)
    clock.advance(7)
    ask(3)
    assert.equal(runs.length, 1)
    clock.advance(0.5)
    assert.deepEqual(shapesOf(runs), [[1], [2, 3]])
  })

  it('does not wait where another model would take its place', async () => {
    const scheduler = schedulerOf({ capacity: 1, places: 2, maxWaiting: 20 })
    const one = ahead({ scheduler })
    const other = ahead({ scheduler, joined: undefined, known: [{ rows: 1, ms: 10 }] })
    for (let value = 0; value < 5; value++) other.ask(value)
    one.ask(1)
    assert.equal(other.runs.length, 2, 'it was handed over before')
    other.runs[0]!.succeed({ runMs: 10 })
    await settled()
    assert.deepEqual(shapesOf(one.runs), [[1]])
    assert.equal(other.runs.length, 2)
  })

  it('goes when the thread is free before that was expected', async () => {
    const { ask, runs, clock } = ahead()
    ask(1)
    ask(2)
    clock.advance(2)
    runs[0]!.succeed({ runMs: 2 })
    await settled()
    assert.deepEqual(shapesOf(runs), [[1], [2]])
  })
})
