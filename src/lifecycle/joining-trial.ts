/**
 * Whether rows together give what rows apart give, and what runs of several sizes take: tried when a
 * version is loaded, so that requests share runs only where nobody can tell.
 */
import type { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import { ServingError } from '../errors.ts'
import type { InferenceRequest, InferenceResponse, Predictor } from '../predictor.ts'
import type { CostPoint, Joining } from '../scheduler/index.ts'
import { concatRows, type NamedTensor, sizeOf } from '../tensor/index.ts'
import { differenceOf } from './row-difference.ts'

export interface TrialOptions {
  /** Never joins, and counts nothing. */
  readonly predictor: Predictor
  readonly joining: Joining
  /** Requests of one row each, of one shape, whose values differ. */
  readonly rows: readonly InferenceRequest[]
  /** The most rows of a run. */
  readonly maxRows: number
  /** The time that it may take, in milliseconds. */
  readonly budgetMs: number
  readonly clock: Clock
  readonly call: Call
}

export interface TrialOutcome {
  /** Why requests run apart; undefined where they may share runs. */
  readonly apart: string | undefined
  readonly costs: readonly CostPoint[]
}

/** Fails only with why the call ended. */
export async function tryJoining(options: TrialOptions): Promise<TrialOutcome> {
  const giveUpAt = options.clock.now() + options.budgetMs
  const trial = new Trial(options, giveUpAt)
  const { joining } = options
  const known = joining.kind === 'off' ? joining.why : undefined
  try {
    const apart = joining.kind === 'to-be-shown' ? await trial.compare() : known
    await trial.measure(apart === undefined ? options.maxRows : 1)
    return { apart, costs: trial.costs }
  } catch (thrown) {
    if (options.call.ended !== undefined) throw options.call.ended
    const { message } = ServingError.from(thrown)
    const untried = `its rows could not be tried together: ${message}`
    return { apart: joining.kind === 'to-be-shown' ? untried : known, costs: trial.costs }
  }
}

class Trial {
  readonly costs: CostPoint[] = []
  readonly #options: TrialOptions
  readonly #giveUpAt: number

  constructor(options: TrialOptions, giveUpAt: number) {
    this.#options = options
    this.#giveUpAt = giveUpAt
  }

  /** Why rows together are not as good as rows apart. */
  async compare(): Promise<string | undefined> {
    const { rows } = this.#options
    const apart: InferenceResponse[] = []
    for (const row of rows) {
      if (this.#late) return TOOK_TOO_LONG
      apart.push(await this.#ask(row))
    }
    const places = rows.map((_, place) => place)
    for (const together of [places.slice(0, 2), places.slice(2), places.toReversed()]) {
      if (this.#late) return TOOK_TOO_LONG
      const answer = await this.#ask(joined(together.map((place) => rows[place]!)))
      const expected = together.map((place) => apart[place]!)
      const difference = differenceOf(
        answer.outputs,
        expected.map(({ outputs }) => outputs),
      )
      if (difference !== undefined)
        return `its answers together differ from those apart: ${difference}`
    }
    return undefined
  }

  /** What runs of 1, 2, 4, … rows take, while more rows make a row cheaper. */
  async measure(maxRows: number): Promise<void> {
    const { rows } = this.#options
    const rowBytes = rows[0]!.inputs.reduce((sum, { tensor }) => sum + sizeOf(tensor), 0)
    for (let size = 1; size <= Math.min(maxRows, mostRows); size *= 2) {
      if (size * rowBytes > mostBytes) return
      const request = joined(Array.from({ length: size }, (_, place) => rows[place % rows.length]!))
      const times: number[] = []
      while (times.length < repeats && !this.#late) {
        times.push((await this.#ask(request)).timing.runMs)
      }
      if (times.length < repeats) return
      const ms = Math.min(...times)
      const before = this.costs.at(-1)
      this.costs.push({ rows: size, ms })
      if (ms > longestRunMs) return
      if (before !== undefined && ms / size > (before.ms / before.rows) * noCheaper) return
    }
  }

  get #late(): boolean {
    return this.#options.clock.now() > this.#giveUpAt
  }

  #ask(request: InferenceRequest): Promise<InferenceResponse> {
    const { predictor, call } = this.#options
    return predictor.predict(request, call)
  }
}

function joined(requests: readonly InferenceRequest[]): InferenceRequest {
  return {
    inputs: requests[0]!.inputs.map(
      ({ name }, place): NamedTensor => ({
        name,
        tensor: concatRows(requests.map(({ inputs }) => inputs[place]!.tensor)),
      }),
    ),
  }
}

const TOOK_TOO_LONG = 'it took too long to try its rows together'
const repeats = 3
const mostRows = 128
const mostBytes = 64 * 2 ** 20
const longestRunMs = 100
/** A doubling that does not make a row cheaper by that much ends the search. */
const noCheaper = 0.97
