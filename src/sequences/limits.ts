/** What waits and what is kept of sequences, and how much of both there may be. */
import type { Call } from '../call.ts'
import { fail, type ServingError } from '../errors.ts'
import type { Events, WhyShed } from '../events.ts'
import { bytesOf, type InferenceRequest } from '../predictor.ts'
import type { SequenceRequest } from './request.ts'
import type { Sequence } from './sequence.ts'

export interface QueueLimits {
  readonly maxWaiting: number
  readonly maxWaitingBytes: number
  /** How long a request may wait to be begun; Infinity where it does not matter. */
  readonly timeoutMs: number
  readonly maxStateBytes: number
}

export interface LimitsOptions {
  readonly model: string
  readonly version: string
  readonly limits: QueueLimits
  readonly events: Events
}

export class Limits {
  readonly #options: LimitsOptions
  #waiting = 0
  #waitingBytes = 0
  #stateBytes = 0
  #meanRunMs: number | undefined

  constructor(options: LimitsOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#waiting
  }

  get stateBytes(): number {
    return this.#stateBytes
  }

  /** The shorter of what its client and what the model allows. */
  timeoutMs({ scheduling }: Call): number {
    return Math.min(this.#options.limits.timeoutMs, scheduling.queueTimeoutMs || Infinity)
  }

  /** Why no more may wait. `atOnce`: the request would not. */
  refusal(request: InferenceRequest, atOnce: boolean): ServingError | undefined {
    if (atOnce) return undefined
    const { model, limits } = this.#options
    const { maxWaiting, maxWaitingBytes } = limits
    const retry = this.#meanRunMs === undefined ? {} : { retryAfterMs: this.#meanRunMs }
    if (this.#waiting >= maxWaiting) {
      this.shed('full')
      return fail('QUEUE_FULL', { model, limit: maxWaiting, ...retry })
    }
    if (this.#waitingBytes + bytesOf(request) > maxWaitingBytes) {
      this.shed('bytes')
      return fail('QUEUE_BYTES_FULL', { model, limit: maxWaitingBytes, ...retry })
    }
    return undefined
  }

  enter({ bytes }: SequenceRequest): void {
    this.#waiting += 1
    this.#waitingBytes += bytes
  }

  leave({ bytes }: SequenceRequest): void {
    this.#waiting -= 1
    this.#waitingBytes -= bytes
  }

  /** The state of a sequence takes so much from now on; or why it may not. */
  holdState(sequence: Sequence, bytes: number): ServingError | undefined {
    const { model, limits } = this.#options
    const more = bytes - sequence.stateBytes
    if (more > 0 && this.#stateBytes + more > limits.maxStateBytes) {
      this.shed('bytes')
      return fail('SEQUENCE_STATES_FULL', { model, limit: limits.maxStateBytes })
    }
    this.#stateBytes += more
    sequence.stateBytes = bytes
    return undefined
  }

  ran(runMs: number): void {
    const before = this.#meanRunMs
    this.#meanRunMs = before === undefined ? runMs : before + (runMs - before) * 0.1
  }

  shed(why: WhyShed): void {
    const { events, model, version } = this.#options
    events.emit({ kind: 'shed', model, version, why })
  }
}
