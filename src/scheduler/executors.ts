/**
 * The Predictor of one loaded version: requests wait, share runs where that is known to be right, and
 * get their rows of the answer.
 *
 * Every request is answered once. One that ends while it waits leaves the queue and never runs; one
 * that ends while it runs is answered at once, and the run is stopped when nobody else waits for it.
 * What was accepted before `drain` is finished, what comes after is refused.
 */
import type { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import { fail, type ServingError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { ExecutorFigures } from '../executor-figures.ts'
import type { JoiningStatus } from '../models.ts'
import {
  bytesOf,
  type InferenceRequest,
  type InferenceResponse,
  type Predictor,
  refusePredict,
  rowsOf,
  streamOfOne,
} from '../predictor.ts'
import type { Executable, RunResult } from '../runtime/index.ts'
import type { Signature } from '../signature.ts'
import type { NamedTensor } from '../tensor/index.ts'
import type { Scalable } from './autoscaler.ts'
import type { Delivery, Member } from './batch-run.ts'
import { Batcher } from './batcher.ts'
import type { CostPoint } from './cost-model.ts'
import type { Dispatcher } from './dispatcher.ts'
import { isUneven, type Joiner, rowJoiner } from './joiner.ts'
import type { LoopTurn } from './loop-turn.ts'
import { OrderedAnswers } from './ordered-answers.ts'
import type { ResourceNeed } from './resources.ts'
import { checkRows } from './row-check.ts'
import type { SchedulingRules } from './rules.ts'
import { untilEnded } from './stream.ts'
import { TurnRuns } from './turn-runs.ts'
import { Waiting } from './waiting.ts'

export interface ExecutorsOptions {
  readonly model: string
  readonly version: string
  readonly executable: Executable
  /** The executable's own, with what the model's configuration adds to it. */
  readonly signature: Signature
  readonly rules: SchedulingRules
  /** Of all models of the runtime. */
  readonly dispatcher: Dispatcher
  readonly loop: LoopTurn
  readonly joiner?: Joiner | undefined
  readonly weight?: number | undefined
  readonly resources?: ResourceNeed | undefined
  readonly clock: Clock
  readonly events: Events
}

export class Executors implements Predictor, Scalable {
  readonly signature: Signature
  readonly #options: ExecutorsOptions
  readonly #batcher: Batcher
  /** Undefined where no run may happen on the event loop. */
  readonly #turn: TurnRuns | undefined
  readonly #outputNames: readonly string[]
  readonly #open = new Set<Waiting>()
  readonly #streams = new Set<{ readonly call: Call }>()
  readonly #order: OrderedAnswers | undefined
  #apart: string | undefined = 'it was not tried'
  #lastUsed: number
  #arrivedRows = 0
  #whenIdle: (() => void)[] = []
  #draining = false

  constructor(options: ExecutorsOptions) {
    const { signature, clock, rules, joiner = rowJoiner(signature) } = options
    this.signature = signature
    this.#options = options
    this.#outputNames = signature.outputs.map(({ name }) => name)
    this.#order = rules.preserveOrdering ? new OrderedAnswers() : undefined
    this.#lastUsed = clock.now()
    const delivery: Omit<Delivery<Member>, 'onRun'> = {
      joiner,
      outputNames: this.#outputNames,
      checkOutputs: (outputs, rows) => checkRows(outputs, rows, signature),
      answer: (member, outputs, result) =>
        member.resolve(this.#response(outputs, result, clock.now() - member.arrived)),
    }
    this.#batcher = new Batcher({ ...options, delivery, onGone: (waiting) => this.#leave(waiting) })
    this.#turn = this.#turnRuns(delivery)
  }

  /** Whether nothing is under way or waits. */
  get idle(): boolean {
    return this.#open.size === 0 && this.#streams.size === 0 && !this.#turn?.taken.length
  }

  /** The moment of the last request, or of its making. */
  get lastUsed(): number {
    return this.#lastUsed
  }

  /** What is known of its runs, to be kept. */
  get costs(): readonly { readonly shape: string; readonly points: readonly CostPoint[] }[] {
    return this.#batcher.line.costs
      .all()
      .map(([shape, costs]) => ({ shape, points: costs.points() }))
  }

  get joining(): JoiningStatus {
    const limits = this.#batcher.line.costs
      .all()
      .map(([shape, { limit: rows }]) => ({ shape, rows }))
    return { joined: this.#apart === undefined, why: this.#apart, limits }
  }

  /** On how many threads its runs may be at once. */
  get executors(): number {
    return this.#batcher.lane.executors
  }

  setExecutors(count: number): void {
    this.#batcher.lane.setExecutors(count)
  }

  figures(): ExecutorFigures {
    const { line } = this.#batcher
    return {
      arrivedRows: this.#arrivedRows,
      oldestWaitMs: line.waitedMs(this.#options.clock.now()),
      best: line.usualRun(),
      limits: this.joining.limits,
    }
  }

  /** Requests share runs from now on. */
  joinable(): void {
    this.#batcher.join()
    this.#turn?.join()
    this.#apart = undefined
  }

  /** What runs of requests of this one's shape are known to take. */
  learned(costs: readonly CostPoint[], like: InferenceRequest): void {
    this.#batcher.line.seed(this.#batcher.shapeOf(like), costs)
  }

  /** What was known before: what `costs` said then. */
  recall(costs: Executors['costs']): void {
    for (const { shape, points } of costs) this.#batcher.line.seed(shape, points)
  }

  /** Requests run one by one, and why. */
  apart(why: string): void {
    this.#apart = why
  }

  predict(request: InferenceRequest, call: Call): Promise<InferenceResponse> {
    if (this.signature.streams === true) return refusePredict(this.#options.model)
    const refusal = this.#refusal(call)
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      const ordered = this.#order?.enter(resolve, reject)
      this.#enter(request, call, ordered?.resolve ?? resolve, ordered?.reject ?? reject)
    })
  }

  async *stream(request: InferenceRequest, call: Call): AsyncGenerator<InferenceResponse> {
    const { executable } = this.#options
    if (executable.stream === undefined) {
      yield* streamOfOne(this, request, call)
      return
    }
    const refusal = this.#refusal(call)
    if (refusal !== undefined) throw refusal
    const { inputs, outputs = this.#outputNames } = request
    const open = { call }
    this.#lastUsed = this.#options.clock.now()
    this.#streams.add(open)
    const results = untilEnded(executable.stream({ inputs, outputs }, call), call, () => {
      this.#streams.delete(open)
      this.#tellIdle()
    })
    for await (const result of results) yield this.#response(result.outputs, result)
  }

  /** Refuses what comes from now on; resolves when nothing is under way or waits any more. */
  drain(): Promise<void> {
    this.#draining = true
    this.#batcher.drain()
    return this.whenIdle()
  }

  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.idle) resolve()
      else this.#whenIdle.push(resolve)
    })
  }

  /** Nobody waits any longer for what is under way: requests are refused, runs are stopped. */
  endAll(why: ServingError): void {
    for (const { call } of this.#turn?.taken ?? []) call.end(why)
    for (const { call } of this.#open) call.end(why)
    for (const { call } of this.#streams) call.end(why)
  }

  /** On the event loop in this turn, or else in line for a thread. */
  #enter(request: InferenceRequest, call: Call, resolve: Resolve, reject: Reject): void {
    const arrived = this.#options.clock.now()
    this.#lastUsed = arrived
    this.#arrivedRows += rowsOf(request)
    if (this.#turn?.take(request, call, arrived, resolve, reject) !== true) {
      this.#wait(request, call, arrived, resolve, reject)
    }
  }

  #wait(
    request: InferenceRequest,
    call: Call,
    arrived: number,
    resolve: Resolve,
    reject: Reject,
  ): void {
    const { level, maxWaiting, timeoutMs, delayable } = this.#options.rules.levelOf(call.scheduling)
    const facts = {
      rows: rowsOf(request),
      bytes: bytesOf(request),
      shape: this.#batcher.shapeOf(request),
      uneven: isUneven(request),
      level,
      arrived,
      answerBy: this.#answerBy(call, arrived),
      beginBy: arrived + timeoutMs,
      delayable,
    }
    const waiting = new Waiting(request, call, facts, resolve, reject)
    this.#open.add(waiting)
    const refusal = this.#batcher.enter(waiting, maxWaiting)
    if (refusal !== undefined) {
      this.#leave(waiting)
      waiting.reject(refusal)
      return
    }
    waiting.listen(() => {
      if (this.#batcher.leave(waiting)) this.#leave(waiting)
    })
  }

  /** Undefined where a run cannot happen on the loop, or is to be kept waiting for company. */
  #turnRuns(delivery: Omit<Delivery<Member>, 'onRun'>): TurnRuns | undefined {
    const { executable, loop, rules, clock } = this.#options
    const { runNow } = executable
    if (runNow === undefined || rules.batch.maxDelayMs > 0) return undefined
    return new TurnRuns({
      ...{ loop, rules, clock, delivery, line: this.#batcher.line },
      runNow: (request) => runNow.call(executable, request),
      onLeft: ({ request, call, arrived, resolve, reject }) =>
        this.#wait(request, call, arrived, resolve, reject),
      onEmpty: () => this.#tellIdle(),
    })
  }

  /** The client's deadline, or the time in which the model should answer where that is sooner. */
  #answerBy({ deadline = Infinity }: Call, arrived: number): number {
    const { sloMs } = this.#options.rules
    // what begins at once is as early as it can be
    if (sloMs === undefined || this.#batcher.startsAtOnce) return deadline
    return Math.min(deadline, arrived + sloMs)
  }

  #response(
    outputs: readonly NamedTensor[],
    { inputMs, runMs, outputMs }: Pick<RunResult, 'inputMs' | 'runMs' | 'outputMs'>,
    sinceMs = 0,
  ): InferenceResponse {
    const { model, version } = this.#options
    const queueMs = Math.max(0, sinceMs - inputMs - runMs - outputMs)
    return { model, version, outputs, timing: { queueMs, inputMs, runMs, outputMs } }
  }

  #refusal(call: Call): ServingError | undefined {
    if (this.#draining) return fail('DRAINING')
    if (call.ended !== undefined) return call.ended
    if (call.deadline === undefined || this.#options.clock.now() < call.deadline) return undefined
    return fail('DEADLINE_EXCEEDED', { where: 'waiting' })
  }

  #leave(waiting: Waiting): void {
    if (this.#open.delete(waiting)) this.#tellIdle()
  }

  #tellIdle(): void {
    if (this.#whenIdle.length === 0 || !this.idle) return
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }
}

type Resolve = Member['resolve']
type Reject = Member['reject']
