/** Keeps what a run shows, in memory that does not grow with the number of requests. */
import type { Sample } from '../load/outcome.ts'
import { Histogram } from './histogram.ts'

/** A part of the time, by when requests were due. */
export interface Slot {
  sent: number
  answered: number
  missed: number
  readonly latency: Histogram
}

/** What of requests that were missed is told: the first one's words for all of its kind. */
export interface Misses {
  readonly why: string
  count: number
}

export interface RecorderOptions {
  readonly slotMs: number
  readonly sloMs: number | undefined
  /** When counting begins, a moment of the clock. */
  readonly countedFrom: number
}

export class Recorder {
  /** Of right answers, in milliseconds from the moment the request was due. */
  readonly latency = new Histogram()
  /** How long after they were due requests were sent. */
  readonly lateness = new Histogram()
  readonly slots: Slot[] = []
  readonly slotMs: number
  readonly #countedFrom: number
  readonly #sloMs: number | undefined
  /** By their words without the numbers in them, which may differ in each. */
  readonly #misses = new Map<string, Misses>()
  #warmUp = 0
  #missed = 0
  #withinSlo = 0
  #last = 0

  constructor({ slotMs, sloMs, countedFrom }: RecorderOptions) {
    this.slotMs = slotMs
    this.#sloMs = sloMs
    this.#countedFrom = countedFrom
  }

  record = ({ due, sent, done, outcome, counted }: Sample): void => {
    if (!counted) {
      this.#warmUp += 1
      return
    }
    this.#last = Math.max(this.#last, done)
    const slot = this.#slotAt(due)
    slot.sent += 1
    this.lateness.add(sent - due)
    if (!outcome.ok) {
      this.#missed += 1
      slot.missed += 1
      this.#countMiss(outcome.why)
      return
    }
    const latency = done - due
    this.latency.add(latency)
    slot.answered += 1
    slot.latency.add(latency)
    if (this.#sloMs !== undefined && latency <= this.#sloMs) this.#withinSlo += 1
  }

  /** Of the warm-up, which is not counted. */
  get warmUp(): number {
    return this.#warmUp
  }

  get requests(): number {
    return this.latency.count + this.#missed
  }

  get missed(): number {
    return this.#missed
  }

  /** Why requests were missed, the most frequent reason first. */
  get misses(): readonly Misses[] {
    return [...this.#misses.values()].sort((a, b) => b.count - a.count)
  }

  get withinSlo(): number {
    return this.#withinSlo
  }

  /** From when counting began to the last request that was done, in milliseconds. */
  get spanMs(): number {
    return Math.max(0, this.#last - this.#countedFrom)
  }

  /**
   * The latency that the share `q` of the requests keeps, a miss being later than any answer.
   * Undefined where the misses are too many for that, or there was no request.
   */
  quantile(q: number): number | undefined {
    return this.latency.atRank(Math.max(1, Math.ceil(q * this.requests - 1e-9)))
  }

  #slotAt(due: number): Slot {
    const index = Math.max(0, Math.floor((due - this.#countedFrom) / this.slotMs))
    for (let at = this.slots.length; at <= index; at++) {
      this.slots.push({ sent: 0, answered: 0, missed: 0, latency: new Histogram(6) })
    }
    return this.slots[index]!
  }

  #countMiss(why: string): void {
    const words = why.replace(/(?<!HTTP )\b\d[\d.]*/g, '#')
    const key = this.#misses.has(words) || this.#misses.size < mostReasons ? words : 'other'
    const known = this.#misses.get(key)
    if (known !== undefined) known.count += 1
    else this.#misses.set(key, { why: key === 'other' ? 'for other reasons' : why, count: 1 })
  }
}

const mostReasons = 30
