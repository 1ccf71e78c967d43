/**
 * Who runs next: a bounded first-in-first-out queue for each model version, and a fixed number of
 * runs handed over at once, for all of them together.
 *
 * Invariants
 * - No more than `capacity` jobs are under way.
 * - While a slot is free, nothing waits.
 * - In a lane jobs start in the order they came; between lanes that wait, turns are taken.
 */
import { strict as assert } from 'node:assert'

/** Starts the work. The promise settles when its slot is free again; it never rejects. */
export type Job = (thread: number) => Promise<void>

export interface Place {
  /** Gives the place up. False if the job has begun, and nothing changes. */
  leave(): boolean
}

export class Slots {
  readonly #places: number
  /** Runs that each thread has. */
  readonly #given: number[]
  /** Lanes in which jobs wait; the first has the next turn. */
  #turns: Lane[] = []

  constructor({ threads, placesPerThread }: { threads: number; placesPerThread: number }) {
    assert(threads > 0 && placesPerThread > 0, 'something can run')
    this.#places = placesPerThread
    this.#given = new Array(threads).fill(0)
  }

  get busy(): number {
    return this.#given.reduce((sum, runs) => sum + runs, 0)
  }

  /** A queue of its own, in which at most so many jobs may wait. */
  lane(maxWaiting: number): Lane {
    return new Lane(maxWaiting, {
      offer: (lane) => {
        this.#turns.push(lane)
        this.#fill()
      },
      withdraw: (lane) => {
        this.#turns = this.#turns.filter((other) => other !== lane)
      },
    })
  }

  #fill(): void {
    for (;;) {
      const thread = this.#given.indexOf(Math.min(...this.#given))
      if (this.#given[thread]! >= this.#places) return
      const lane = this.#turns.shift()
      if (lane === undefined) return
      const job = lane.take()
      if (lane.waiting > 0) this.#turns.push(lane)
      this.#given[thread]! += 1
      void job(thread).then(() => {
        this.#given[thread]! -= 1
        this.#fill()
      })
    }
  }
}

interface Turns {
  /** The lane has something waiting, and had not before. */
  offer(lane: Lane): void
  /** The lane has nothing waiting any more. */
  withdraw(lane: Lane): void
}

export class Lane {
  readonly maxWaiting: number
  readonly #turns: Turns
  readonly #queue: Job[] = []

  constructor(maxWaiting: number, turns: Turns) {
    this.maxWaiting = maxWaiting
    this.#turns = turns
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** Undefined when the queue is full: the job was not taken. */
  enter(job: Job): Place | undefined {
    // offered first, since a free slot takes it at once: a lane in which nothing may wait still runs
    this.#queue.push(job)
    if (this.waiting === 1) this.#turns.offer(this)
    const place = { leave: () => this.#leave(job) }
    if (this.waiting <= this.maxWaiting) return place
    place.leave()
    return undefined
  }

  /** The next job. There is one. */
  take(): Job {
    const job = this.#queue.shift()
    assert(job !== undefined, 'a lane that has a turn has a job')
    return job
  }

  #leave(job: Job): boolean {
    const at = this.#queue.indexOf(job)
    if (at === -1) return false
    this.#queue.splice(at, 1)
    if (this.waiting === 0) this.#turns.withdraw(this)
    return true
  }
}
