/** A version held by an ONNX Runtime session: one copy of its weights, any number of runs at once. */
import type { Call } from '../../call.ts'
import { fail, type ServingError } from '../../errors.ts'
import type { LoadedFile } from '../../model-source.ts'
import type { Signature } from '../../signature.ts'
import type { Datatype, NamedTensor } from '../../tensor/index.ts'
import type { Executable, RunRequest, RunResult } from '../runtime.ts'
import { failureOf, type OrtFailure, type Pointer } from './c-api.ts'
import type { Environment } from './environment.ts'
import { inFewWords } from './library-words.ts'
import type { LoadedModel } from './load-job.ts'
import { StringArray } from './native-strings.ts'
import { pinned } from './pinned.ts'
import type { RunThreads } from './run-threads.ts'
import { nativeValueOf, tensorOf } from './values.ts'

export interface OnnxExecutableOptions {
  readonly environment: Environment
  readonly threads: RunThreads
  /** Its session is owned from here on. */
  readonly model: LoadedModel
}

export class OnnxExecutable implements Executable {
  readonly platform = 'onnxruntime_onnx'
  readonly signature: Signature
  readonly provider: string
  readonly files: readonly LoadedFile[]
  readonly memoryBytes: number
  readonly warnings: readonly string[]
  readonly #environment: Environment
  readonly #threads: RunThreads
  readonly #session: Pointer
  readonly #inputNames: NameLists
  readonly #outputNames: NameLists
  readonly #outputTypes: ReadonlyMap<string, Datatype>

  constructor({ environment, threads, model }: OnnxExecutableOptions) {
    this.signature = model.signature
    this.provider = model.provider
    this.files = model.files
    this.memoryBytes = model.memoryBytes
    this.warnings = model.warnings
    this.#environment = environment
    this.#threads = threads
    this.#session = model.session
    this.#inputNames = new NameLists(this.signature.inputs.map(({ name }) => name))
    this.#outputNames = new NameLists(this.signature.outputs.map(({ name }) => name))
    this.#outputTypes = new Map(
      this.signature.outputs.map(({ name, datatype }) => [name, datatype]),
    )
  }

  async run({ inputs, outputs }: RunRequest, call: Call, thread: number): Promise<RunResult> {
    const handingOver = performance.now()
    const inputValues = this.#valuesOf(inputs)
    const outputValues = pinned(new BigUint64Array(outputs.length))
    try {
      const job = {
        session: this.#session,
        inputNames: this.#inputNames.of(inputs.map(({ name }) => name)),
        inputValues,
        inputs,
        outputNames: this.#outputNames.of(outputs),
        outputValues,
      }
      const started = this.#threads.start(job, thread)
      const inputMs = performance.now() - handingOver
      const stopListening = call.onEnd(() => started.stop())
      const { status, runMs } = await started.ended
      stopListening()
      if (status !== 0n) {
        const failure = failureOf(this.#environment.api, status) // releases the status
        throw call.ended ?? runFailure(failure)
      }
      const taking = performance.now()
      const tensors = outputs.map((name, index) => this.#take(name, outputValues[index]!))
      return { outputs: tensors, inputMs, runMs, outputMs: performance.now() - taking }
    } finally {
      for (const value of inputValues) this.#environment.release('value', value)
      for (const value of outputValues) {
        if (value === 0n) continue
        this.#environment.ledger.made('value') // by the run
        this.#environment.release('value', value)
      }
    }
  }

  dispose(): Promise<void> {
    return this.#environment.releaseSession(this.#session, this.memoryBytes)
  }

  #valuesOf(inputs: readonly NamedTensor[]): BigUint64Array {
    const values = pinned(new BigUint64Array(inputs.length))
    try {
      inputs.forEach((input, index) => {
        values[index] = nativeValueOf(this.#environment, input)
      })
    } catch (thrown) {
      for (const value of values) if (value !== 0n) this.#environment.release('value', value)
      throw thrown
    }
    return values
  }

  #take(name: string, value: Pointer): NamedTensor {
    return { name, tensor: tensorOf(this.#environment, value, this.#outputTypes.get(name)!) }
  }
}

/** Lists of names as the library takes them; the whole list, which most requests want, is kept. */
class NameLists {
  readonly #all: readonly string[]
  readonly #native: StringArray

  constructor(all: readonly string[]) {
    this.#all = all
    this.#native = new StringArray(all)
  }

  of(names: readonly string[]): StringArray {
    const isAll =
      names.length === this.#all.length && names.every((name, index) => name === this.#all[index])
    return isAll ? this.#native : new StringArray(names)
  }
}

/** The library tells by its code whether the input was to blame. Its words are for the log only. */
function runFailure(failure: OrtFailure): ServingError {
  return failure.code === invalidArgument
    ? fail('RUN_REFUSED', { problem: inFewWords(failure.message) }, failure)
    : fail('RUN_FAILED', {}, failure)
}

const invalidArgument = 2
