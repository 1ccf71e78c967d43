/**
 * The line before one model version: who waits, for how long they would, and who is turned away or
 * given up because of it. It tells of its length, and of whoever leaves it without a run.
 */
import { fail, type ServingError } from '../errors.ts'
import type { Events, WhyShed } from '../events.ts'
import { type Refusal, refusalFor } from './admission.ts'
import type { Ran } from './batch-run.ts'
import type { CostPoint } from './cost-model.ts'
import { Recent } from './recent.ts'
import { RequestQueue } from './request-queue.ts'
import type { SchedulingRules } from './rules.ts'
import { ShapeCosts } from './shape-costs.ts'
import type { Waiting } from './waiting.ts'

export interface WaitingLineOptions {
  readonly model: string
  readonly version: string
  readonly rules: SchedulingRules
  readonly events: Events
  /** Told of each that is given up. */
  readonly onGone: (waiting: Waiting) => void
}

export class WaitingLine {
  /** What runs have taken, by the shape of requests. */
  readonly costs = new ShapeCosts()
  readonly #options: WaitingLineOptions
  readonly #queue = new RequestQueue()
  #joins = false
  #msPerRow = 0
  #told = 0
  /** Of the run that ended last. */
  #lastShape: string | undefined
  #lastRows = 1
  readonly #overruns = new Recent(answersLooked)

  constructor(options: WaitingLineOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#queue.size
  }

  /** The first moment at which one must have begun; Infinity where none must. */
  get nextExpiry(): number {
    return this.#queue.nextExpiry
  }

  /** Those that are served first, up to so many. */
  head(count: number): readonly Waiting[] {
    return this.#queue.head(count)
  }

  push(waiting: Waiting): void {
    this.#queue.push(waiting)
  }

  take(members: readonly Waiting[]): void {
    if (members.length === 1) this.#queue.delete(members[0]!)
    else this.#queue.remove(new Set(members))
  }

  /** Whether it was there. */
  remove(waiting: Waiting): boolean {
    return this.#queue.delete(waiting)
  }

