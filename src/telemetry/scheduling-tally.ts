/** What is counted of how the requests of one version wait and run. */
import {
  type Event,
  type InFlightCount,
  WHY_LEFT,
  WHY_SHED,
  type WhyLeft,
  type WhyShed,
} from '../events.ts'
import { Buckets, latencySeconds } from './buckets.ts'

export class SchedulingTally {
  /** Of runs, in seconds. */
  readonly exec = new Buckets(latencySeconds)
  /** Time that threads have computed for it, in milliseconds. */
  busyMs = 0
  /** How often the number of executors was changed. */
  readonly scaling = { up: 0, down: 0 }
  readonly #left = new Float64Array(WHY_LEFT.length)
  readonly #shed = new Float64Array(WHY_SHED.length)
  /** The version may have been loaded before, and drain still. */
  #watched: InFlightCount[] = []
  /** Of those that have nothing under way any more, in milliseconds. */
  #passedMs = 0

  executed({ left, where, runMs }: Extract<Event, { kind: 'executed' }>): void {
    this.#left[WHY_LEFT.indexOf(left)]! += 1
    this.exec.observe(runMs / 1000)
    if (where === 'thread') this.busyMs += runMs
  }

  shed(why: WhyShed): void {
    this.#shed[WHY_SHED.indexOf(why)]! += 1
  }

  scaled({ from, to, dryRun }: Extract<Event, { kind: 'scaled' }>): void {
    if (!dryRun) this.scaling[to > from ? 'up' : 'down'] += 1
  }

  batches(left: WhyLeft): number {
    return this.#left[WHY_LEFT.indexOf(left)]!
  }

  shedBecause(why: WhyShed): number {
    return this.#shed[WHY_SHED.indexOf(why)]!
  }

  /** From now on this one is the version's; those before take no more requests. */
  watch(inFlight: InFlightCount): void {
    const isOver = ({ count }: InFlightCount) => count === 0
    // what has nothing under way has passed the same time at any moment
    for (const one of this.#watched.filter(isOver)) this.#passedMs += one.msUntil(0)
    this.#watched = [...this.#watched.filter((one) => !isOver(one)), inFlight]
  }

  /** Requests under way. */
  get inFlight(): number {
    return this.#watched.reduce((sum, { count }) => sum + count, 0)
  }

  /** The sum over all requests of the time each was under way, up to now, in milliseconds. */
  inFlightMs(now: number): number {
    return this.#watched.reduce((sum, one) => sum + one.msUntil(now), this.#passedMs)
  }
}
