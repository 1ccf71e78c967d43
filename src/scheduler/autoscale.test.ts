import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type AutoscaleLook, decide, firstState } from './autoscale.ts'

const minute = 60_000

/** A run of up to 4 rows, of 20 ms and 2.5 a row: 133 rows a second for an executor. */
const model = { fixedMs: 20, rowMs: 2.5, limit: 4, sloMs: 150, minimum: 1, maximum: 8 }

interface Traffic {
  readonly rate: (ms: number) => number
  readonly untilMs: number
  readonly seed?: number
}

const run = ({ rate, untilMs, seed }: Traffic, some: Partial<Simulated> = {}): Outcome =>
  simulate({ ...model, ...some, arrivals: arrivalsAt(rate, untilMs, seed), untilMs })

/** Of the requests that came in this time. */
function p99({ answers }: Outcome, fromMs: number, toMs: number): number {
  const times = answers.filter(({ at }) => at >= fromMs && at < toMs).map(({ ms }) => ms)
  assert.ok(times.length > 100, 'there are requests to judge by')
  return times.toSorted((a, b) => a - b)[Math.floor(0.99 * times.length)]!
}

const changesBetween = ({ changes }: Outcome, fromMs: number, toMs: number) =>
  changes.filter(({ at }) => at >= fromMs && at < toMs)

describe('executors under traffic that', () => {
  const seeds = [1, 2, 3]

  for (const seed of seeds) {
    it(`steps up and down again: up within two seconds, down after a minute of calm (${seed})`, () => {
      const [up, down] = [minute, 3 * minute]
      const rate = (ms: number) => (ms >= up && ms < down ? 600 : 60)
      const outcome = run({ rate, untilMs: 8 * minute, seed })
      assert.ok(p99(outcome, 0, up) <= 150)
      assert.ok(p99(outcome, up + 2000, down) <= 150, `${p99(outcome, up + 2000, down)} ms`)
      assert.ok(p99(outcome, down, 8 * minute) <= 150)
      const settled = changesBetween(outcome, up + 2000, down)
      assert.ok(settled.length <= 3, `${settled.length} changes in two minutes`)
      assert.deepEqual(
        changesBetween(outcome, down, down + minute - 1000).filter(
          ({ executors }) => executors < 6,
        ),
        [],
      )
      const end = outcome.executors.at(-1)!
      assert.ok(end <= 2, `${end} in the end`)
    })

    it(`rises slowly: answers stay in time throughout (${seed})`, () => {
      const rate = (ms: number) => 40 + (ms / (10 * minute)) * 600
      const outcome = run({ rate, untilMs: 10 * minute, seed })
      assert.ok(p99(outcome, 0, 10 * minute) <= 150)
      const downs = outcome.changes.filter(
        ({ executors }, at) => executors < (outcome.changes[at - 1]?.executors ?? 1),
      )
      assert.ok(downs.length <= 1, `${downs.length} times down while it rises`)
    })

    it(`comes and goes every twenty seconds: it is held, not followed (${seed})`, () => {
      const rate = (ms: number) => (Math.floor(ms / 20_000) % 2 === 0 ? 450 : 10)
      const outcome = run({ rate, untilMs: 6 * minute, seed })
      // the first time takes it by surprise
      assert.ok(p99(outcome, 20_000, 6 * minute) <= 150)
      const later = changesBetween(outcome, minute, 6 * minute)
      assert.ok(later.length <= 3, `${later.length} changes in five minutes`)
    })

    it(`has days and nights: it follows them, in few steps (${seed})`, () => {
      const day = 16 * minute
      const rate = (ms: number) => 250 - 230 * Math.cos((2 * Math.PI * ms) / day)
      const outcome = run({ rate, untilMs: 1.5 * day, seed })
      const { executors, changes } = outcome
      assert.ok(p99(outcome, 0, 1.5 * day) <= 150)
      // up to seven, back, and up again
      assert.ok(changes.length <= 25, `${changes.length} changes`)
      const at = (ms: number) => executors[ms / 250]!
      assert.ok(at(day / 2) >= 5, `${at(day / 2)} at noon`)
      assert.ok(at(day) <= 3, `${at(day)} at midnight`)
      // twice what the mean of the day asks for, with a third of the time free
      const mean = executors.reduce((sum, one) => sum + one, 0) / executors.length
      const needed = (250 * (20 / 4 + 2.5)) / 1000
      assert.ok(mean <= 3 * needed, `${mean} on average for ${needed}`)
    })
  }

  it('is more than all of them can answer: all there may be, and no more', () => {
    const outcome = run({ rate: () => 5000, untilMs: 20_000 })
    assert.equal(outcome.executors.at(-1), 8)
    assert.equal(outcome.changes.length, 1)
  })

  it('is none: the fewest there may be', () => {
    const outcome = simulate({ ...model, minimum: 2, arrivals: [5], untilMs: 5 * minute })
    assert.deepEqual([...new Set(outcome.executors)], [2])
  })
})

