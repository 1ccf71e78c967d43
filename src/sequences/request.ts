/** One request of a sequence, from its coming to its one answer. */
import type { Call, SequencePlace } from '../call.ts'
import type { ServingError } from '../errors.ts'
import type { InferenceRequest, InferenceResponse } from '../predictor.ts'
import type { Sequence } from './sequence.ts'

export interface RequestFacts {
  readonly sequence: Sequence
  readonly request: InferenceRequest
  readonly call: Call
  readonly place: SequencePlace
  /** Greater than that of every request before. */
  readonly order: number
  /** A moment of the clock. */
  readonly arrived: number
  readonly bytes: number
  /** The same for requests whose inputs may be rows of one run. */
  readonly shapes: string
}

export class SequenceRequest {
  readonly sequence: Sequence
  readonly request: InferenceRequest
  readonly call: Call
  readonly place: SequencePlace
  readonly order: number
  readonly arrived: number
  readonly bytes: number
  readonly shapes: string
  /** What would start the sequence anew after it was lost: whatever becomes of it, it is the last. */
  cut = false
  /** To be run with no other, since a run of it with others has failed. */
  alone = false
  #settled = false
  readonly #resolve: (response: InferenceResponse) => void
  readonly #reject: (why: ServingError) => void
  /** What is not to happen any more once it is settled. */
  readonly #watches: (() => void)[] = []

  constructor(
    facts: RequestFacts,
    resolve: (response: InferenceResponse) => void,
    reject: (why: ServingError) => void,
  ) {
    this.sequence = facts.sequence
    this.request = facts.request
    this.call = facts.call
    this.place = facts.place
    this.order = facts.order
    this.arrived = facts.arrived
    this.bytes = facts.bytes
    this.shapes = facts.shapes
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Answered or refused: nobody waits for it any more. */
  get settled(): boolean {
    return this.#settled
  }

  /** `stop` is called when it is settled. */
  until(stop: () => void): void {
    if (this.#settled) stop()
    else this.#watches.push(stop)
  }

  answer(response: InferenceResponse): void {
    if (this.#settle()) this.#resolve(response)
  }

  refuse(why: ServingError): void {
    if (this.#settle()) this.#reject(why)
  }

  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    for (const stop of this.#watches.splice(0)) stop()
    return true
  }
}
