/**
 * Looks at a source again and again: at an interval, soon after the system tells of a change, and
 * when what was seen to change may have settled. Never twice at once.
 */
import type { Clock } from '../../clock.ts'
import type { FoundModel } from '../../model-spec.ts'
import type { Scan, Source } from '../source.ts'
import { type Moment, SETTLE_MS, type Settling, settle } from './settle.ts'

export interface PollerOptions {
  readonly source: Source
  readonly clock: Clock
  /** Milliseconds since 1970, to be held against the times of files. That of the system if left out. */
  readonly wallNow?: () => number
  readonly everyMs: number
  /** What may be acted on now; after every look, also where nothing has changed. */
  readonly onModels: (models: readonly FoundModel[], scan: Scan) => void
  /** A look that failed, or a source that cannot be watched. Looking goes on. */
  readonly onProblem: (thrown: unknown) => void
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (thrown: unknown) => void
  /** When the first look ended that was begun for it. */
  lookedAtMs?: number
}

export class Poller {
  readonly #options: PollerOptions
  readonly #wallNow: () => number
  #source: Source
  #settling: Settling | undefined
  /** Whether something of it is still awaited; whoever waits, waits for that. */
  #isSettling = false
  #waiters: Waiter[] = []
  #looking = false
  #stopped = false
  /** When to look next, at the latest. */
  #nextAtMs = Infinity
  /** No look before, unless somebody asks. */
  #restUntilMs = 0
  #cancelAlarm = () => {}
  #stopWatching = () => {}

  constructor(options: PollerOptions) {
    this.#options = options
    this.#wallNow = options.wallNow ?? Date.now
    this.#source = options.source
  }

  /** Looks for the first time, and from then on until it is stopped. */
  start(): void {
    this.#watch()
    this.#lookBy(0)
  }

  /** Leaves no timer behind. A look under way is not waited for, and what it finds is not told. */
  stop(): void {
    this.#stopped = true
    this.#cancelAlarm()
    this.#stopWatching()
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }

  /**
   * Looks now. Resolves once everything that was there when it was asked has been told, or has
   * changed since: for what does not stand still yet that takes as long as settling does. Rejects
   * when the look fails; resolves when it is stopped.
   */
  lookNow(): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.#lookBy(0)
    })
  }

  /** From now on another source, as if what the one before has told had been found in it. */
  replace(source: Source): void {
    this.#source = source
    this.#stopWatching()
    this.#watch()
    this.#lookBy(0)
  }

  #watch(): void {
    const { clock, onProblem } = this.#options
    const source = this.#source
    try {
      this.#stopWatching = source.watch(() => {
        if (source === this.#source) this.#lookBy(clock.now() + CALM_MS)
      })
    } catch (thrown) {
      this.#stopWatching = () => {}
      onProblem(thrown)
    }
  }

  #lookBy(moment: number): void {
    this.#nextAtMs = Math.min(this.#nextAtMs, moment)
    this.#arm()
  }

  #arm(): void {
    this.#cancelAlarm()
    this.#cancelAlarm = () => {}
    if (this.#stopped || this.#looking) return
    const { clock } = this.#options
    const isAsked = this.#waiters.some(({ lookedAtMs }) => lookedAtMs === undefined)
    const moment = isAsked ? 0 : Math.max(this.#nextAtMs, this.#restUntilMs)
    // in a moment, so that all who ask in one turn are served by one look
    if (moment <= clock.now()) queueMicrotask(() => this.#begin())
    else if (moment < Infinity) this.#cancelAlarm = clock.wakeAt(moment, () => this.#begin())
  }

  #begin(): void {
    if (this.#stopped || this.#looking) return
    this.#looking = true
    this.#nextAtMs = Infinity
    void this.#look()
  }

  async #look(): Promise<void> {
    const { clock, everyMs, onProblem } = this.#options
    const source = this.#source
    const asking = this.#waiters.filter(({ lookedAtMs }) => lookedAtMs === undefined)
    const beganMs = clock.now()
    const wallMs = this.#wallNow()
    try {
      const scan = await source.scan()
      // whoever asked is served by a look at the source that has taken the place of this one
      if (this.#stopped || source !== this.#source) return
      const endedMs = clock.now()
      for (const waiter of asking) waiter.lookedAtMs = endedMs
      this.#tell(scan, { beganMs, endedMs, wallMs })
    } catch (thrown) {
      if (this.#stopped) return
      onProblem(thrown)
      this.#waiters = this.#waiters.filter((waiter) => !asking.includes(waiter))
      for (const { reject } of asking) reject(thrown)
      if (this.#isSettling) this.#lookBy(clock.now() + SETTLE_MS)
    } finally {
      const endedMs = clock.now()
      this.#looking = false
      this.#restUntilMs = endedMs + Math.min(LONGEST_REST_MS, REST * (endedMs - beganMs))
      this.#lookBy(endedMs + everyMs)
    }
  }

  #tell(scan: Scan, moment: Moment): void {
    const { state, models, lookAgainInMs } = settle(this.#settling, scan, moment)
    this.#settling = state
    this.#isSettling = lookAgainInMs !== undefined
    if (lookAgainInMs !== undefined) this.#lookBy(moment.endedMs + lookAgainInMs)
    this.#options.onModels(models, scan)
    const standsFrom = ({ lookedAtMs = Infinity }: Waiter) => lookedAtMs + SETTLE_MS
    const isServed = (waiter: Waiter) =>
      lookAgainInMs === undefined
        ? waiter.lookedAtMs !== undefined
        : moment.beganMs >= standsFrom(waiter)
    const served = this.#waiters.filter(isServed)
    this.#waiters = this.#waiters.filter((waiter) => !served.includes(waiter))
    for (const { resolve } of served) resolve()
    for (const waiter of this.#waiters) this.#lookBy(standsFrom(waiter))
  }
}

/** What the system tells of comes in bursts. */
const CALM_MS = 50
/** While a large model is being copied the system tells of it all the time: a tenth is spent looking. */
const REST = 9
const LONGEST_REST_MS = 1_000
