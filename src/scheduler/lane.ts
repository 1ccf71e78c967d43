/** What one model version has of the threads, and what it may have. */

import type { ResourceNeed } from './resources.ts'
import type { RunSource } from './run-source.ts'

export interface LaneOptions {
  /** Its share of the time where others want it too, in relation to theirs; 1 where left out. */
  readonly weight?: number | undefined
  /** On how many threads its runs may be at once; on all where left out. */
  readonly executors?: number | undefined
  /** What each thread with a run of it takes of what is limited for all models. */
  readonly resources?: ResourceNeed | undefined
}

export interface Turns {
  offer(): void
  withdraw(): void
  /** The lane may use more threads. */
  widened(): void
}

export class Lane {
  readonly source: RunSource
  /** The time its runs have taken, by its weight: what the order of turns goes by. */
  served = 0
  readonly weight: number
  #executors: number
  readonly #resources: ResourceNeed | undefined
  readonly #turns: Turns
  /** Its runs on each thread. */
  readonly #given: number[]
  #threadsInUse = 0

  constructor(source: RunSource, options: LaneOptions, threads: number, turns: Turns) {
    this.source = source
    this.weight = options.weight ?? 1
    this.#executors = Math.min(threads, options.executors ?? threads)
    this.#resources = options.resources
    this.#given = new Array(threads).fill(0)
    this.#turns = turns
  }

  get executors(): number {
    return this.#executors
  }

  /** From now on; what is under way goes on. */
  setExecutors(count: number): void {
    this.#executors = Math.min(this.#given.length, Math.max(1, count))
    this.#turns.widened()
  }

  /** Threads that have runs of it. */
  get threadsInUse(): number {
    return this.#threadsInUse
  }

  /** It has something to run: at once, or when asked. */
  offer(): void {
    this.#turns.offer()
  }

  withdraw(): void {
    this.#turns.withdraw()
  }

  mayUse(thread: number): boolean {
    if (this.#given[thread]! > 0) return true
    if (this.#threadsInUse >= this.#executors) return false
    return this.#resources?.available() ?? true
  }

  begin(thread: number, expectedMs: number): void {
    this.served += expectedMs / this.weight
    this.#given[thread]! += 1
    if (this.#given[thread]! > 1) return
    this.#threadsInUse += 1
    this.#resources?.take()
  }

  end(thread: number, expectedMs: number, tookMs: number): void {
    this.served += (tookMs - expectedMs) / this.weight
    this.#given[thread]! -= 1
    if (this.#given[thread]! > 0) return
    this.#threadsInUse -= 1
    this.#resources?.giveBack()
  }
}
