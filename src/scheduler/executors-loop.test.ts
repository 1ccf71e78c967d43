import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fail } from '../errors.ts'
import { refusalOf, rows, type SetUp, setUp } from './testing.ts'

const tiny = [1, 8, 64].map((size) => ({ rows: size, ms: 0.01 }))
const onLoop = (more: SetUp = {}) => setUp({ capacity: 1, joined: tiny, onLoop: {}, ...more })

describe('a model whose run is shorter than the way to a thread', () => {
  it('runs at the end of the turn, once for all that came in it', async () => {
    const { ask, loopRuns, runs, events } = onLoop()
    const asked = [ask(1), ask(2, 3), ask(4)]
    assert.deepEqual(loopRuns, [])
    const answers = await Promise.all(asked.map(({ answer }) => answer))
    assert.deepEqual(loopRuns, [[1, 2, 3, 4]])
    assert.deepEqual(
      answers.map(({ outputs }) => outputs),
      [[rows('y', [1])], [rows('y', [2, 3])], [rows('y', [4])]],
    )
    assert.equal(runs.length, 0)
    const executed = events.flatMap((event) => (event.kind === 'executed' ? [event] : []))
    assert.deepEqual(
      executed.map(({ requests, where }) => [requests, where]),
      [[3, 'loop']],
    )
  })

  it('runs each request by itself where they are not joined', async () => {
    const { ask, loopRuns } = onLoop({ joined: undefined, known: tiny })
    await Promise.all([ask(1).answer, ask(2).answer])
    assert.deepEqual(loopRuns, [[1], [2]])
  })

  it('runs what came before the queue was full, rather than refuse', async () => {
    const { ask, loopRuns } = onLoop({ maxWaiting: 2 })
    const asked = [1, 2, 3, 4, 5].map((value) => ask(value))
    const answers = await Promise.all(asked.map(({ answer }) => answer))
    assert.equal(answers.length, 5)
    assert.deepEqual(loopRuns.flat(), [1, 2, 3, 4, 5])
  })

  it('fails only the request that the model does not like', async () => {
    const { ask } = onLoop({ onLoop: { poison: 2 } })
    const asked = [ask(1), ask(2), ask(3)]
    assert.equal((await refusalOf(asked[1]!.answer)).reason, 'RUN_REFUSED')
    assert.deepEqual((await asked[0]!.answer).outputs, [rows('y', [1])])
    assert.deepEqual((await asked[2]!.answer).outputs, [rows('y', [3])])
  })

  it('does not run what nobody waits for when the turn ends', async () => {
    const { ask, loopRuns, executors } = onLoop()
    const asked = [ask(1), ask(2)]
    asked[0]!.call.cancel()
    await asked[1]!.answer
    assert.deepEqual(loopRuns, [[2]])
    assert.equal(executors.idle, true)
  })

  it('is kept waiting by no larger request that waits for a thread', async () => {
    const known = [1, 2, 4].map((size) => ({ rows: size, ms: 0.04 * size }))
    const { ask, runs } = onLoop({ joined: undefined, known })
    ask(9, 9, 9, 9) // takes the thread
    ask(8, 8, 8, 8) // waits for it
    assert.deepEqual((await ask(5).answer).outputs, [rows('y', [5])])
    assert.equal(runs.length, 1)
  })

  it('shares runs by shape and up to the most rows, and leaves no request out', async () => {
    const { ask, loopRuns } = onLoop({ maxWaiting: 50, yaml: 'batching: {maxBatchSize: 3}' })
    const asked = [1, 2, 3, 4, 5, 6, 7].map((value) => ask(value))
    await Promise.all(asked.map(({ answer }) => answer))
    assert.deepEqual(loopRuns, [[1, 2, 3], [4, 5, 6], [7]])
  })

  it('runs no more together than the loop has time for', async () => {
    const { ask, loopRuns } = onLoop({
      joined: [1, 2, 4, 8].map((size) => ({ rows: size, ms: 0.03 * size })),
    })
    const asked = [1, 2, 3, 4, 5].map((value) => ask(value))
    await Promise.all(asked.map(({ answer }) => answer))
    assert.deepEqual(loopRuns.flat(), [1, 2, 3, 4, 5])
    assert.ok(loopRuns.every(({ length }) => length <= 3))
  })

  it('hands what is left of a long turn to a thread', async () => {
    const { ask, runs, loopRuns, clock } = onLoop({
      ...{ joined: undefined, known: tiny, maxWaiting: 50 },
      onLoop: { ran: () => clock.advance(4) },
    })
    const asked = [1, 2, 3, 4].map((value) => ask(value))
    await Promise.all(asked.slice(0, 2).map(({ answer }) => answer))
    assert.deepEqual(loopRuns, [[1], [2]])
    runs[0]!.succeed()
    await asked[2]!.answer
    runs[1]!.succeed()
    assert.deepEqual((await asked[3]!.answer).outputs, [rows('y', [4])])
  })

  it('answers in the order of the requests where that is promised', async () => {
    const { ask } = onLoop({ yaml: 'batching: {preserveOrdering: true}' })
    const order: number[] = []
    const asked = [1, 2, 3].map((value) => ask(value).answer.then(() => order.push(value)))
    await Promise.all(asked)
    assert.deepEqual(order, [1, 2, 3])
  })

  it('ends what was taken when everything is to end', async () => {
    const { ask, executors, loopRuns } = onLoop()
    const { answer } = ask(1)
    executors.endAll(fail('DRAINING'))
    assert.equal((await refusalOf(answer)).reason, 'DRAINING')
    assert.deepEqual(loopRuns, [])
    assert.equal(executors.idle, true)
  })

  it('is drained when all is answered', async () => {
    const { ask, executors } = onLoop()
    const { answer } = ask(1)
    await executors.drain()
    assert.deepEqual((await answer).outputs, [rows('y', [1])])
  })
})

describe('a run that would hold the loop up', () => {
  it('happens in a thread', async () => {
    const { ask, loopRuns, runs } = onLoop({
      joined: [1, 8].map((size) => ({ rows: size, ms: 2 })),
    })
    const { answer } = ask(1)
    runs[0]!.succeed()
    await answer
    assert.deepEqual(loopRuns, [])
  })

  it('happens in a thread where nothing is known of it yet', () => {
    const { ask, runs } = onLoop({ joined: [] })
    ask(1)
    assert.equal(runs.length, 1)
  })

  it('happens in a thread for a request of more rows than the loop has time for', async () => {
    const { ask, loopRuns, runs } = onLoop({
      joined: [1, 2, 4].map((size) => ({ rows: size, ms: 0.04 * size })),
    })
    await ask(1).answer
    const large = ask(2, 3, 4, 5)
    assert.deepEqual(loopRuns, [[1]])
    runs[0]!.succeed()
    assert.deepEqual((await large.answer).outputs, [rows('y', [2, 3, 4, 5])])
  })
})
