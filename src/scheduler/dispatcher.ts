/**
 * Who runs next, and on which thread: for all models of a runtime together.
 *
 * Each thread is given more runs than it computes, so that the next starts without a turn of the
 * event loop. Models that have something to run take turns by the time their runs have taken: the
 * one that had least, for its weight, is next, and one that was idle has no claim to the time before
 * (start-time fair queueing, Goyal, Vin and Cheng, SIGCOMM 1996).
 *
 * Invariants
 * - No thread is given more runs than it has places.
 * - A lane's runs are on no more threads at once than it has executors.
 * - While a thread is idle, nothing waits that may start on it.
 */
import { strict as assert } from 'node:assert'
import { Lane, type LaneOptions } from './lane.ts'
import type { RunSource } from './run-source.ts'

export interface DispatcherOptions {
  readonly threads: number
  readonly placesPerThread: number
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number
}

export class Dispatcher {
  readonly threads: number
  readonly #places: number
  readonly #now: () => number
  readonly #busy: readonly Thread[]
  /** That have something to run. */
  readonly #contenders = new Set<Lane>()
  /** Which had something to run last, and when; and when another had before it. */
  #latest: Lane | undefined
  #latestAt = -Infinity
  #anotherAt = -Infinity
  /** What had been served to the lane that started last. */
  #virtualTime = 0
  #filling = false

  constructor({ threads, placesPerThread, now }: DispatcherOptions) {
    assert(threads > 0 && placesPerThread > 0, 'something can run')
    this.threads = threads
    this.#places = placesPerThread
    this.#now = now
    this.#busy = Array.from({ length: threads }, () => ({ runs: [], began: 0 }))
  }

  /** Runs that were given to threads and have not ended. */
  get underWay(): number {
    return this.#busy.reduce((sum, { runs }) => sum + runs.length, 0)
  }

  /** Models that have something to run. */
  get contenders(): number {
    return this.#contenders.size
  }

  /** Whether a request that was to be run came to another model lately. */
  isShared(lane: Lane): boolean {
    return this.#now() - (lane === this.#latest ? this.#anotherAt : this.#latestAt) < latelyMs
  }

  lane(source: RunSource, options: LaneOptions = {}): Lane {
    const lane: Lane = new Lane(source, options, this.threads, {
      offer: () => this.#offer(lane),
      withdraw: () => void this.#contenders.delete(lane),
      widened: () => this.#fill(),
    })
    return lane
  }

  /**
   * Until a thread that this lane may use will have done what it was given, in milliseconds;
   * undefined where one of them is idle.
   */
  soonestMs(lane: Lane): number | undefined {
    let soonest = Infinity
    for (let thread = 0; thread < this.threads; thread++) {
      if (!lane.mayUse(thread)) continue
      const ahead = this.#aheadOn(thread)
      if (ahead === undefined) return undefined
      soonest = Math.min(soonest, ahead)
    }
    // what is limited for all is in use: nothing tells for how long
    return soonest === Infinity ? 0 : soonest
  }

  /** Until a run begins that has so much of its own lane before it, in milliseconds, as far as is known. */
  waitMs(lane: Lane, before: number): number {
    let others = 0
    for (const other of this.#contenders) {
      if (other === lane) continue
      // they take turns: no more of theirs goes first than their share of the time
      others += Math.min(other.source.backlogMs, (before * other.weight) / lane.weight)
    }
    return (this.soonestMs(lane) ?? 0) + before / lane.executors + others / this.threads
  }

  #offer(lane: Lane): void {
    if (lane !== this.#latest) {
      this.#anotherAt = this.#latestAt
      this.#latest = lane
    }
    this.#latestAt = this.#now()
    if (!this.#contenders.has(lane)) {
      lane.served = Math.max(lane.served, this.#virtualTime)
      this.#contenders.add(lane)
    }
    this.#fill()
  }

  #fill(): void {
    if (this.#filling) return // by a source that offers while it starts: the loop below goes on
    this.#filling = true
    try {
      while (this.#startOne());
    } finally {
      this.#filling = false
    }
  }

  #startOne(): boolean {
    if (this.#contenders.size === 0) return false
    const lanes = [...this.#contenders].sort((a, b) => a.served - b.served)
    return lanes.some((lane) => this.#startFrom(lane))
  }

  /** On the thread that is free first, unless one that has no place now will be free much sooner. */
  #startFrom(lane: Lane): boolean {
    let best: number | undefined
    let bestAhead = Infinity
    let soonest = Infinity
    for (let thread = 0; thread < this.threads; thread++) {
      if (!lane.mayUse(thread)) continue
      const ahead = this.#aheadOn(thread) ?? IDLE
      soonest = Math.min(soonest, ahead)
      if (this.#busy[thread]!.runs.length >= this.#places || ahead >= bestAhead) continue
      best = thread
      bestAhead = ahead
    }
    if (best === undefined || bestAhead > soonest + muchMs) return false
    return this.#start(lane, best, bestAhead === IDLE ? undefined : bestAhead)
  }

  #start(lane: Lane, thread: number, ahead: number | undefined): boolean {
    const busy = this.#busy[thread]!
    const run = { expectedMs: 0 }
    const expectedMs = lane.source.start(thread, ahead, (tookMs) => {
      const now = this.#now()
      const place = busy.runs.indexOf(run)
      busy.runs.splice(place, 1)
      // a failed run tells of no time, and takes it all the same; one that was stopped ahead took none
      const held = place === 0 ? now - busy.began : 0
      if (place === 0) busy.began = now
      lane.end(thread, run.expectedMs, Math.max(tookMs, held))
      this.#fill()
    })
    if (expectedMs === undefined) return false
    run.expectedMs = expectedMs
    this.#virtualTime = Math.max(this.#virtualTime, lane.served)
    lane.begin(thread, expectedMs)
    if (busy.runs.length === 0) busy.began = this.#now()
    busy.runs.push(run)
    return true
  }

  #aheadOn(thread: number): number | undefined {
    const { runs, began } = this.#busy[thread]!
    const [first, ...others] = runs
    if (first === undefined) return undefined
    const left = Math.max(0, began + first.expectedMs - this.#now())
    return others.reduce((sum, { expectedMs }) => sum + expectedMs, left)
  }
}

interface Thread {
  /** That which it computes and those behind it. */
  readonly runs: { expectedMs: number }[]
  /** When the first of them began. */
  began: number
}

/** A model that had something to run so long ago, in milliseconds, may have again at any moment. */
const latelyMs = 1000
/** Sooner than any thread that computes. */
const IDLE = -1
/** To wait for a thread that is free so much sooner is better than to be committed to another. */
const muchMs = 5
