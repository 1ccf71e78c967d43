/**
 * The closed loop: so many clients, each of which asks again when it has its answer. It measures how
 * much a server can do; its percentiles say nothing about latency under a given load, since a slow
 * server is asked less (coordinated omission).
 */
import type { Clock } from '../../clock.ts'
import type { Ask, Outcome, Sample } from './outcome.ts'

export interface ClosedLoopOptions {
  readonly clients: number
  /** Requests that a client sends at once; a query is done when the last is answered. */
  readonly perQuery: number
  readonly warmUpMs: number
  /** Of what is counted. What has begun before it is over is finished and counted. */
  readonly durationMs: number
  /** Queries that are counted, at most. */
  readonly queries: number
  readonly clock: Pick<Clock, 'now'>
  readonly ask: Ask
  /** One sample a query. */
  readonly record: (sample: Sample) => void
  /** Sends no more, and waits for nothing. */
  readonly stop: AbortSignal
}

export function closedLoop(options: ClosedLoopOptions): Promise<void> {
  const { clients, perQuery, warmUpMs, durationMs, queries, clock, ask, record, stop } = options
  const countedFrom = clock.now() + warmUpMs
  const end = countedFrom + durationMs
  let asked = 0
  let counted = 0
  let active = clients
  return new Promise((resolve) => {
    const query = (done: () => void) => {
      const sent = clock.now()
      const isCounted = sent >= countedFrom
      if (stop.aborted || sent >= end || (isCounted && counted >= queries)) {
        active -= 1
        if (active === 0) resolve()
        return
      }
      if (isCounted) counted += 1
      let left = perQuery
      let outcome: Outcome = { ok: true }
      const answeredOne = (one: Outcome) => {
        if (!one.ok) outcome = one
        left -= 1
        if (left > 0 || stop.aborted) return
        record({ due: sent, sent, done: clock.now(), outcome, counted: isCounted })
        done()
      }
      for (let part = 0; part < perQuery; part++) ask(asked++, answeredOne)
    }
    const client = () => {
      // an answer that is there at once must not make the stack deeper
      let isAsking = false
      let isDone = true
      const next = () => {
        isDone = true
        if (isAsking) return
        isAsking = true
        while (isDone) {
          isDone = false
          query(next)
        }
        isAsking = false
      }
      next()
    }
    stop.addEventListener('abort', () => resolve(), { once: true })
    for (let one = 0; one < clients; one++) client()
  })
}
