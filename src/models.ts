/** Looking up models: all that a protocol may know of the rooms that load and run them. */
import type { ServingError } from './errors.ts'
import type { Predictor } from './predictor.ts'
import type { Signature } from './signature.ts'

export interface Models {
  /**
   * The version that answers now; without a version, the one the stable pointer names.
   * Fails with MODEL_NOT_FOUND, VERSION_NOT_FOUND or MODEL_NOT_READY.
   */
  find(name: string, version?: string): ServedModel
  /** The model asked when none is named: the only one, or the default. Fails with MODEL_AMBIGUOUS. */
  findDefault(): ServedModel
  /** Every version known, ready or not, in the order of names. */
  list(): readonly ModelStatus[]
  /** Whether requests may be sent: what is wanted has settled, and enough of it is ready. */
  ready(): boolean
}

export interface ServedModel {
  readonly name: string
  readonly version: string
  /** What runs it, in the words of Triton: `onnxruntime_onnx`. */
  readonly platform: string
  /** The execution provider in use. */
  readonly provider: string
  readonly signature: Signature
  readonly predictor: Predictor
  /** Counts a request that was refused before it reached the predictor: its body is no request. */
  refused(error: ServingError): void
}

/**
 * The life of a version.
 * - queued: wanted, not begun · loading: being read · warming: asked for a first answer
 * - ready: takes requests · draining: finishes what it took, takes no more
 * - unloaded: gone, by wish · failed: could not be loaded, `why` tells
 */
export const MODEL_STATES = [
  'queued',
  'loading',
  'warming',
  'ready',
  'draining',
  'unloaded',
  'failed',
] as const
export type ModelState = (typeof MODEL_STATES)[number]

export interface ModelStatus {
  readonly name: string
  readonly version: string
  readonly state: ModelState
  readonly why?: string
  readonly served?: ServedModel
}
