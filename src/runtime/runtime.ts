/**
 * What executes models of one kind. A new runtime is one folder that passes the contract suite
 * (`contract.ts`).
 *
 * A runtime loads and runs; it does not queue, check requests or know the protocols. Requests
 * reach it checked: all its inputs, in the order of the signature, of the right datatype and shape.
 */
import type { Call } from '../call.ts'
import type { LoadedFile, ModelSource } from '../model-source.ts'
import type { Signature } from '../signature.ts'
import type { NamedTensor } from '../tensor/index.ts'

export interface Runtime {
  /** Runs that compute at once, for all models together. */
  readonly threads: number
  /**
   * Runs that may be handed to each thread at once. More than the one that computes, so that the next
   * starts without asking for it; what was handed over is committed.
   */
  readonly placesPerThread: number

  /**
   * The memory that a version will take once it is loaded, in bytes, as far as its files tell.
   * Fails with MODEL_UNREADABLE where there is no file to look at. `giveUp` as for `load`: a disk may
   * keep it waiting.
   */
  estimate(source: ModelSource, giveUp?: AbortSignal): Promise<number>

  /**
   * Fails with MODEL_UNREADABLE, MODEL_UNSUPPORTED or DIGEST_MISMATCH. Does not block the event loop.
   * When `giveUp` is aborted, rejects with its reason at once, whatever native code is doing; what
   * comes of it later is released.
   */
  load(source: ModelSource, giveUp?: AbortSignal): Promise<Executable>

  /** After every executable is disposed of. Waits for native work to end. */
  close(): Promise<void>
}

/** A version in memory. */
export interface Executable {
  readonly signature: Signature
  /** In the words of Triton: `onnxruntime_onnx`. */
  readonly platform: string
  /** The execution provider in use. */
  readonly provider: string
  /** What was read, with the digests of the bytes that were used. */
  readonly files: readonly LoadedFile[]
  /** The memory it takes, in bytes, as far as is known. */
  readonly memoryBytes: number
  /** What the operator should know although the model loaded. */
  readonly warnings: readonly string[]
  /** Why the answer to a row depends on the other rows of its run, where it is known to. */
  readonly rowsDepend?: string

  /**
   * One run. Settles when the run has ended and its inputs' memory is free again, also when the
   * call ended before: a run under way is then stopped as soon as the runtime can. Runs that are
   * handed to one thread (below `Runtime.threads`) compute one after the other.
   */
  run(request: RunRequest, call: Call, thread: number): Promise<RunResult>

  /**
   * One run on the calling thread, which it holds up. Left out where a run may take long whatever it
   * is given (loops, operators of others), or would be no cheaper here.
   */
  runNow?(request: RunRequest): RunResult

  /** For models that give any number of answers (`signature.streams`). */
  stream?(request: RunRequest, call: Call): AsyncIterable<RunResult>

  /** Once nothing runs any more. */
  dispose(): Promise<void>
}

export interface RunRequest {
  readonly inputs: readonly NamedTensor[]
  readonly outputs: readonly string[]
}

export interface RunResult {
  /** In the order asked for. */
  readonly outputs: readonly NamedTensor[]
  /** Time to hand the inputs over, to run, and to take the outputs, in milliseconds. */
  readonly inputMs: number
  readonly runMs: number
  readonly outputMs: number
}
