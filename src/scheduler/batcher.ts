/**
 * The requests that wait for one model version, and the runs that are made of them: in threads, or on
 * the event loop where a run is shorter than the way to a thread.
 *
 * Invariants
 * - A request that was let in is answered once: by its run, or by why there was none.
 * - Nothing waits while it could run, but for the delay that the configuration asks for.
 * - What nobody waits for any more, or what would be answered too late, is not run.
 */
import type { Clock } from '../clock.ts'
import { fail, type ServingError } from '../errors.ts'
import type { Events, WhyLeft, WhyShed } from '../events.ts'
import type { InferenceRequest } from '../predictor.ts'
import type { Executable } from '../runtime/index.ts'
import { type Refusal, refusalFor } from './admission.ts'
import { handOverIn } from './ahead-policy.ts'
import { Alarm } from './alarm.ts'
import { formBatch } from './batch-policy.ts'
import { type Delivery, runBatch, runBatchNow } from './batch-run.ts'
import type { CostPoint } from './cost-model.ts'
import type { Dispatcher, RunSource } from './dispatcher.ts'
import type { Lane } from './lane.ts'
import type { LoopTurn } from './loop-turn.ts'
import { RequestQueue } from './request-queue.ts'
import type { ResourceNeed } from './resources.ts'
import type { SchedulingRules } from './rules.ts'
import { ShapeCosts } from './shape-costs.ts'
import type { Waiting } from './waiting.ts'

export interface BatcherOptions {
  readonly model: string
  readonly version: string
  readonly executable: Executable
  readonly dispatcher: Dispatcher
  readonly loop: LoopTurn
  readonly rules: SchedulingRules
  readonly delivery: Omit<Delivery, 'onRun'>
  readonly clock: Clock
  readonly events: Events
  /** Its share of the time where others want it too, and what its runs take of what is limited. */
  readonly weight?: number | undefined
  readonly resources?: ResourceNeed | undefined
  /** Told of each that was let in, when nothing of it waits or runs any more. */
  readonly onGone: (waiting: Waiting) => void
}

export class Batcher implements RunSource {
  readonly #options: BatcherOptions
  readonly #queue = new RequestQueue()
  readonly #lane: Lane
  readonly #costs = new ShapeCosts()
  readonly #alarm: Alarm
  readonly #runOnLoop = () => this.#runAllOnLoop()
  #joins = false
  #draining = false
  #msPerRow = 0
  #toldWaiting = 0

  constructor(options: BatcherOptions) {
    this.#options = options
    const { dispatcher, rules, weight, resources, clock } = options
    this.#lane = dispatcher.lane(this, { executors: rules.executors, weight, resources })
    this.#alarm = new Alarm(clock, () => this.#wake())
  }

  get lane(): Lane {
    return this.#lane
  }

  /** What runs have taken, by the shape of requests. */
  get costs(): ShapeCosts {
    return this.#costs
  }

  /** Whether a request that comes now would wait for nothing. */
  get startsAtOnce(): boolean {
    return this.#queue.size === 0 && this.#options.dispatcher.soonestMs === 0
  }

  /** What runs of requests of this shape are known to take. */
  seed(shape: string, points: readonly CostPoint[]): void {
    this.#costs.seed({ shape, points })
    if (points.length > 0) this.#msPerRow = Math.min(...points.map(({ rows, ms }) => ms / rows))
  }

  /** From now on requests of one shape share runs. */
  join(): void {
    this.#joins = true
  }

  /** Nothing is kept waiting for company any more. */
  drain(): void {
    this.#draining = true
    this.#wake()
  }

  /** Requests of the same shape are alike to the model, where they are joined. */
  shapeOf(request: InferenceRequest): string {
    return this.#joins ? this.#options.delivery.joiner.shapeOf(request) : ''
  }

