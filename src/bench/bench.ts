/** A whole `sluice bench`: opens the target, rehearses, loads, and says what came of it. */
import type { Clock } from '../clock.ts'
import type { ServerConfig } from '../config/index.ts'
import type { Log } from '../log.ts'
import { environmentNow } from './environment.ts'
import type { Load } from './load/load.ts'
import { threadPacer } from './load/pacer.ts'
import { type LoadProgress, runLoad } from './load/run-load.ts'
import { measuredOf } from './measure/measured.ts'
import type { Plan } from './plan.ts'
import {
  type BenchResult,
  type Finished,
  resultOf,
  rowsPerRequest,
  type TrialFacts,
} from './result.ts'
import { leastTrialMs, nextStep, type SearchEnd } from './search.ts'
import { type OpenTarget, openTarget } from './target/open-target.ts'
import { type Judge, rehearse, wrongAnswer } from './target/rehearse.ts'
import { sloHeld } from './verdict.ts'

export interface BenchOptions {
  readonly plan: Plan
  /** For a model on disk. */
  readonly local: { readonly onnx: ServerConfig['onnx']; readonly executors: number }
  readonly clock: Clock
  readonly log: Log
  readonly now: Date
  readonly onProgress: (progress: BenchProgress) => void
  /** Ends the load; what there is so far is told. */
  readonly stop: AbortSignal
}

export type BenchProgress =
  | { readonly phase: 'opening' }
  | { readonly phase: 'rehearsing' }
  | ({ readonly phase: 'running' } & LoadProgress)
  | ({ readonly phase: 'searching'; readonly rate: number | undefined } & LoadProgress)

/** Fails with WrongUsage, TargetFailed, or a ServingError. */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  const { plan, local, clock, log, onProgress, stop } = options
  const environment = environmentNow(options.now)
  onProgress({ phase: 'opening' })
  const target = await openTarget({
    ...plan,
    connections: mostInFlight(plan.load),
    check: plan.check !== undefined,
    local,
    clock,
    log,
  })
  try {
    onProgress({ phase: 'rehearsing' })
    const judge = await rehearse({
      driver: target.driver,
      questions: target.questions.length,
      timeoutMs: plan.load.timeoutMs,
      check: plan.check,
      stop,
    })
    const bound = new Bound(options, target, judge)
    const found =
      plan.search === undefined
        ? { ...(await bound.run(plan.load)), search: null }
        : await bound.search(plan.load, plan.search.start)
    return resultOf({ plan, target, environment, interrupted: stop.aborted, ...found })
  } finally {
    await target.driver.close()
  }
}

type Found = Pick<Finished, 'run' | 'measured' | 'load' | 'search'>

/** One target under one load after another. */
class Bound {
  readonly #options: BenchOptions
  readonly #target: OpenTarget
  readonly #judge: Judge

  constructor(options: BenchOptions, target: OpenTarget, judge: Judge) {
    this.#options = options
    this.#target = target
    this.#judge = judge
  }

  async run(load: Load, phase: 'running' | 'searching' = 'running') {
    const { plan, clock, onProgress, stop } = this.#options
    const { driver, questions } = this.#target
    const sloMs = plan.slo?.ms
    const run = await runLoad({
      load,
      driver,
      questions: questions.length,
      judge: this.#judge,
      sloMs,
      clock,
      startPacer: threadPacer,
      cpuMs,
      onProgress(progress) {
        const rate = load.kind === 'open' ? load.rate : undefined
        onProgress(phase === 'running' ? { phase, ...progress } : { phase, rate, ...progress })
      },
      stop,
    })
    const isOpen = load.kind === 'open'
    const measured = measuredOf(run, {
      rows: rowsPerRequest(this.#target) * (isOpen ? 1 : load.perQuery),
      sloMs,
      isInProcess: driver.protocol === 'in-process',
      isOpen,
      isEven: !isOpen || load.arrivals === 'poisson' || load.arrivals === 'constant',
    })
    return { run, measured, load }
  }

  async search(load: Load, wished: number | undefined): Promise<Found> {
    if (load.kind !== 'open') throw new Error('a search needs an open loop')
    const slo = this.#options.plan.slo!
    const options = { start: wished ?? (await this.#halfOfCapacity(load)), precision, mostTrials }
    const trials: TrialFacts[] = []
    let best: Omit<Found, 'search'> | undefined
    let last: Omit<Found, 'search'> | undefined
    for (;;) {
      const step = nextStep(trials, options)
      if (step.kind === 'end' || this.#options.stop.aborted) {
        const end: SearchEnd =
          step.kind === 'end' ? step.end : { rate: undefined, limit: 'unsteady' }
        const shown = best ?? last ?? (await this.run({ ...load, rate: options.start }))
        return { ...shown, search: { ...end, trials } }
      }
      const { rate, confirming } = step
      const least = leastTrialMs(rate, slo.percentile)
      const durationMs = Math.max(least, load.durationMs) * (confirming ? 2 : 1)
      const seed = load.seed + 2 * trials.length
      last = await this.run({ ...load, rate, durationMs, seed }, 'searching')
      const { measured, run } = last
      if (this.#options.stop.aborted) continue
      const verdict = trialVerdict(sloHeld(measured, slo).held, measured.invalid, confirming)
      if (verdict === 'held' && (confirming || best === undefined)) best = last
      trials.push({
        rate,
        confirming,
        verdict,
        requests: measured.requests,
        missed: measured.missed,
        latencyMs: run.recorder.quantile(slo.percentile) ?? null,
        invalid: measured.invalid,
      })
      if (measured.misses.some(({ why }) => why.startsWith(wrongAnswer))) {
        return { ...last, search: { rate: undefined, limit: 'unsteady', trials } }
      }
    }
  }

  /** Half of what a few clients get answered, as a first guess. */
  async #halfOfCapacity(load: Load): Promise<number> {
    const { measured } = await this.run(
      {
        ...load,
        kind: 'closed',
        clients: 4,
        perQuery: 1,
        warmUpMs: 500,
        durationMs: 1000,
        requests: Infinity,
      },
      'searching',
    )
    return Math.max(1, measured.rate.answered / 2)
  }
}

const mostInFlight = (load: Load): number =>
  load.kind === 'open' ? load.maxInFlight : load.clients * load.perQuery

/**
 * What held though the generator was late would have held all the more: its delay is part of the
 * latency. That will do to go on with, and not to end with.
 */
function trialVerdict(held: boolean, invalid: readonly string[], confirming: boolean) {
  if (invalid.length > 0 && (confirming || !held)) return 'invalid'
  return held ? 'held' : 'missed'
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const precision = 0.05
const mostTrials = 40
