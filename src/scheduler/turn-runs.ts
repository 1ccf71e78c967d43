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
import { bytesOf, type InferenceRequest, type InferenceResponse, rowsOf } from '../predictor.ts'
import type { RunRequest, RunResult } from '../runtime/index.ts'
import { type Delivery, type Member, runBatchNow } from './batch-run.ts'
import { isUneven } from './joiner.ts'
import type { LoopTurn } from './loop-turn.ts'
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
export interface TurnRequest extends Member {
  readonly call: Call
  readonly shape: string
  resolve(response: InferenceResponse): void
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
      onRun: (members, ran, left) =>
        line.ran({ shape: members[0]!.shape, requests: members.length }, ran, left, 'loop'),
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
    resolve: TurnRequest['resolve'],
    reject: TurnRequest['reject'],
  ): boolean {
    const { line, loop, rules, delivery, clock } = this.#options
    const bytes = bytesOf(request)
    if (!delivery.joiner.steady && bytes > smallBytes) return false
    const rows = rowsOf(request)
    const shape = delivery.joiner.shapeOf(request)
    const ms = line.costs.of(shape).predict(rows)
    if (ms === undefined || ms > loop.longestRunMs) return false

    const { maxWaiting, maxWaitingBytes } = rules
    if (this.#taken.length >= maxWaiting || this.#bytes + bytes > maxWaitingBytes) this.#run()
    const arrived = clock.now()
    this.#taken.push({ request, call, rows, shape, arrived, settled: false, resolve, reject })
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
      const members = this.#next(rest)
      if (members === undefined) break
      rest = without(rest, members)
      runBatchNow(members, rest.length === 0 ? 'idle' : 'full', this.#delivery, runNow)
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
  #next(waiting: readonly TurnRequest[]): readonly TurnRequest[] | undefined {
    const { line, loop, rules, delivery } = this.#options
    const first = waiting[0]!
    const costs = line.costs.of(first.shape)
    const fits = (rows: number) => (costs.predict(rows) ?? Infinity) <= loop.longestRunMs
    if (!fits(first.rows)) return undefined
    if (!this.#joins || isUneven(first.request)) return [first]

    const alike = alikeOf(waiting, rules.batch.inOrder)
    const rows = alike.reduce((sum, one) => sum + one.rows, 0)
    const most = Math.min(rows, rules.batch.maxRows)
    const preferred = rules.batch.preferred.findLast((size) => size <= most)
    let target = preferred ?? (delivery.joiner.always ? most : costs.best(most))
    while (target > first.rows && !fits(target)) target = Math.floor(target / 2)
    return target >= rows ? alike : upTo(alike, target)
  }
}

/** Those that may share a run with the first. */
function alikeOf(waiting: readonly TurnRequest[], inOrder: boolean): readonly TurnRequest[] {
  const { shape } = waiting[0]!
  const isAlike = (one: TurnRequest) => one.shape === shape && !isUneven(one.request)
  if (!inOrder) return waiting.every(isAlike) ? waiting : waiting.filter(isAlike)
  const other = waiting.findIndex((one) => !isAlike(one))
  return other === -1 ? waiting : waiting.slice(0, other)
}

function without(all: readonly TurnRequest[], some: readonly TurnRequest[]) {
  if (some.length === all.length) return []
  const gone = new Set(some)
  return all.filter((one) => !gone.has(one))
}

/** The first, and as many behind it as have no more rows together. */
function upTo(waiting: readonly TurnRequest[], most: number): readonly TurnRequest[] {
  let rows = 0
  const end = waiting.findIndex((one, place) => {
    rows += one.rows
    return place > 0 && rows > most
  })
  return end === -1 ? waiting : waiting.slice(0, end)
}

/** Requests whose runs take the longer the more is in them, whatever their shape: no more than this. */
const smallBytes = 1024
/** What one model may hold up the loop for at once, in runs of its own. */
const longestTurnMs = 5