  /** Undefined where it was let in. */
  enter(waiting: Waiting, maxWaitingInLevel: number): ServingError | undefined {
    const { rules, model } = this.#options
    const { arrived, answerBy, bytes, level } = waiting
    const backlog = {
      waiting: this.#queue.size,
      bytes: this.#queue.bytes,
      waitingInLevel: this.#queue.sizeOf(level),
      waitMs: this.#waitMs(waiting),
      runMs: this.#estimate(waiting),
    }
    const { maxWaiting, maxWaitingBytes: maxBytes } = rules
    const bounds = { maxWaiting, maxBytes, maxWaitingInLevel }
    const applicant = { model, bytes, leftMs: answerBy - arrived }
    const refusal = refusalFor(applicant, backlog, bounds)
    if (refusal?.why === 'late') return this.#refused(refusal)

    this.#queue.push(waiting)
    if (!this.#fitsLoop(waiting)) this.#lane.offer()
    else if (refusal === undefined) this.#options.loop.add(this.#runOnLoop)
    else this.#runAllOnLoop()
    // what could begin at once has not waited, whatever the bounds
    if (refusal !== undefined && this.#remove(waiting)) return this.#refused(refusal)
    this.#alarm.at(waiting.beginBy)
    this.#tellQueue()
    return undefined
  }

  /** Nobody waits for it any more. False if it has begun. */
  leave(waiting: Waiting): boolean {
    if (!this.#remove(waiting)) return false
    this.#shed('cancelled')
    this.#tellQueue()
    return true
  }

  start(
    thread: number,
    ahead: number | undefined,
    ended: (tookMs: number) => void,
  ): number | undefined {
    const { executable, clock, onGone } = this.#options
    const batch = this.#next(clock.now(), ahead)
    if (batch !== undefined) this.#take(batch.members)
    this.#tellQueue()
    if (batch === undefined) return undefined
    const { members, left, expectedMs } = batch
    let tookMs = 0
    void runBatch(members, left, {
      ...this.#delivery('thread', (runMs) => {
        tookMs += runMs
      }),
      run: (request, call) => executable.run(request, call, thread),
      ended: () => {
        for (const waiting of members) onGone(waiting)
        ended(tookMs)
      },
    })
    return expectedMs ?? this.#msPerRow * members.reduce((sum, { rows }) => sum + rows, 0)
  }

  /** At the end of a turn of the event loop: what came in it, while it is cheaper here. */
  #runAllOnLoop(): void {
    const { clock, loop, executable, onGone } = this.#options
    const began = clock.now()
    for (let now = began; this.#queue.size > 0; now = clock.now()) {
      if (now - began > longestTurnMs) {
        loop.add(this.#runOnLoop)
        return
      }
      const batch = this.#next(now, undefined, loop.longestRunMs)
      if (batch === undefined) return
      const { members, left, expectedMs = Infinity } = batch
      if (expectedMs > loop.longestRunMs) {
        this.#lane.offer()
        return
      }
      this.#take(members)
      for (const waiting of members) onGone(waiting)
      runBatchNow(members, left, this.#delivery('loop'), (request) => executable.runNow!(request))
    }
  }

  /** What runs next, if anything may now. It is still in the queue. */
  #next(now: number, ahead: number | undefined, longestRunMs = Infinity): Batch | undefined {
    this.#dropLate(now, ahead ?? 0)
    const head = this.#queue.head(this.#joins ? mostCandidates : 1)
    if (head.length === 0) {
      this.#lane.withdraw()
      return undefined
    }
    const costsOf = (shape: string) => this.#costs.of(shape)
    if (!this.#joins) {
      const { shape, rows } = head[0]!
      return { members: head, left: 'alone', expectedMs: costsOf(shape).predict(rows) }
    }
    const { batch: rules } = this.#options.rules
    const maxRunMs = Math.min(rules.maxRunMs, longestRunMs)
    const maxDelayMs = this.#draining ? 0 : rules.maxDelayMs
    const limits = { ...rules, maxDelayMs, maxRunMs }
    const decision = formBatch(head, limits, costsOf, { now, startsIn: ahead ?? 0 })
    if (decision.kind === 'wait') {
      this.#lane.withdraw()
      this.#alarm.at(decision.until)
      return undefined
    }
    const { take, rows, left } = decision
    const members = take.map((place) => head[place]!)
    const costs = costsOf(members[0]!.shape)
    const expectedMs = costs.predict(rows)
    // where others want the place, who waits for company loses the turn
    if (ahead !== undefined && this.#options.dispatcher.contenders === 1) {
      const inMs = handOverIn(ahead, expectedMs ?? 0, left === 'idle' && rows < costs.limit)
      if (inMs > 0) {
        this.#alarm.at(now + inMs)
        return undefined
      }
    }
    const why = this.#draining && left === 'idle' ? 'drain' : left
    return { members, left: why, expectedMs }
  }

  /** Whether its run is known to be short enough for the event loop. */
  #fitsLoop({ shape, rows }: Waiting): boolean {
    const { loop, executable, rules } = this.#options
    if (executable.runNow === undefined || rules.batch.maxDelayMs > 0) return false
    const ms = this.#costs.of(shape).predict(rows)
    return ms !== undefined && ms <= loop.longestRunMs
  }

