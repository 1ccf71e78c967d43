/**
 * A request that was let in: it waits for its run and is answered once, whatever happens first. Moments
 * are those of the clock, in milliseconds.
 */
import type { Call } from '../call.ts'
import type { ServingError } from '../errors.ts'
import type { InferenceRequest, InferenceResponse } from '../predictor.ts'

export interface WaitingFacts {
  readonly rows: number
  /** Memory of its inputs. */
  readonly bytes: number
  /** Only requests of one shape share a run. */
  readonly shape: string
  /** Its inputs have different numbers of rows, so that it shares no run at all. */
  readonly uneven: boolean
  /** 1 is served first. */
  readonly level: number
  readonly arrived: number
  /** When it should be answered: later is as good as never. */
  readonly answerBy: number
  /** When it must have begun. */
  readonly beginBy: number
  /** Whether it goes on waiting after that, behind all others of its level. */
  readonly delayable: boolean
}

export class Waiting implements WaitingFacts {
  readonly request: InferenceRequest
  readonly call: Call
  readonly rows: number
  readonly bytes: number
  readonly shape: string
  readonly uneven: boolean
  readonly level: number
  readonly arrived: number
  readonly answerBy: number
  readonly beginBy: number
  readonly delayable: boolean
  /** When the answer was reckoned to be there as it was let in; undefined where nothing depended on it. */
  reckonedFor: number | undefined
  /** Answered, or given up. */
  settled = false
  readonly #resolve: (response: InferenceResponse) => void
  readonly #reject: (why: ServingError) => void
  #stopListening: () => void = nothing

  constructor(
    request: InferenceRequest,
    call: Call,
    facts: WaitingFacts,
    resolve: (response: InferenceResponse) => void,
    reject: (why: ServingError) => void,
  ) {
    this.request = request
    this.call = call
    this.rows = facts.rows
    this.bytes = facts.bytes
    this.shape = facts.shape
    this.uneven = facts.uneven
    this.level = facts.level
    this.arrived = facts.arrived
    this.answerBy = facts.answerBy
    this.beginBy = facts.beginBy
    this.delayable = facts.delayable
    this.#resolve = resolve
    this.#reject = reject
  }

  /** `onLeft` is told when its client waits no longer, before it was answered. */
  listen(onLeft: () => void): void {
    if (this.settled) return
    this.#stopListening = this.call.onEnd((why) => {
      this.reject(why)
      onLeft()
    })
  }

  resolve(response: InferenceResponse): void {
    if (this.#settle()) this.#resolve(response)
  }

  reject(why: ServingError): void {
    if (this.#settle()) this.#reject(why)
  }

  /** The first outcome counts. */
  #settle(): boolean {
    if (this.settled) return false
    this.settled = true
    this.#stopListening()
    return true
  }
}

const nothing = () => {}