  /**
   * Why it may not wait, where it may not; notes in it for when its answer is reckoned. `waitMs`: until
   * the threads are free for what is in line.
   */
  refusalFor(
    waiting: Waiting,
    maxWaitingInLevel: number,
    waitMs: (msInLine: number) => number,
  ): Refusal | undefined {
    const { model, rules } = this.#options
    const { maxWaiting, maxWaitingBytes: maxBytes } = rules
    const { answerBy, arrived, bytes, level } = waiting
    const queue = this.#queue
    const roomy =
      queue.size < maxWaiting && queue.bytes + bytes <= maxBytes && maxWaitingInLevel === Infinity
    const timed = answerBy < Infinity || rules.sloMs !== undefined
    if (roomy && !timed) return undefined // as most are: nothing to reckon

    const backlog = {
      waiting: queue.size,
      bytes: queue.bytes,
      waitingInLevel: queue.sizeOf(level),
      waitMs: waitMs(queue.rowsBefore(level) * this.#msPerRowOf(waiting.shape, queue.rows)),
      runMs: this.estimate(waiting),
      overrunMs: this.#overrunMs,
    }
    if (timed) waiting.reckonedFor = arrived + backlog.waitMs + backlog.runMs
    const applicant = { model, bytes, leftMs: answerBy - arrived }
    return refusalFor(applicant, backlog, { maxWaiting, maxBytes, maxWaitingInLevel })
  }

  /** What one is answered with is there. */
  answered({ reckonedFor }: Waiting, now: number): void {
    if (reckonedFor !== undefined) this.#overruns.add(Math.max(0, now - reckonedFor))
  }

  /** How long all that wait would run, one run after the other, in milliseconds. */
  get backlogMs(): number {
    const { rows } = this.#queue
    if (rows === 0) return 0
    return rows * this.#msPerRowOf(this.head(1)[0]!.shape, rows)
  }

  /**
   * Gives up those that must have begun by now, and of those that are served next, those that could
   * not be answered in time any more. `aheadMs`: until a run could begin; undefined where it could at
   * once, and then one that is alone in line is run as long as there is time left: predictions may be
   * wrong, and only a run would tell.
   */
  dropLate(now: number, aheadMs: number | undefined): void {
    const { model } = this.#options
    for (const waiting of this.#queue.expire(now)) {
      this.#give(waiting, fail('QUEUE_TIMEOUT', { model, ms: now - waiting.arrived }), 'timeout')
    }
    if (!this.#queue.hasDeadlines) return
    const alone = aheadMs === undefined && this.#queue.size === 1
    for (const waiting of this.#queue.head(lookedAt)) {
      const predictedMs = (aheadMs ?? 0) + this.estimate(waiting)
      const leftMs = waiting.answerBy - now
      if (predictedMs < leftMs || (alone && leftMs > 0)) continue
      this.#queue.delete(waiting)
      const error =
        leftMs > 0
          ? fail('DEADLINE_UNREACHABLE', { model, predictedMs, leftMs })
          : fail('DEADLINE_EXCEEDED', { where: 'waiting' })
      this.#give(waiting, error, 'expired')
    }
  }

  /** What runs of requests of this shape are known to take. */
  seed(shape: string, points: readonly CostPoint[]): void {
    this.costs.seed({ shape, points })
    if (points.length > 0) this.#lastShape ??= shape
    if (points.length > 0) this.#msPerRow = Math.min(...points.map(({ rows, ms }) => ms / rows))
  }

  /** A run of these has ended. */
  ran(
    members: readonly Pick<Waiting, 'shape'>[],
    { rows, joinMs, left, result: { inputMs, runMs, outputMs } }: Ran,
    where: 'loop' | 'thread',
  ): void {
    // laying large requests together may cost more than is gained
    this.#record(members[0]!.shape, rows, joinMs + runMs)
    const { events, model, version } = this.#options
    const requests = members.length
    const timing = { inputMs: joinMs + inputMs, runMs, outputMs }
    events.emit({ kind: 'executed', model, version, requests, rows, left, where, ...timing })
  }

  /** What a run of so many rows of this shape took. */
  #record(shape: string, rows: number, ms: number): void {
    if (rows === 0) return
    this.costs.of(shape).record(rows, ms)
    this.#lastShape = shape
    this.#lastRows = rows
    // the last ten or so count for most
    this.#msPerRow += (ms / rows - this.#msPerRow) * (this.#msPerRow === 0 ? 1 : 0.1)
  }

  /**
   * A run of requests of the shape that ran last: of as many rows as are worth while where they are
   * joined, else of as many as it had. Undefined before there was one.
   */
  usualRun(): CostPoint | undefined {
    if (this.#lastShape === undefined) return undefined
    const { batch, sloMs = Infinity } = this.#options.rules
    const costs = this.costs.of(this.#lastShape)
    const msOf = (rows: number) => costs.predict(rows) ?? rows * this.#msPerRow
    const joined = this.#joins
    let rows = joined ? Math.min(costs.limit, batch.maxRows) : this.#lastRows
    // so many that there is time to wait for the run before
    while (joined && rows > 1 && msOf(rows) > Math.min(sloMs / 2, batch.maxRunMs)) {
      rows = Math.ceil(rows / 2)
    }
    return { rows, ms: msOf(rows) }
  }

  /** How long the first in line has waited, in milliseconds. */
  waitedMs(now: number): number {
    const [first] = this.head(1)
    return first === undefined ? 0 : now - first.arrived
  }

  /** Requests share runs from now on. */
  join(): void {
    this.#joins = true
  }

  /** How long a run of so many rows of this shape takes, as far as is known, in milliseconds. */
  estimate({ shape, rows }: Pick<Waiting, 'shape' | 'rows'>): number {
    return this.costs.of(shape).predict(rows) ?? rows * this.#msPerRow
  }

  /** One was turned away, or left by itself. */
  shed(why: WhyShed): void {
    const { events, model, version } = this.#options
    events.emit({ kind: 'shed', model, version, why })
  }

  /** Tells of its length, where that is another than was told last. */
  tell(): void {
    const waiting = this.#queue.size
    if (waiting === this.#told) return
    this.#told = waiting
    const { events, model, version } = this.#options
    events.emit({ kind: 'queue', model, version, waiting })
  }

  /** Where they share runs, in one of as many rows as are worth while and would be there. */
  #msPerRowOf(shape: string, rows: number): number {
    if (!this.#joins) return this.#msPerRow
    const costs = this.costs.of(shape)
    const together = Math.max(1, Math.min(costs.limit, this.#options.rules.batch.maxRows, rows))
    const ms = costs.predict(together)
    return ms === undefined ? this.#msPerRow : ms / together
  }

  get #overrunMs(): number {
    return this.#overruns.count === 0 ? 0 : this.#overruns.quantile(kept)
  }

  #give(waiting: Waiting, error: ServingError, why: WhyShed): void {
    this.shed(why)
    waiting.reject(error)
    this.#options.onGone(waiting)
  }
}

/** Of how many answers it is known how late they were, and which share of promises is to be kept. */
const answersLooked = 256
const kept = 0.99
/** Of a long line, how many are held against their time before each run. */
const lookedAt = 64