describe('a decision', () => {
  const look = (some: Partial<AutoscaleLook>): AutoscaleLook => ({
    ...{ now: 0, executors: 2, minimum: 1, maximum: 6, sloMs: 100, arrivedRows: 0 },
    ...{ oldestWaitMs: 0, best: { rows: 2, ms: 20 } },
    ...some,
  })

  /** Ten seconds of so many rows a second, and what is decided then. */
  function after(rate: number, some: Partial<AutoscaleLook> = {}) {
    let state = firstState
    for (let now = 0; now < 10_000; now += 250) {
      state = decide(
        state,
        look({ ...some, now, arrivedRows: (now * rate) / 1000, oldestWaitMs: 0 }),
      ).state
    }
    return decide(state, look({ ...some, now: 10_000, arrivedRows: 10 * rate })).decision
  }

  it('tells what it went by', () => {
    const { inputs } = after(200, { executors: 4 })
    assert.deepEqual(
      [inputs.rowMs, inputs.runMs, inputs.budgetMs, Math.round(inputs.rowsPerSecond)],
      [10, 20, 80, 200],
    )
    assert.ok(inputs.neededForLoad! > 1.5 && inputs.neededForLoad! < 3)
    assert.ok(inputs.neededForBursts! > 1.5 && inputs.neededForBursts! <= 2)
  })

  it('says why', () => {
    assert.equal(after(0, { best: undefined }).why, 'unknown')
    assert.equal(after(0, { executors: 1 }).why, 'floor')
    assert.equal(after(1000, { executors: 6 }).why, 'ceiling')
    assert.deepEqual(pick(after(1000)), [6, 'panic'])
    assert.deepEqual(pick(after(50, { executors: 3 })), [3, 'calm'])
    assert.deepEqual(pick(after(190, { executors: 2 })), [2, 'burst'])
    assert.deepEqual(pick(after(200, { executors: 1 })), [3, 'panic'])
  })

  const pick = ({ executors, why }: { executors: number; why: string }) => [executors, why]

  it('is one more where requests wait too long, and another after a moment', () => {
    let [state, executors] = [firstState, 2]
    const decisions: string[] = []
    for (let now = 0; now <= 2500; now += 250) {
      const seen = look({
        now,
        executors,
        arrivedRows: now / 100,
        oldestWaitMs: now < 500 ? 0 : 41,
      })
      const decided = decide(state, seen)
      state = decided.state
      executors = decided.decision.executors
      decisions.push(`${executors} ${decided.decision.why}`)
    }
    assert.equal(decisions.indexOf('3 panic'), 2)
    assert.equal(decisions.indexOf('4 panic'), 6)
    assert.equal(decisions.at(-1), '5 panic')
  })

  it('holds what there is while nothing has run, within what is allowed', () => {
    assert.equal(after(500, { best: undefined, executors: 4 }).executors, 4)
    assert.equal(after(500, { best: undefined, executors: 9 }).executors, 6)
  })

  it('is within what is allowed whatever is seen', () => {
    const seen = fc.record({
      passed: fc.integer({ min: 1, max: 5000 }),
      rows: fc.integer({ min: 0, max: 100_000 }),
      oldestWaitMs: fc.double({ min: 0, max: 1e5, noNaN: true }),
      best: fc.option(
        fc.record({
          rows: fc.integer({ min: 1, max: 64 }),
          ms: fc.double({ min: 0, max: 1e4, noNaN: true }),
        }),
        { nil: undefined },
      ),
      sloMs: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
    })
    const bounds = fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 8 }))
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 60 }), bounds, (looks, [minimum, more]) => {
        const maximum = minimum + more
        let [state, now, arrivedRows, executors] = [firstState, 0, 0, minimum]
        for (const { passed, rows, ...rest } of looks) {
          now += passed
          arrivedRows += rows
          const decided = decide(state, { ...rest, now, arrivedRows, executors, minimum, maximum })
          state = decided.state
          const next = decided.decision.executors
          assert.ok(Number.isInteger(next) && next >= minimum && next <= maximum)
          assert.ok(next >= executors - 1, 'one at a time, going down')
          executors = next
        }
        assert.ok(state.envelope.length <= 131 && state.waits.length <= 20)
      }),
      { seed: 5, numRuns: 300 },
    )
  })
})

