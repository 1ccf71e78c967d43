/**
 * The runs of one model version on the event loop, where a run is shorter than the way to a thread:
 * what came in one turn of the loop runs at its end. Nothing waits here, so that nothing is asked of
 * the line: neither levels nor deadlines nor who was first among many turns.
 *
 * Invariants
 * - A request that was taken is answered at the end of its turn, or goes on to wait in line then.
 * - No more is taken than may wait.
 */
import type { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import { bytesOf, type InferenceRequest, rowsOf } from '../predictor.ts'
import type { RunRequest, RunResult } from '../runtime/index.ts'
import { type Candidate, formBatch } from './batch-policy.ts'
import { type Delivery, type Member, runBatchNow } from './batch-run.ts'
import { isUneven } from './joiner.ts'
import type { LoopTurn } from './loop-turn.ts'
import { costsIn } from './next-batch.ts'
import type { SchedulingRules } from './rules.ts'
import type { WaitingLine } from './waiting-line.ts'

export interface TurnRunsOptions {
  readonly runNow: (request: RunRequest) => RunResult
  readonly loop: LoopTurn
  readonly rules: SchedulingRules
  readonly line: WaitingLine
  readonly delivery: Omit<Delivery<Member>, 'onRun'>
  readonly clock: Clock
  /** Told of those that are to wait in line after all. */
  readonly onLeft: (request: TurnRequest) => void
  /** Told when all that were taken have gone. */
  readonly onEmpty: () => void
}

/** A request that runs in this turn of the event loop. */
export interface TurnRequest extends Member, Candidate {
  readonly call: Call
}

export class TurnRuns {
  readonly #options: TurnRunsOptions
  readonly #delivery: Delivery<TurnRequest>
  readonly #runAll = () => this.#run()
  #taken: TurnRequest[] = []
  #bytes = 0
  #joins = false

  constructor(options: TurnRunsOptions) {
    const { delivery, line } = options
    this.#options = options
    this.#delivery = {
      ...delivery,
      onRun: (members, ran) => line.ran(members, ran, 'loop'),
    }
  }

  /** Those that run at the end of this turn. */
  get taken(): readonly TurnRequest[] {
    return this.#taken
  }

  /** From now on requests of one shape share runs. */
  join(): void {
    this.#joins = true
  }

  /** Takes it where its run is known to be short enough. */
  take(
    request: InferenceRequest,
    call: Call,
    arrived: number,
    resolve: Member['resolve'],
    reject: Member['reject'],
  ): boolean {
    const { line, loop, rules, delivery } = this.#options
    const bytes = bytesOf(request)
    if (!delivery.joiner.steady && bytes > smallBytes) return false
    const rows = rowsOf(request)
    const shape = delivery.joiner.shapeOf(request)
    const ms = line.costs.of(shape).predict(rows)
    if (ms === undefined || ms > loop.longestRunMs) return false

    const { maxWaiting, maxWaitingBytes } = rules
    if (this.#taken.length >= maxWaiting || this.#bytes + bytes > maxWaitingBytes) this.#run()
    const uneven = isUneven(request)
    const what = { request, call, rows, shape, uneven, arrived, resolve, reject }
    this.#taken.push({ ...what, answerBy: Infinity, beginBy: Infinity, settled: false })
    this.#bytes += bytes
    loop.add(this.#runAll)
    return true
  }

  #run(): void {
    const { clock, runNow, onLeft, onEmpty } = this.#options
    const began = clock.now()
    let rest = this.#open()
    this.#taken = []
    this.#bytes = 0
    while (rest.length > 0 && clock.now() - began < longestTurnMs) {
      const next = this.#next(rest, began)
      if (next === undefined) break
      rest = without(rest, next.members)
      runBatchNow(next.members, next.left, this.#delivery, runNow)
    }
    for (const one of rest) onLeft(one)
    onEmpty()
  }

  /** Those that are still waited for. */
  #open(): readonly TurnRequest[] {
    if (this.#taken.every(({ call }) => call.ended === undefined)) return this.#taken
    return this.#taken.filter(({ call: { ended }, reject }) => {
      if (ended === undefined) return true
      this.#options.line.shed('cancelled')
      reject(ended)
      return false
    })
  }

  /** Those that share the next run; undefined where it would hold up the loop. */
  #next(waiting: readonly TurnRequest[], now: number) {
    const { line, loop, rules, delivery } = this.#options
    const { longestRunMs } = loop
    const first = waiting[0]!
    const ms = line.costs.of(first.shape).predict(first.rows)
    if (ms === undefined || ms > longestRunMs) return undefined
    if (!this.#joins) return { members: [first], left: 'alone' } as const

    const maxRunMs = Math.min(rules.batch.maxRunMs, longestRunMs)
    const costsOf = costsIn(line, !delivery.joiner.always)
    const formed = formBatch(waiting, { ...rules.batch, maxRunMs }, costsOf, { now, startsIn: 0 })
    if (formed.kind !== 'run') return undefined
    return { members: formed.take.map((place) => waiting[place]!), left: formed.left }
  }
}

function without(all: readonly TurnRequest[], some: readonly TurnRequest[]) {
  if (some.length === all.length) return []
  const gone = new Set(some)
  return all.filter((one) => !gone.has(one))
}

/** Requests whose runs take the longer the more is in them, whatever their shape: no more than this. */
const smallBytes = 1024
/** What one model may hold up the loop for at once, in runs of its own. */
const longestTurnMs = 5
