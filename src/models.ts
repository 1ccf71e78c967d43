/** Looking up models: all that a protocol may know of the rooms that load and run them. */
import type { Call } from './call.ts'
import type { ServingError } from './errors.ts'
import type { LoadedFile } from './model-source.ts'
import type { Predictor } from './predictor.ts'
import type { Signature } from './signature.ts'

export interface Models {
  /**
   * The version that answers now, by its number or a label; without one, the one the stable pointer
   * names. To be asked in the same turn of the event loop: in the next one it may be draining.
   * Fails with MODEL_NOT_FOUND, VERSION_NOT_FOUND or MODEL_NOT_READY.
   */
  find(name: string, version?: string): ServedModel
  /**
   * As `find`, for whoever has a request: where no version answers, one that drains may, which finishes
   * the sequences that are under way in it and refuses whatever else it is asked.
   */
  findToAsk(name: string, version?: string): ServedModel
  /**
   * Resolves at once, but for a model that is loaded when asked: then when it is ready. To be awaited
   * before `find`. Fails as `find` does, and when the call ends.
   */
  wake(name: string, version: string | undefined, call: Call): Promise<void> | undefined
  /** The name asked when none is given: of the only model, or the default. Fails with MODEL_AMBIGUOUS. */
  defaultName(): string
  /** Every version known, ready or not, in the order of names and numbers. */
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
  /** Over the paths and digests of `files`: SHA-256 in hex. */
  readonly digest: string
  /** What was read to load it. */
  readonly files: readonly LoadedFile[]
  /** The memory it takes, in bytes, as far as is known. */
  readonly memoryBytes?: number
  /** Whether requests for it share runs, as far as it is known by now. */
  joining?(): JoiningStatus
  /** Its configuration in the words of Triton, completed from the model's file, as JSON. */
  configuration(): Promise<Readonly<Record<string, unknown>>>
  /** Counts a request that was refused before it reached the predictor: its body is no request. */
  refused(error: ServingError): void
}

export interface JoiningStatus {
  readonly joined: boolean
  /** Why they do not. */
  readonly why?: string | undefined
  /** The most rows that are worth while in one run, for each shape of requests that came. */
  readonly limits: readonly { readonly shape: string; readonly rows: number }[]
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
  /** Empty where the model as a whole has failed and no version of it is known. */
  readonly version: string
  readonly state: ModelState
  /** Why it is in this state; of one that is ready, why its newer files are not served. */
  readonly why?: string
  /** While it takes requests. */
  readonly served?: ServedModel
  /** Whether requests that name no version reach it. */
  readonly stable?: boolean
  readonly labels?: readonly string[]
  /** Not in memory, and loaded for whoever asks it, who waits for that. */
  readonly asleep?: boolean
}
