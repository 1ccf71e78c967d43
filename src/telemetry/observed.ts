/** A Predictor that tells of every request it answers. */
import type { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import { type ErrorCode, ServingError } from '../errors.ts'
import type { Events } from '../events.ts'
import {
  type InferenceRequest,
  type InferenceResponse,
  type Predictor,
  rowsOf,
  type Timing,
} from '../predictor.ts'
import { InFlight } from './in-flight.ts'

export interface Observation {
  readonly model: string
  readonly version: string
  readonly events: Events
  readonly clock: Clock
}

/** Tells of a request that was refused before it reached the predictor. */
export function refusals({ model, version, events }: Observation): (error: ServingError) => void {
  const nothing = { rows: 0, durationMs: 0, timing: undefined }
  return ({ code }) => events.emit({ kind: 'request', model, version, error: code, ...nothing })
}

/**
 * One `request` event for each `predict`, and one for each stream when it ends: by itself, by an
 * error, or because nobody reads on, which counts as cancelled. A stream lasts as long as its
 * reader takes; its timing is the sum over its answers.
 */
export function observed(predictor: Predictor, observation: Observation): Predictor {
  const { model, version, events, clock } = observation
  const inFlight = new InFlight(clock.now())
  events.emit({ kind: 'watched', model, version, inFlight })
  return {
    signature: predictor.signature,

    async predict(request, call) {
      const began = clock.now()
      inFlight.begin(began)
      try {
        const response = await predictor.predict(request, call)
        tell(request, began, undefined, response.timing, response.cached)
        return response
      } catch (thrown) {
        tell(request, began, ServingError.from(thrown).code, undefined)
        throw thrown
      }
    },

    async *stream(request, call) {
      const began = clock.now()
      inFlight.begin(began)
      let timing: Timing | undefined
      let error: ErrorCode | undefined = 'cancelled'
      try {
        for await (const response of predictor.stream(request, call)) {
          timing = sum(timing, response.timing)
          yield response
        }
        error = undefined
      } catch (thrown) {
        error = ServingError.from(thrown).code
        throw thrown
      } finally {
        tell(request, began, error === 'cancelled' ? whyEnded(call) : error, timing)
      }
    },
  }

  function tell(
    request: InferenceRequest,
    began: number,
    error: ErrorCode | undefined,
    timing: InferenceResponse['timing'] | undefined,
    cached = false,
  ): void {
    const now = clock.now()
    inFlight.end(now)
    const durationMs = now - began
    const rows = rowsOf(request)
    const told = { kind: 'request', model, version, error, rows, durationMs, timing } as const
    events.emit(cached ? { ...told, cached } : told)
  }
}

const whyEnded = (call: Call): ErrorCode => call.ended?.code ?? 'cancelled'

function sum(a: Timing | undefined, b: Timing): Timing {
  if (a === undefined) return b
  return {
    queueMs: a.queueMs + b.queueMs,
    inputMs: a.inputMs + b.inputMs,
    runMs: a.runMs + b.runMs,
    outputMs: a.outputMs + b.outputMs,
  }
}
