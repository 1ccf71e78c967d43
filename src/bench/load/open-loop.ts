/**
 * The open loop: requests are sent when the schedule says, however many answers are still to come,
 * and latency counts from the scheduled moment. A server that stalls is seen by everybody who came
 * meanwhile (no coordinated omission).
 */
import type { Clock } from '../../clock.ts'
import type { Schedule } from '../arrivals/schedule.ts'
import type { Ask, Outcome, Sample } from './outcome.ts'
import type { Pacer } from './pacer.ts'

export interface OpenLoopOptions {
  readonly schedule: Schedule
  /** A moment of the clock, which may be to come. */
  readonly start: number
  readonly clock: Pick<Clock, 'now'>
  readonly pacer: Pacer
  readonly ask: Ask
  readonly record: (sample: Sample) => void
  /** What is due while so many wait for their answers is not sent, and counts as missed. */
  readonly maxInFlight: number
  /** Sends no more, and waits for nothing. */
  readonly stop: AbortSignal
}

/** Resolves when everything that was sent is answered. */
export function openLoop(options: OpenLoopOptions): Promise<void> {
  const { schedule, start, clock, pacer, ask, record, maxInFlight, stop } = options
  const { moments, warmUp } = schedule
  const notSent: Outcome = { ok: false, why: `not sent: ${maxInFlight} were in flight` }
  let next = 0
  let inFlight = 0
  return new Promise((resolve) => {
    const endIfDone = () => {
      if (next >= moments.length && inFlight === 0) resolve()
    }
    const send = (index: number, now: number) => {
      const due = start + moments[index]!
      const sample = { due, sent: Math.max(due, now), counted: index >= warmUp }
      if (inFlight >= maxInFlight) {
        record({ ...sample, done: now, outcome: notSent })
        return
      }
      inFlight += 1
      ask(index, (outcome) => {
        inFlight -= 1
        if (stop.aborted) return
        record({ ...sample, done: clock.now(), outcome })
        endIfDone()
      })
    }
    const due = (come: number) => {
      while (!stop.aborted && next < moments.length) {
        const now = clock.now()
        // the pacer's clock may be ahead by a hair; and while this runs more moments may come
        if (next >= come && start + moments[next]! > now) break
        send(next++, now)
      }
      endIfDone()
    }
    stop.addEventListener('abort', () => resolve(), { once: true })
    if (stop.aborted || moments.length === 0) resolve()
    else pacer.follow(moments, start, due)
  })
}
