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
 * - While a thread has a place, nothing that may start on it waits.
 */
import { strict as assert } from 'node:assert'
import { Lane, type LaneOptions } from './lane.ts'

export interface RunSource {
  /**
   * Starts the next run, where there is one that may start now, and returns how long it will take, as
   * far as is known, in milliseconds. `ahead`: the thread is expected to compute others for so many
   * milliseconds first; undefined where it is idle. `ended` is to be called once, later, when the
   * thread has done with it, with how long that took.
   */
  start(
    thread: number,
    ahead: number | undefined,
    ended: (tookMs: number) => void,
  ): number | undefined
}

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
  /** What had been served to the lane that started last. */
  #virtualTime = 0
  #filling = false

  constructor({ threads, placesPerThread, now }: DispatcherOptions) {
    assert(threads > 0 && placesPerThread > 0, 'something can run')
    this.threads = threads
    this.#places = placesPerThread
    this.#now = now
    this.#busy = Array.from({ length: threads }, () => ({ expected: [], began: 0 }))
  }

  /** Runs that were given to threads and have not ended. */
  get underWay(): number {
    return this.#busy.reduce((sum, { expected }) => sum + expected.length, 0)
  }

  /** Models that have something to run. */
  get contenders(): number {
    return this.#contenders.size
  }

  /** Until a thread will have done what it was given, in milliseconds, as far as is known. */
  get soonestMs(): number {
    let soonest = Infinity
    for (const busy of this.#busy) soonest = Math.min(soonest, this.#aheadOn(busy) ?? 0)
    return soonest
  }

  lane(source: RunSource, options: LaneOptions = {}): Lane {
    const lane: Lane = new Lane(source, options, this.threads, {
      offer: () => this.#offer(lane),
      withdraw: () => void this.#contenders.delete(lane),
    })
    return lane
  }

  #offer(lane: Lane): void {
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

  /** On the emptiest thread: an idle one computes at once. */
  #startOne(): boolean {
    if (this.#contenders.size === 0) return false
    const lanes = [...this.#contenders].sort((a, b) => a.served - b.served)
    for (let given = 0; given < this.#places; given++) {
      for (const [thread, { expected }] of this.#busy.entries()) {
        if (expected.length !== given) continue
        if (lanes.some((lane) => this.#start(lane, thread))) return true
      }
    }
    return false
  }

  #start(lane: Lane, thread: number): boolean {
    if (!lane.mayUse(thread)) return false
    const busy = this.#busy[thread]!
    const expectedMs = lane.source.start(thread, this.#aheadOn(busy), (tookMs) => {
      // a thread computes in the order in which it was given
      busy.expected.shift()
      busy.began = this.#now()
      lane.end(thread, expectedMs ?? 0, tookMs)
      this.#fill()
    })
    if (expectedMs === undefined) return false
    this.#virtualTime = Math.max(this.#virtualTime, lane.served)
    lane.begin(thread, expectedMs)
    if (busy.expected.length === 0) busy.began = this.#now()
    busy.expected.push(expectedMs)
    return true
  }

  #aheadOn({ expected, began }: Thread): number | undefined {
    const [first, ...others] = expected
    if (first === undefined) return undefined
    const left = Math.max(0, began + first - this.#now())
    return others.reduce((sum, ms) => sum + ms, left)
  }
}

interface Thread {
  /** Of the run it computes and those behind it, in milliseconds. */
  readonly expected: number[]
  /** When the first of them began. */
  began: number
}
