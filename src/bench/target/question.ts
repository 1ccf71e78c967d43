/** What is asked: tensors, or a body that somebody wrote. */
import type { InputSpec } from '../../signature.ts'
import type { NamedTensor } from '../../tensor/index.ts'

export interface Question {
  readonly inputs: readonly NamedTensor[]
  /** The body in which they came, and whose it is; it is sent as it is where it can be. */
  readonly body?: { readonly form: BodyForm; readonly text: string }
  readonly rows: number
}

/** `{"features": …}` and `{"inputs": {…}}`, or the Open Inference Protocol's `{"inputs": [{…}]}`. */
export type BodyForm = 'plain' | 'oip'

/** What is known of a model before it is asked. */
export interface ModelDescription {
  readonly name: string
  /** Undefined where the server chooses. */
  readonly version: string | undefined
  /** Empty where the server does not tell. */
  readonly inputs: readonly InputSpec[]
}
