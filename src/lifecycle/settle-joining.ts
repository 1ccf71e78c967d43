/** Decides whether requests for a version share runs, before it takes any. */
import type { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import type { ModelConfig } from '../config/index.ts'
import type { InferenceRequest } from '../predictor.ts'
import { joiningOf } from '../scheduler/index.ts'
import { tryJoining } from './joining-trial.ts'
import type { OpenVersion } from './open-version.ts'
import { differ, variedRows } from './varied-rows.ts'

export interface SettleOptions {
  readonly config: ModelConfig
  /** Requests by which it was warmed up. */
  readonly samples: readonly InferenceRequest[]
  readonly synthesized: InferenceRequest | undefined
  readonly clock: Clock
  readonly call: Call
}

/** Fails only with why the call ended. */
export async function settleJoining(
  { executors, served, trial }: OpenVersion,
  { config, samples, synthesized, clock, call }: SettleOptions,
): Promise<void> {
  const { signature } = served
  const joining = joiningOf(signature, config.batching)
  if (joining.kind === 'declared') executors.joinable()
  if (joining.kind === 'off') executors.apart(joining.why)
  if (signature.streams === true) return
  if (config.warmUp.runs === 0) {
    if (joining.kind === 'to-be-shown') executors.apart('it is not tried where warm-up is off')
    return
  }
  const rows = variedRows(samples, synthesized, signature, rowsTried)
  if (joining.kind === 'to-be-shown' && !differ(rows)) {
    executors.apart('no rows that differ could be made up for it')
    return
  }
  if (rows.length === 0) return
  const maxRows = Math.min(maxRowsOf(config), signature.maxBatchSize ?? Infinity)
  const trialOptions = { predictor: trial, joining, rows, maxRows, budgetMs, clock, call }
  const { apart, costs } = await tryJoining(trialOptions)
  if (apart === undefined) executors.joinable()
  else executors.apart(apart)
  executors.learned(costs, rows[0]!)
}

const maxRowsOf = ({ batching }: ModelConfig): number =>
  typeof batching === 'object' && typeof batching.maxBatchSize === 'number'
    ? batching.maxBatchSize
    : Infinity

/** Enough for two runs of several, of different sizes. */
const rowsTried = 5
const budgetMs = 2000
