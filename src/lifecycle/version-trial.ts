/** A version that is tried before it serves, within a time: whether its rows may be joined, what runs take. */
import { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import type { ModelConfig } from '../config/index.ts'
import { fail, ServingError } from '../errors.ts'
import type { InferenceRequest, Predictor } from '../predictor.ts'
import type { CostPoint } from '../scheduler/index.ts'
import { whyApart } from './joining-trial.ts'
import { runCosts } from './run-costs.ts'
import { differ, sampleRows, variedRows } from './varied-rows.ts'

export interface VersionTrialOptions {
  /** With the door before it, and with nobody counting. */
  readonly predictor: Predictor
  readonly config: ModelConfig
  /** Requests by which it was warmed up. */
  readonly samples: readonly InferenceRequest[]
  readonly synthesized: InferenceRequest | undefined
  readonly clock: Clock
  /** While it lasts. */
  readonly call: Call
}

export interface Outcome {
  /** Why its rows must not be joined; undefined where they may. */
  readonly apart: string | undefined
  /** Whether another trial would say the same. */
  readonly final: boolean
}

export interface Measured {
  /** Of their shape. */
  readonly like: InferenceRequest
  readonly costs: readonly CostPoint[]
}

export class VersionTrial {
  readonly #options: VersionTrialOptions
  /** Requests of one row each: several tries, each further apart. */
  readonly #tries: readonly (readonly InferenceRequest[])[]
  readonly #call: Call
  readonly #callOff: () => void

  constructor(options: VersionTrialOptions) {
    const { clock, call } = options
    this.#options = options
    this.#tries = triesFor(options)
    this.#call = new Call({ requestId: call.requestId })
    const stopListening = call.onEnd((why) => this.#call.end(why))
    const stopWatching = clock.wakeAt(clock.now() + BUDGET_MS, () =>
      this.#call.end(fail('LOAD_TIMEOUT', { ms: BUDGET_MS })),
    )
    this.#callOff = () => {
      stopListening()
      stopWatching()
    }
  }

  /** Never fails. */
  async join(): Promise<Outcome> {
    try {
      const trial = { ask: this.#ask, tries: this.#tries, maxRows: this.#maxRows }
      return { apart: await whyApart(trial), final: true }
    } catch (thrown) {
      const why =
        this.#call.ended === undefined ? ServingError.from(thrown).message : 'it took too long'
      return { apart: `its rows could not be tried together: ${why}`, final: false }
    }
  }

  /**
   * What runs take, as far as that can be found out: of several rows where they may be joined. Never
   * fails; undefined where there is nothing to ask.
   */
  async measure(joined: boolean): Promise<Measured | undefined> {
    const { samples, synthesized, config } = this.#options
    const whole = samples[0] ?? synthesized
    const [like, ...others] = (joined ? this.#tries[0] : undefined) ?? (whole ? [whole] : [])
    if (like === undefined) return undefined
    const costs: CostPoint[] = []
    const maxRows = joined ? this.#maxRows : 1
    const { maxBatchMs = Infinity } = typeof config.batching === 'object' ? config.batching : {}
    const maxRunMs = Math.min(LONGEST_RUN_MS, maxBatchMs)
    try {
      const measuring = { ask: this.#ask, rows: [like, ...others], maxRows, maxRunMs }
      for await (const point of runCosts(measuring)) costs.push(point)
    } catch {
      // what was measured until then is worth knowing all the same
    }
    return { like, costs }
  }

  /** The time that it had counts no more. */
  over(): void {
    this.#callOff()
  }

  readonly #ask = (request: InferenceRequest) =>
    this.#options.predictor.predict(request, this.#call)

  get #maxRows(): number {
    const { config, predictor } = this.#options
    const { maxBatchSize = Infinity } = predictor.signature
    const own = typeof config.batching === 'object' ? config.batching.maxBatchSize : 'auto'
    return own === 'auto' ? maxBatchSize : Math.min(own, maxBatchSize)
  }
}

/** Samples first, where there are several rows of them; then what lies further and further apart. */
function triesFor({
  predictor: { signature },
  samples,
  synthesized,
}: VersionTrialOptions): readonly (readonly InferenceRequest[])[] {
  const given = sampleRows(samples)
  const own = Array.from({ length: ROWS }, (_, at) => given[at % given.length]!)
  const around = (width: number) =>
    variedRows({ samples, synthesized, signature, count: ROWS }, width)
  const tries = [given.length > 1 ? own : around(1), around(100), around(10_000)]
  return tries.filter(differ)
}

/** Enough for two runs of several, of different sizes. */
const ROWS = 5
const BUDGET_MS = 5000
const LONGEST_RUN_MS = 30
