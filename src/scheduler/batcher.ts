/**
 * The requests that wait for one model version, and the runs that are made of them in threads.
 *
 * Invariants
 * - A request that was let in is answered once: by its run, or by why there was none.
 * - Nothing waits while it could run, but for the delay that the configuration asks for.
 * - What nobody waits for any more, or what would be answered too late, is not run.
 */
import type { Clock } from '../clock.ts'
import type { ServingError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { InferenceRequest } from '../predictor.ts'
import type { Executable } from '../runtime/index.ts'
import type { Refusal } from './admission.ts'
import { Alarm } from './alarm.ts'
import { type Delivery, runBatch } from './batch-run.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Lane } from './lane.ts'
import { type Batch, nextBatch } from './next-batch.ts'
import type { ResourceNeed } from './resources.ts'
import type { SchedulingRules } from './rules.ts'
import type { RunSource } from './run-source.ts'
import type { Waiting } from './waiting.ts'
import { WaitingLine } from './waiting-line.ts'

export interface BatcherOptions {
  readonly model: string
  readonly version: string
  readonly executable: Executable
  readonly dispatcher: Dispatcher
  readonly rules: SchedulingRules
  readonly delivery: Omit<Delivery<Waiting>, 'onRun'>
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
  readonly #line: WaitingLine
  readonly #lane: Lane
  readonly #alarm: Alarm
  #joins = false
  #draining = false

  constructor(options: BatcherOptions) {
    this.#options = options
    const { dispatcher, rules, weight, resources, clock } = options
    this.#line = new WaitingLine(options)
    this.#lane = dispatcher.lane(this, { executors: rules.executors, weight, resources })
    this.#alarm = new Alarm(clock, () => this.#wake())
  }

  get lane(): Lane {
    return this.#lane
  }

  get line(): WaitingLine {
    return this.#line
  }

  get backlogMs(): number {
    return this.#line.backlogMs
  }

  /** Whether a request that comes now would wait for nothing. */
  get startsAtOnce(): boolean {
    return this.#line.size === 0 && this.#soonestMs === undefined
  }

  /** From now on requests of one shape share runs. */
  join(): void {
    this.#joins = true
    this.#line.join()
  }

  /** Nothing is kept waiting for company any more. */
  drain(): void {
    this.#draining = true
    this.#wake()
  }

  /** Requests of the same shape take the model as long, and may be joined. */
  shapeOf(request: InferenceRequest): string {
    return this.#options.delivery.joiner.shapeOf(request)
  }

  /** Undefined where it was let in. */
  enter(waiting: Waiting, maxWaitingInLevel: number): ServingError | undefined {
    const predicted = this.#line.refusalFor(waiting, maxWaitingInLevel, (before) =>
      this.#options.dispatcher.waitMs(this.#lane, before),
    )
    // what keeps nobody waiting is tried: only a run unlearns what slow ones have taught
    const refusal = predicted?.why === 'late' && this.startsAtOnce ? undefined : predicted
    if (refusal?.why === 'late') return this.#refused(refusal)

    this.#line.push(waiting)
    this.#lane.offer()
    this.#line.tell()
    // what could begin at once has not waited, whatever the bounds
    if (refusal !== undefined && this.#remove(waiting)) return this.#refused(refusal)
    this.#alarm.at(Math.min(waiting.beginBy, waiting.answerBy))
    return undefined
  }

  /** Nobody waits for it any more. False if it has begun. */
  leave(waiting: Waiting): boolean {
    if (!this.#remove(waiting)) return false
    this.#line.shed('cancelled')
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
    this.#line.tell()
    if (batch === undefined) return undefined
    const { members, left, rows, expectedMs } = batch
    let tookMs = 0
    void runBatch(members, left, {
      ...this.#delivery((runMs) => {
        tookMs += runMs
      }),
      run: (request, call) => executable.run(request, call, thread),
      now: () => clock.now(),
      ended: () => {
        for (const waiting of members) onGone(waiting)
        ended(tookMs)
      },
    })
    return expectedMs ?? this.#line.estimate({ shape: members[0]!.shape, rows })
  }

  /** What runs next, if anything may now. It is still in line. */
  #next(now: number, ahead: number | undefined): Batch | undefined {
    const { rules, dispatcher, delivery } = this.#options
    this.#line.dropLate(now, ahead)
    const next = nextBatch(this.#line, rules, {
      ...{ now, ahead, joins: this.#joins, draining: this.#draining },
      learns: !delivery.joiner.always,
      contended: dispatcher.contenders > 1,
      shared: dispatcher.isShared(this.#lane),
    })
    if (next.kind === 'run') return next
    if (next.kind !== 'hold') this.#lane.withdraw()
    if (next.kind !== 'nothing') this.#alarm.at(next.until)
    return undefined
  }

  #wake(): void {
    this.#line.dropLate(this.#options.clock.now(), this.#soonestMs)
    this.#resume()
    if (this.#line.size === 0) this.#alarm.off()
    else this.#alarm.at(this.#line.nextExpiry)
    this.#line.tell()
  }

  /** What is first in line now may run where the one before it could not. */
  #resume(): void {
    if (this.#line.size === 0) this.#lane.withdraw()
    else this.#lane.offer()
  }

  get #soonestMs(): number | undefined {
    return this.#options.dispatcher.soonestMs(this.#lane)
  }

  #take(members: readonly Waiting[]): void {
    this.#line.take(members)
    if (this.#line.size === 0) this.#lane.withdraw()
  }

  #remove(waiting: Waiting): boolean {
    const removed = this.#line.remove(waiting)
    if (removed) this.#resume()
    this.#line.tell()
    return removed
  }

  #refused({ why, error }: Refusal): ServingError {
    this.#line.shed(why)
    return error
  }

  #delivery(ran: (runMs: number) => void): Delivery<Waiting> {
    const { delivery, clock } = this.#options
    return {
      ...delivery,
      onRun: (members, run) => {
        ran(run.result.runMs)
        this.#line.ran(members, run, 'thread')
      },
      answer: (waiting, outputs, result) => {
        this.#line.answered(waiting, clock.now())
        delivery.answer(waiting, outputs, result)
      },
    }
  }
}
