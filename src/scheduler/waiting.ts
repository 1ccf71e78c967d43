/** A request that waits for its run, and the promise of its answer. */
import type { Call } from '../call.ts'
import type { ServingError } from '../errors.ts'
import type { InferenceRequest, InferenceResponse } from '../predictor.ts'

export interface Waiting {
  readonly request: InferenceRequest
  readonly call: Call
  readonly rows: number
  /** Memory of its inputs. */
  readonly bytes: number
  /** Only requests of one shape share a run. */
  readonly shape: string
  /** Its inputs have different numbers of rows, so that it shares no run at all. */
  readonly uneven: boolean
  /** 1 is served first. */
  readonly level: number
  /** Moments of the clock, in milliseconds. */
  readonly arrived: number
  /** When it should be answered: later is as good as never. */
  readonly answerBy: number
  /** When it must have begun. */
  readonly beginBy: number
  /** Whether it goes on waiting after that, behind all others of its level. */
  readonly delayable: boolean
  resolve(response: InferenceResponse): void
  /** The first outcome counts. */
  reject(why: ServingError): void
  /** Answered, or given up. */
  settled: boolean
}
