import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { HandClock } from '../../clock.ts'
import { scheduleOf } from '../arrivals/schedule.ts'
import { closedLoop } from './closed-loop.ts'
import { type OpenLoopOptions, openLoop } from './open-loop.ts'
import { type Ask, answered, type Sample } from './outcome.ts'
import { clockPacer, oneServer, quantileOf } from './testing.ts'

describe('an open loop', () => {
  it('sends when the schedule says, though nothing is answered', () => {
    const clock = new HandClock()
    const sent: number[] = []
    const { samples } = load(clock, [5, 5, 8, 30], { ask: () => sent.push(clock.now()) })
    clock.advance(100)
    assert.deepEqual(sent, [5, 5, 8, 30])
    assert.deepEqual(samples, [])
  })

  it('counts latency from the moment that was scheduled, and lateness apart', () => {
    const clock = new HandClock()
    const { samples } = load(clock, [10, 20], {
      // nobody is told in time: the thread stood still until 25
      pacer: {
        follow: (_moments, _start, due) => clock.wakeAt(25, () => due(2)),
        stop: async () => {},
      },
      ask: (_, done) => clock.wakeAt(clock.now() + 3, () => done(answered)),
    })
    clock.advance(100)
    assert.deepEqual(
      samples.map(({ due, sent, done }) => [due, sent, done]),
      [
        [10, 25, 28],
        [20, 25, 28],
      ],
    )
  })

  it('believes the one that tells the time, whose clock may be ahead by a hair', async () => {
    const clock = new HandClock()
    const { samples, ended } = load(clock, [10, 20], {
      pacer: {
        follow: (_moments, _start, due) => clock.wakeAt(19.999, () => due(2)),
        stop: async () => {},
      },
      ask: (_, done) => done(answered),
    })
    clock.advance(19.999)
    await ended
    assert.deepEqual(
      samples.map(({ sent }) => sent),
      [19.999, 20],
    )
  })

  it('ends when everything that was sent is answered', async () => {
    const clock = new HandClock()
    let last: (() => void) | undefined
    const { ended } = load(clock, [1, 2], {
      ask: (request, done) => {
        if (request === 0) done(answered)
        else last = () => done(answered)
      },
    })
    clock.advance(50)
    assert.equal(await Promise.race([ended.then(() => 'ended'), turns()]), 'goes on')
    last!()
    assert.equal(await Promise.race([ended.then(() => 'ended'), turns()]), 'ended')
  })

  it('counts what is due beyond the bound as missed, at once', () => {
    const clock = new HandClock()
    const { samples } = load(clock, [1, 2, 3, 50], {
      maxInFlight: 2,
      ask: (_, done) => clock.wakeAt(clock.now() + 10, () => done(answered)),
    })
    clock.advance(100)
    assert.deepEqual(
      samples.map(({ due, done, outcome }) => [due, done, outcome.ok]),
      [
        [3, 3, false],
        [1, 11, true],
        [2, 12, true],
        [50, 60, true],
      ],
    )
    const [{ outcome }] = samples as [Sample]
    assert.ok(!outcome.ok && outcome.why === 'not sent: 2 were in flight')
  })

  it('sends no more when it is stopped, and waits for nothing', async () => {
    const clock = new HandClock()
    const stop = new AbortController()
    const { ended, samples } = load(clock, [1, 2, 3], {
      stop: stop.signal,
      ask: (_, done) => clock.wakeAt(clock.now() + 1.5, () => done(answered)),
    })
    clock.advance(2.5)
    stop.abort()
    await ended
    clock.advance(10)
    assert.equal(samples.length, 1)
  })

  it('does not count what warms up', () => {
    const clock = new HandClock()
    const { samples } = load(clock, [1, 2, 3], { ask: (_, done) => done(answered) }, 2)
    clock.advance(10)
    assert.deepEqual(
      samples.map(({ counted }) => counted),
      [false, false, true],
    )
  })
})

describe('a server that stands still', () => {
  it('is seen by everybody who came meanwhile, and a closed loop sees it once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 400 }),
        fc.integer({ min: 500, max: 2000 }),
        fc.integer({ min: 1000, max: 7000 }),
        fc.nat(),
        (rate, stallMs, stallAt, seed) => {
          const stalls = [[stallAt, stallAt + stallMs]] as const
          const open = stalled((clock, record) => {
            const schedule = scheduleOf({
              ...{ arrivals: 'poisson', rate, durationMs: 10_000, requests: Infinity },
              ...{ warmUpMs: 0, seed },
            })
            const ask = oneServer(clock, { serviceMs: 1, stalls })
            const around = { clock, pacer: clockPacer(clock), start: 0, stop: never, record }
            return openLoop({ ...around, schedule, ask, maxInFlight: 1e6 })
          })
          const closed = stalled((clock, record) =>
            closedLoop({
              ...{ clients: 1, perQuery: 1, warmUpMs: 0, durationMs: 10_000, queries: Infinity },
              ...{ clock, record, stop: never, ask: oneServer(clock, { serviceMs: 1, stalls }) },
            }),
          )
          // 5 % of ten seconds and more fall into the stall; who came in its first half waited longest
          assert.ok(quantileOf(open, 0.99) > stallMs / 2, `${quantileOf(open, 0.99)}`)
          assert.ok(quantileOf(closed, 0.99) < 2)
        },
      ),
      { seed: 3, numRuns: 25 },
    )
  })
})

const never = new AbortController().signal

function load(
  clock: HandClock,
  moments: readonly number[],
  options: Partial<Omit<OpenLoopOptions, 'ask'>> & { ask: Ask | ((request: number) => unknown) },
  warmUp = 0,
) {
  const samples: Sample[] = []
  const shared = new Float64Array(new SharedArrayBuffer(moments.length * 8))
  shared.set(moments)
  const ended = openLoop({
    schedule: { moments: shared, warmUp, countedFrom: 0 },
    start: 0,
    clock,
    pacer: clockPacer(clock),
    record: (sample) => samples.push(sample),
    maxInFlight: 100,
    stop: never,
    ...options,
    ask: options.ask as Ask,
  })
  return { samples, ended }
}

function stalled(
  begin: (clock: HandClock, record: (sample: Sample) => void) => Promise<void>,
): readonly Sample[] {
  const clock = new HandClock()
  const samples: Sample[] = []
  void begin(clock, (sample) => samples.push(sample))
  clock.advance(60_000)
  return samples
}

async function turns(): Promise<string> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  return 'goes on'
}
