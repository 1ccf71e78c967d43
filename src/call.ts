/**
 * What comes with a request and is not data: who asks, until when, and whether they still do.
 * Calls that one model makes to another inherit it.
 */
import type { Clock } from './clock.ts'
import { fail, type ServingError } from './errors.ts'

export interface CallOptions {
  readonly requestId: string
  /** A moment of the clock. */
  readonly deadline?: number | undefined
  /** W3C trace context, as it came. */
  readonly traceparent?: string | undefined
}

/** What a request says of its place among others. */
export interface Scheduling {
  /** 1 is the most urgent; the model's own default where left out or 0. */
  readonly priority?: number
  /** How long it may wait to be begun, in milliseconds. */
  readonly queueTimeoutMs?: number
  readonly sequence?: SequencePlace
}

/** Requests of one sequence are answered in their order, by one version, with what it remembers. */
export interface SequencePlace {
  readonly id: bigint | string
  readonly start: boolean
  readonly end: boolean
}

export class Call {
  readonly requestId: string
  readonly deadline: number | undefined
  readonly traceparent: string | undefined
  /** Set by the protocol that has read the body, before the model is asked. */
  scheduling: Scheduling = noScheduling
  #ended: ServingError | undefined
  #listeners: ((why: ServingError) => void)[] | undefined

  constructor(options: CallOptions) {
    this.requestId = options.requestId
    this.deadline = options.deadline
    this.traceparent = options.traceparent
  }

  /** Why nobody waits for the answer any more: CANCELLED or DEADLINE_EXCEEDED. */
  get ended(): ServingError | undefined {
    return this.#ended
  }

  /** The first reason stays; whoever listens is told once. */
  end(why: ServingError): void {
    if (this.#ended !== undefined) return
    this.#ended = why
    // one at a time, since a listener may stop another one
    for (;;) {
      const listener = this.#listeners?.shift()
      if (listener === undefined) break
      listener(why)
    }
  }

  cancel(): void {
    this.end(fail('CANCELLED'))
  }

  /** Tells when the call ends, at once if it has. The function returned stops listening. */
  onEnd(listener: (why: ServingError) => void): () => void {
    if (this.#ended !== undefined) {
      listener(this.#ended)
      return () => {}
    }
    this.#listeners ??= []
    const listeners = this.#listeners
    listeners.push(listener)
    return () => {
      const at = listeners.indexOf(listener)
      if (at !== -1) listeners.splice(at, 1)
    }
  }
}

/** What comes of the work, for whoever waits no longer than the call lasts. The work goes on. */
export function whileWaited<T>(work: Promise<T>, call: Call): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopListening = call.onEnd(reject)
    work.then(resolve, reject).finally(stopListening)
  })
}

/** Ends the call when its deadline comes. The function returned calls this off. */
export function watchDeadline(call: Call, clock: Clock): () => void {
  if (call.deadline === undefined) return () => {}
  return clock.wakeAt(call.deadline, () => call.end(fail('DEADLINE_EXCEEDED', { where: 'served' })))
}

const noScheduling: Scheduling = {}
