import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refusalOf, rows, type SetUp, settled, setUp } from './testing.ts'

/** One thread, and requests run one by one. */
const oneByOne = (yaml: string, more: SetUp = {}) => setUp({ capacity: 1, yaml, ...more })

type World = ReturnType<typeof oneByOne>

/** Ends every run as it comes; the values in the order in which they ran. */
async function runAll({ runs }: World): Promise<number[]> {
  for (let index = 0; index < runs.length; index++) {
    runs[index]!.succeed({ runMs: 1 })
    await settled()
  }
  return runs.map(({ value }) => value)
}

const why = ({ events }: World) =>
  events.flatMap((event) => (event.kind === 'shed' ? [event.why] : []))

describe('levels of priority', () => {
  const levels = 'queue: {priorities: {levels: 3, default: 2}}'

  it('are served one before the other, and in a level in the order of arrival', async () => {
    const world = oneByOne(levels)
    world.ask(0)
    for (const [value, priority] of [
      [1, 3],
      [2, 0],
      [3, 1],
      [4, 2],
      [5, 1],
      [6, 9],
    ] as const) {
      world.ask.as({ priority }, value)
    }
    assert.deepEqual(await runAll(world), [0, 3, 5, 2, 4, 6, 1])
  })

  it('may be bounded each on its own', async () => {
    const world = oneByOne(
      'queue: {priorities: {levels: 2, default: 1, policies: {2: {maxWaiting: 1}}}}',
    )
    world.ask(0)
    world.ask.as({ priority: 2 }, 1)
    const { facts, reason } = await refusalOf(world.ask.as({ priority: 2 }, 2).answer)
    assert.deepEqual([reason, facts.limit], ['QUEUE_FULL', 1])
    world.ask.as({ priority: 1 }, 3)
    assert.deepEqual(await runAll(world), [0, 3, 1])
    assert.deepEqual(why(world), ['full'])
  })

  it('are none where none are configured', async () => {
    const world = oneByOne('{}')
    world.ask(0)
    world.ask.as({ priority: 2 }, 1)
    world.ask.as({ priority: 1 }, 2)
    assert.deepEqual(await runAll(world), [0, 1, 2])
  })
})

describe('a time to wait', () => {
  it('that is over refuses the request at once, whatever runs', async () => {
    const world = oneByOne('queue: {timeoutMs: 20}')
    world.ask(0)
    world.clock.advance(5)
    const { answer } = world.ask(1)
    world.clock.advance(19)
    assert.deepEqual(why(world), [])
    world.clock.advance(1)
    const error = await refusalOf(answer)
    assert.equal(error.reason, 'QUEUE_TIMEOUT')
    assert.match(error.message, /waited 20 ms/)
    assert.deepEqual(await runAll(world), [0])
    assert.deepEqual(why(world), ['timeout'])
  })

  it('does not end what has begun', async () => {
    const world = oneByOne('queue: {timeoutMs: 20}')
    const { answer } = world.ask(1)
    world.clock.advance(50)
    await runAll(world)
    assert.deepEqual((await answer).outputs, [rows('y', [1])])
  })

  it('that is over puts it behind all others of its level, where it may be delayed', async () => {
    const world = oneByOne('queue: {timeoutMs: 20, onTimeout: delay}')
    world.ask(0)
    world.ask(1)
    world.clock.advance(20)
    world.ask(2)
    world.ask(3)
    assert.deepEqual(await runAll(world), [0, 2, 3, 1])
  })

  it('may be named by the request where the model says none', async () => {
    const world = oneByOne('{}')
    world.ask(0)
    const { answer } = world.ask.as({ queueTimeoutMs: 3 }, 1)
    world.clock.advance(3)
    assert.equal((await refusalOf(answer)).reason, 'QUEUE_TIMEOUT')
  })

  it('of the model is only shortened by a request, and only where that is allowed', async () => {
    for (const [yaml, wish, refusedAt] of [
      ['queue: {timeoutMs: 20, timeoutOverride: true}', 5, 5],
      ['queue: {timeoutMs: 20, timeoutOverride: true}', 50, 20],
      ['queue: {timeoutMs: 20}', 5, 20],
    ] as const) {
      const world = oneByOne(yaml)
      world.ask(0)
      const { answer } = world.ask.as({ queueTimeoutMs: wish }, 1)
      world.clock.advance(refusedAt - 1)
      assert.deepEqual(why(world), [], yaml)
      world.clock.advance(1)
      await refusalOf(answer)
      assert.deepEqual(why(world), ['timeout'], yaml)
    }
  })
})