/**
 * Requests of one row that come at given moments, and executors whose number is decided while they
 * do. An executor takes all that waits, up to a limit, as soon as it is free.
 */
interface Simulated {
  /** Ascending, in milliseconds. */
  readonly arrivals: readonly number[]
  readonly untilMs: number
  /** What a run takes whatever its rows, and what each adds, in milliseconds. */
  readonly fixedMs: number
  readonly rowMs: number
  readonly limit: number
  readonly sloMs: number | undefined
  readonly minimum: number
  readonly maximum: number
}

interface Outcome {
  /** When each came, and how long its answer took. */
  readonly answers: readonly { readonly at: number; readonly ms: number }[]
  /** Whenever their number changed: from then on. */
  readonly changes: readonly { readonly at: number; readonly executors: number }[]
  /** At each tick, in order. */
  readonly executors: readonly number[]
}

function simulate(setup: Simulated): Outcome {
  const { arrivals, untilMs, fixedMs, rowMs, limit, sloMs, minimum, maximum } = setup
  const answers: Outcome['answers'][number][] = []
  const changes: Outcome['changes'][number][] = []
  const perTick: number[] = []
  const running: number[] = []
  const waiting: number[] = []
  let [executors, state, next] = [minimum, firstState, 0]
  const runMs = (rows: number) => fixedMs + rowMs * rows
  const startAll = (now: number) => {
    while (waiting.length > 0 && running.length < executors) {
      const taken = waiting.splice(0, limit)
      const end = now + runMs(taken.length)
      running.push(end)
      for (const at of taken) answers.push({ at, ms: end - at })
    }
  }
  const tick = (now: number) => {
    const best = next === 0 ? undefined : { rows: limit, ms: runMs(limit) }
    const oldestWaitMs = waiting.length === 0 ? 0 : now - waiting[0]!
    const seen = { now, executors, minimum, maximum, sloMs, best, arrivedRows: next, oldestWaitMs }
    const decided = decide(state, seen)
    state = decided.state
    if (decided.decision.executors !== executors) {
      executors = decided.decision.executors
      changes.push({ at: now, executors })
    }
    perTick.push(executors)
  }
  for (let nextTick = 0; ; ) {
    const arrival = arrivals[next] ?? Infinity
    const end = Math.min(...running, Infinity)
    const now = Math.min(arrival, end, nextTick)
    if (now > untilMs) return { answers, changes, executors: perTick }
    if (now === end) running.splice(running.indexOf(end), 1)
    else if (now === arrival) {
      waiting.push(arrival)
      next += 1
    } else {
      tick(now)
      nextTick += tickMs
    }
    startAll(now)
  }
}

/** Moments at random, as many a second as the function of the moment says: the same each time. */
function arrivalsAt(perSecond: (ms: number) => number, untilMs: number, seed = 1): number[] {
  let random = seed
  const uniform = () => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0
    return (random + 1) / 2 ** 32
  }
  const most = Math.max(
    ...Array.from({ length: 1000 }, (_, at) => perSecond((at * untilMs) / 1000)),
  )
  const arrivals: number[] = []
  for (let at = 0; at < untilMs; ) {
    at += (-Math.log(uniform()) * 1000) / most
    if (uniform() * most < perSecond(at)) arrivals.push(at)
  }
  return arrivals
}

const tickMs = 250
