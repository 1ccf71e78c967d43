/** What runs of several sizes take: measured when a version is loaded, so that the first burst is well joined. */
import { bytesOf, type InferenceRequest, type InferenceResponse, rowsOf } from '../predictor.ts'
import type { CostPoint } from '../scheduler/index.ts'
import { joined } from './joining-trial.ts'

export interface Measuring {
  readonly ask: (request: InferenceRequest) => Promise<InferenceResponse>
  /** Of one shape, at least one; one row each where they are joined. */
  readonly rows: readonly InferenceRequest[]
  /** The most rows of a run. */
  readonly maxRows: number
  /** The longest run that is worth trying, in milliseconds. */
  readonly maxRunMs: number
}

/**
 * Of 1, 2, 4, … rows, while more of them make a row cheaper: each told as soon as it is known. Fails
 * as `ask` does.
 */
export async function* runCosts(measuring: Measuring): AsyncGenerator<CostPoint> {
  const { ask, rows, maxRows, maxRunMs } = measuring
  const one = rows[0]!
  const most = Math.min(maxRows, MOST_ROWS, MOST_BYTES / bytesOf(one))
  const rowsEach = rowsOf(one)
  let before = Infinity
  for (let size = 1; size === 1 || size <= most; size *= 2) {
    const request = joined(Array.from({ length: size }, (_, place) => rows[place % rows.length]!))
    const ms = await shortest(ask, request)
    yield { rows: size * rowsEach, ms }
    if (ms * 2 > maxRunMs || ms / size > before * WORTH) return
    before = ms / size
  }
}

/** Of several runs, more of them where they are short: what came between made the others longer. */
async function shortest(ask: Measuring['ask'], request: InferenceRequest): Promise<number> {
  let [least, total] = [Infinity, 0]
  for (let run = 0; run < LEAST_RUNS || (run < MOST_RUNS && total < SHORT_MS); run++) {
    const { runMs } = (await ask(request)).timing
    least = Math.min(least, runMs)
    total += runMs
  }
  return least
}

const LEAST_RUNS = 3
const MOST_RUNS = 10
const SHORT_MS = 2
const MOST_ROWS = 128
const MOST_BYTES = 16 * 2 ** 20
/** A doubling that does not make a row cheaper by that much ends the search. */
const WORTH = 0.97
