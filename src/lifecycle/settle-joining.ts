/** Decides whether requests for a version share runs, before it takes any. */
import { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import type { ModelConfig } from '../config/index.ts'
import { fail, ServingError } from '../errors.ts'
import type { InferenceRequest } from '../predictor.ts'
import { type CostPoint, joiningOf } from '../scheduler/index.ts'
import type { Signature } from '../signature.ts'
import { whyApart } from './joining-trial.ts'
import type { OpenVersion } from './open-version.ts'
import { type Measuring, runCosts } from './run-costs.ts'
import { differ, sampleRows, variedRows } from './varied-rows.ts'

export interface SettleOptions {
  readonly config: ModelConfig
  /** Requests by which it was warmed up. */
  readonly samples: readonly InferenceRequest[]
  readonly synthesized: InferenceRequest | undefined
  readonly clock: Clock
  readonly call: Call
}

/** Fails only with why the call ended. */
export async function settleJoining(version: OpenVersion, options: SettleOptions): Promise<void> {
  const { executors, served, trial } = version
  const { config, samples, synthesized, call } = options
  const joining = joiningOf(served.signature, config.batching)
  if (joining.kind === 'declared') executors.joinable()
  else executors.apart(joining.kind === 'off' ? joining.why : 'it is not tried without warm-up')
  if (served.signature.streams === true || config.warmUp.runs === 0) return

  const budget = budgetOf(options)
  const ask = (request: InferenceRequest) => trial.predict(request, budget.call)
  const maxRows = maxRowsOf(config, served.signature)
  const tries = triesFor(served.signature, options)
  try {
    if (joining.kind === 'to-be-shown') {
      const why = await whyApart({ ask, tries, maxRows })
      if (why === undefined) executors.joinable()
      else executors.apart(why)
    }
  } catch (thrown) {
    const why =
      budget.call.ended === undefined ? ServingError.from(thrown).message : 'it took too long'
    executors.apart(`its rows could not be tried together: ${why}`)
  }
  const whole = samples[0] ?? synthesized
  const rows = joining.kind === 'off' ? undefined : tries[0]
  const like = rows?.[0] ?? whole
  if (like !== undefined && call.ended === undefined) {
    const most = executors.joining.joined ? maxRows : 1
    const measuring = { ask, rows: rows ?? [like], maxRows: most, maxRunMs: maxRunMsOf(config) }
    executors.learned(await asFarAsItGoes(measuring), like)
  }
  budget.over()
  if (call.ended !== undefined) throw call.ended
}

/** Samples first, where there are several rows of them; then what lies further and further apart. */
function triesFor(
  signature: Signature,
  { samples, synthesized }: SettleOptions,
): readonly (readonly InferenceRequest[])[] {
  const given = sampleRows(samples)
  const own = Array.from({ length: ROWS }, (_, at) => given[at % given.length]!)
  const around = (width: number) =>
    variedRows({ samples, synthesized, signature, count: ROWS }, width)
  const tries = [given.length > 1 ? own : around(1), around(100), around(10_000)]
  return tries.filter(differ)
}

async function asFarAsItGoes(measuring: Measuring): Promise<readonly CostPoint[]> {
  const costs: CostPoint[] = []
  try {
    for await (const point of runCosts(measuring)) costs.push(point)
  } catch {
    // what was measured until then is worth knowing all the same
  }
  return costs
}

/** A call that ends with the one given, or when the time for all this is over. */
function budgetOf({ call, clock }: SettleOptions): { readonly call: Call; over(): void } {
  const own = new Call({ requestId: call.requestId })
  const stopListening = call.onEnd((why) => own.end(why))
  const callOff = clock.wakeAt(clock.now() + BUDGET_MS, () =>
    own.end(fail('LOAD_TIMEOUT', { ms: BUDGET_MS })),
  )
  return {
    call: own,
    over() {
      stopListening()
      callOff()
    },
  }
}

function maxRowsOf({ batching }: ModelConfig, { maxBatchSize = Infinity }: Signature): number {
  const own = typeof batching === 'object' ? batching.maxBatchSize : 'auto'
  return own === 'auto' ? maxBatchSize : Math.min(own, maxBatchSize)
}

const maxRunMsOf = ({ batching }: ModelConfig): number =>
  Math.min(LONGEST_RUN_MS, (typeof batching === 'object' && batching.maxBatchMs) || Infinity)

/** Enough for two runs of several, of different sizes. */
const ROWS = 5
const BUDGET_MS = 2000
const LONGEST_RUN_MS = 100
