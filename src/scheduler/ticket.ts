/** A request that was let in: it waits for its run and is answered once, whatever happens first. */
import type { Call } from '../call.ts'
import type { ServingError } from '../errors.ts'
import type { InferenceRequest, InferenceResponse } from '../predictor.ts'
import type { Waiting } from './waiting.ts'

export interface TicketFacts
  extends Pick<Waiting, 'rows' | 'bytes' | 'shape' | 'uneven' | 'level'> {
  readonly arrived: number
  readonly answerBy: number
  readonly beginBy: number
  readonly delayable: boolean
}

export class Ticket implements Waiting {
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
  settled = false
  readonly #resolve: (response: InferenceResponse) => void
  readonly #reject: (why: ServingError) => void
  #stopListening: () => void = nothing

  constructor(
    request: InferenceRequest,
    call: Call,
    facts: TicketFacts,
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
    if (this.settled) return
    this.settled = true
    this.#stopListening()
    this.#resolve(response)
  }

  reject(why: ServingError): void {
    if (this.settled) return
    this.settled = true
    this.#stopListening()
    this.#reject(why)
  }
}

const nothing = () => {}