  #wake(): void {
    this.#dropLate(this.#options.clock.now(), 0)
    const [next] = this.#queue.head(1)
    // what fits the loop is run at the end of this turn
    if (next !== undefined && !this.#fitsLoop(next)) this.#lane.offer()
    this.#alarm.at(this.#queue.nextExpiry)
    this.#tellQueue()
  }

  /** Those whose time to begin has passed, and those that could not be answered in time any more. */
  #dropLate(now: number, aheadMs: number): void {
    const { model } = this.#options
    for (const waiting of this.#queue.expire(now)) {
      this.#give(waiting, fail('QUEUE_TIMEOUT', { model, ms: now - waiting.arrived }), 'timeout')
    }
    if (this.#queue.soonestAnswer === Infinity) return
    for (const waiting of [...this.#queue]) {
      const predictedMs = aheadMs + this.#estimate(waiting)
      const leftMs = waiting.answerBy - now
      if (predictedMs < leftMs) continue
      this.#queue.delete(waiting)
      const error =
        leftMs > 0
          ? fail('DEADLINE_UNREACHABLE', { model, predictedMs, leftMs })
          : fail('DEADLINE_EXCEEDED', { where: 'waiting' })
      this.#give(waiting, error, 'expired')
    }
  }

  #give(waiting: Waiting, error: ServingError, why: WhyShed): void {
    this.#shed(why)
    waiting.reject(error)
    this.#options.onGone(waiting)
  }

  #take(members: readonly Waiting[]): void {
    if (members.length === 1) this.#queue.delete(members[0]!)
    else this.#queue.remove(new Set(members))
    if (this.#queue.size === 0) this.#lane.withdraw()
  }

  #remove(waiting: Waiting): boolean {
    const removed = this.#queue.delete(waiting)
    if (removed && this.#queue.size === 0) this.#lane.withdraw()
    return removed
  }

  #refused({ why, error }: Refusal): ServingError {
    this.#shed(why)
    return error
  }

  /** How long a run of this request alone takes, as far as is known, in milliseconds. */
  #estimate({ shape, rows }: Waiting): number {
    return this.#costs.of(shape).predict(rows) ?? rows * this.#msPerRow
  }

  /** How long a request that comes now would wait for its run, in milliseconds. */
  #waitMs({ level }: Waiting): number {
    const { dispatcher } = this.#options
    const rows = this.#queue.rowsBefore(level)
    const executors = this.#lane.executors / Math.max(1, dispatcher.contenders)
    return dispatcher.soonestMs + (rows * this.#msPerRow) / executors
  }

  #delivery(where: 'loop' | 'thread', ran: (runMs: number) => void = () => {}): Delivery {
    const { model, version, delivery, events } = this.#options
    return {
      ...delivery,
      onRun: (members, { inputMs, runMs, outputMs }, left) => {
        const rows = members.reduce((sum, one) => sum + one.rows, 0)
        ran(runMs)
        if (rows > 0) {
          this.#costs.of(members[0]!.shape).record(rows, runMs)
          this.#msPerRow += (runMs / rows - this.#msPerRow) * (this.#msPerRow === 0 ? 1 : 0.1)
        }
        const requests = members.length
        const timing = { inputMs, runMs, outputMs }
        events.emit({ kind: 'executed', model, version, requests, rows, left, where, ...timing })
      },
    }
  }

  #shed(why: WhyShed): void {
    const { events, model, version } = this.#options
    events.emit({ kind: 'shed', model, version, why })
  }

  #tellQueue(): void {
    const waiting = this.#queue.size
    if (waiting === this.#toldWaiting) return
    this.#toldWaiting = waiting
    const { events, model, version } = this.#options
    events.emit({ kind: 'queue', model, version, waiting })
  }
}

interface Batch {
  readonly members: readonly Waiting[]
  readonly left: WhyLeft
  readonly expectedMs: number | undefined
}

/** What is looked at of a long queue. */
const mostCandidates = 1024
/** What one model may hold up the loop for at once, in runs of its own. */
const longestTurnMs = 5
