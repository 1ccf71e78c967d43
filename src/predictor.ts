/**
 * The one interface: everything that answers a request is a `Predictor`. An executor of a model
 * version, a queue before it, the door that checks requests: each is made of others, so that
 * features compose and none has a flag inside another.
 */
import type { Call } from './call.ts'
import { fail } from './errors.ts'
import type { Signature } from './signature.ts'
import { type NamedTensor, sizeOf } from './tensor/index.ts'

export interface Predictor {
  readonly signature: Signature

  /** Exactly one answer. Refused with MODEL_STREAMS by a model that gives any number of them. */
  predict(request: InferenceRequest, call: Call): Promise<InferenceResponse>

  /**
   * Any number of answers. An early `return()` cancels what is left of the work, and nothing is
   * computed faster than it is asked for.
   */
  stream(request: InferenceRequest, call: Call): AsyncIterable<InferenceResponse>
}

export interface InferenceRequest {
  /** In the order of the signature, once `checked`; in any order before. */
  readonly inputs: readonly NamedTensor[]
  /** The outputs wanted, in this order; all of them if left out. */
  readonly outputs?: readonly string[]
}

/** The first axis of the first input; 1 for a scalar, and where there is no input. */
export const rowsOf = ({ inputs }: InferenceRequest): number => inputs[0]?.tensor.shape[0] ?? 1

/** Memory of the inputs, in bytes. */
export function bytesOf({ inputs }: InferenceRequest): number {
  let bytes = 0
  for (const { tensor } of inputs) bytes += sizeOf(tensor)
  return bytes
}

export interface InferenceResponse {
  /** The model and version that answered. */
  readonly model: string
  readonly version: string
  /** Others may be given the same memory: it is read, and never written to. */
  readonly outputs: readonly NamedTensor[]
  readonly timing: Timing
  /** Whether the model did not run for this request: the answer was kept, or is that of another. */
  readonly cached?: boolean
}

/** Where the time of one answer went, in milliseconds. */
export interface Timing {
  readonly queueMs: number
  readonly inputMs: number
  readonly runMs: number
  readonly outputMs: number
}

/** The `stream` of a Predictor that always gives one answer. */
export async function* streamOfOne(
  predictor: Pick<Predictor, 'predict'>,
  request: InferenceRequest,
  call: Call,
): AsyncGenerator<InferenceResponse> {
  yield await predictor.predict(request, call)
}

/** The `predict` of a Predictor that gives any number of answers. */
export function refusePredict(model: string): Promise<never> {
  return Promise.reject(fail('MODEL_STREAMS', { model }))
}