describe('memory of what waits', () => {
  it('is bounded, and one large request may wait all the same', async () => {
    const world = oneByOne('queue: {maxWaitingBytes: 16}')
    world.ask(0)
    world.ask(1, 2, 3, 4, 5, 6)
    const error = await refusalOf(world.ask(7).answer)
    assert.deepEqual([error.reason, error.facts.limit], ['QUEUE_BYTES_FULL', 16])
    assert.deepEqual(why(world), ['bytes'])
    assert.deepEqual(await runAll(world), [0, 1])
    assert.equal(world.runs[1]!.values.length, 6)
  })
})

describe('what would be answered too late', () => {
  const known = [{ rows: 1, ms: 10 }]

  it('is refused at once, with the predicted time and when to try again', async () => {
    const world = oneByOne('{}', { known })
    world.ask(0)
    world.ask(1)
    const error = await refusalOf(world.ask.until(25, 2).answer)
    assert.equal(error.reason, 'DEADLINE_UNREACHABLE')
    const { predictedMs, leftMs, retryAfterMs } = error.facts
    assert.deepEqual([predictedMs, leftMs, retryAfterMs], [30, 25, 20])
    assert.deepEqual(await runAll(world), [0, 1])
    assert.deepEqual(why(world), ['late'])
  })

  it('is let in where the time will do', async () => {
    const world = oneByOne('{}', { known })
    world.ask(0)
    const { answer } = world.ask.until(25, 1)
    await runAll(world)
    assert.deepEqual((await answer).outputs, [rows('y', [1])])
  })

  it('is dropped before it would run, when what was before it took longer', async () => {
    const world = oneByOne('{}', { known })
    world.ask(0)
    const { answer } = world.ask.until(25, 1)
    world.ask(2)
    world.clock.advance(16)
    assert.deepEqual(await runAll(world), [0, 2])
    const error = await refusalOf(answer)
    assert.equal(error.reason, 'DEADLINE_UNREACHABLE')
    assert.deepEqual(why(world), ['expired'])
  })

  it('is told so also where the model has an objective and the client no deadline', async () => {
    const world = oneByOne('slo: {p99Ms: 25}', { known })
    const first = world.ask(0)
    const second = world.ask(1)
    const error = await refusalOf(world.ask(2).answer)
    assert.equal(error.reason, 'DEADLINE_UNREACHABLE')
    await runAll(world)
    await Promise.all([first.answer, second.answer])
  })

  it('is known by how late others were lately, and no longer when they come in time', async () => {
    const world = oneByOne('slo: {p99Ms: 40}', { known })
    const runOne = async (tookMs: number) => {
      world.ask(0)
      world.clock.advance(tookMs)
      world.runs.at(-1)!.succeed({ runMs: 10 })
      await settled()
    }
    const second = async () => {
      world.ask(1)
      const outcome = world.ask(2).answer.catch((thrown: unknown) => thrown)
      await runAll(world)
      return outcome
    }
    await runOne(35)
    const refused = await refusalOf(second())
    assert.deepEqual([refused.reason, refused.facts.predictedMs], ['DEADLINE_UNREACHABLE', 45])
    for (let answer = 0; answer < 300; answer++) await runOne(10)
    assert.ok(!((await second()) instanceof Error))
  })

  it('runs although it takes longer than the objective, where it waits for nothing', async () => {
    const world = oneByOne('slo: {p99Ms: 5}', { known })
    const { answer } = world.ask(0)
    await runAll(world)
    assert.deepEqual((await answer).outputs, [rows('y', [0])])
  })
})
