import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HandClock } from '../../clock.ts'
import { type ClosedLoopOptions, closedLoop } from './closed-loop.ts'
import { answered, type Sample } from './outcome.ts'

describe('a closed loop', () => {
  it('has so many in flight, and sends the next when one is answered', () => {
    const { clock, samples, most } = load({ clients: 3, durationMs: 100 }, 7)
    clock.advance(200)
    assert.equal(most(), 3)
    // 15 turns begin in 100 ms, the last at 98
    assert.equal(samples.length, 3 * 15)
    assert.ok(samples.every(({ due, sent, done }) => due === sent && done === sent + 7))
  })

  it('ends with the number of queries, and does not count what warms up', async () => {
    const { clock, samples, ended } = load({ clients: 2, queries: 5, warmUpMs: 30 }, 10)
    clock.advance(1000)
    await ended
    assert.deepEqual(
      samples.map(({ counted }) => counted),
      [false, false, false, false, false, false, true, true, true, true, true],
    )
  })

  it('sends several at once, and waits for the last of them', () => {
    const clock = new HandClock()
    const samples: Sample[] = []
    const asked: number[] = []
    void run(clock, samples, {
      perQuery: 4,
      queries: 2,
      ask(request, done) {
        asked.push(clock.now())
        clock.wakeAt(clock.now() + 1 + (request % 4), () =>
          done(request === 2 ? { ok: false, why: 'the third' } : answered),
        )
      },
    })
    clock.advance(100)
    assert.deepEqual(asked, [0, 0, 0, 0, 4, 4, 4, 4])
    assert.deepEqual(
      samples.map(({ sent, done, outcome }) => [sent, done, outcome]),
      [
        [0, 4, { ok: false, why: 'the third' }],
        [4, 8, { ok: true }],
      ],
    )
  })

  it('does not run out of stack where answers are there at once', async () => {
    const clock = new HandClock()
    const samples: Sample[] = []
    await run(clock, samples, { queries: 200_000, ask: (_, done) => done(answered) })
    assert.equal(samples.length, 200_000)
  })

  it('sends no more when it is stopped, and waits for nothing', async () => {
    const stop = new AbortController()
    const { clock, samples, ended } = load({ stop: stop.signal }, 10)
    clock.advance(25)
    stop.abort()
    await ended
    clock.advance(100)
    assert.equal(samples.length, 2)
  })
})

function load(options: Partial<ClosedLoopOptions>, answerMs: number) {
  const clock = new HandClock()
  const samples: Sample[] = []
  let inFlight = 0
  let most = 0
  const ended = run(clock, samples, {
    ask(_, done) {
      inFlight += 1
      most = Math.max(most, inFlight)
      clock.wakeAt(clock.now() + answerMs, () => {
        inFlight -= 1
        done(answered)
      })
    },
    ...options,
  })
  return { clock, samples, ended, most: () => most }
}

const run = (clock: HandClock, samples: Sample[], options: Partial<ClosedLoopOptions>) =>
  closedLoop({
    ...{ clients: 1, perQuery: 1, warmUpMs: 0, durationMs: Infinity, queries: Infinity },
    clock,
    ask: () => {},
    record: (sample) => samples.push(sample),
    stop: new AbortController().signal,
    ...options,
  })
