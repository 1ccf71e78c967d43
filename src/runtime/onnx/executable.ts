/** A version held by an ONNX Runtime session: one copy of its weights, any number of runs at once. */
import type { Call } from '../../call.ts'
import type { LoadedFile } from '../../model-source.ts'
import type { Signature } from '../../signature.ts'
import type { Datatype } from '../../tensor/index.ts'
import type { Executable, RunRequest, RunResult } from '../runtime.ts'
import type { Pointer } from './c-api.ts'
import type { Environment } from './environment.ts'
import type { LoadedModel } from './load-job.ts'
import { LoopRuns } from './loop-runs.ts'
import { NameLists } from './name-lists.ts'
import { runFailure } from './run-failure.ts'
import type { RunThreads } from './run-threads.ts'
import { RunValues } from './run-values.ts'

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
  readonly rowsDepend?: string
  readonly runNow?: (request: RunRequest) => RunResult
  readonly #environment: Environment
  readonly #threads: RunThreads
  readonly #session: Pointer
  readonly #inputNames: NameLists
  readonly #outputNames: NameLists
  readonly #outputTypes: ReadonlyMap<string, Datatype>
  readonly #loopRuns: LoopRuns

  constructor({ environment, threads, model }: OnnxExecutableOptions) {
    this.signature = model.signature
    this.provider = model.provider
    this.files = model.files
    this.memoryBytes = model.memoryBytes
    this.warnings = model.warnings
    if (model.traits.roundsTogether) {
      this.rowsDepend =
        'its numbers are rounded by what is largest in a run (DynamicQuantizeLinear)'
    }
    this.#environment = environment
    this.#threads = threads
    this.#session = model.session
    const { inputs, outputs } = this.signature
    this.#inputNames = new NameLists(inputs.map(({ name }) => name))
    this.#outputNames = new NameLists(outputs.map(({ name }) => name))
    this.#outputTypes = new Map(outputs.map(({ name, datatype }) => [name, datatype]))
    this.#loopRuns = new LoopRuns({
      environment,
      session: this.#session,
      signature: this.signature,
      inputNames: this.#inputNames,
      outputNames: this.#outputNames,
      straight: model.traits.straight,
    })
    if (model.traits.bounded && model.provider === 'cpu') {
      this.runNow = (request) => this.#loopRuns.run(request)
    }
  }

  async run({ inputs, outputs }: RunRequest, call: Call, thread: number): Promise<RunResult> {
    const handingOver = performance.now()
    const values = new RunValues(this.#environment, inputs, outputs.length)
    try {
      const job = {
        session: this.#session,
        inputNames: this.#inputNames.of(inputs.map(({ name }) => name)),
        inputValues: values.inputs,
        inputs,
        outputNames: this.#outputNames.of(outputs),
        outputValues: values.outputs,
      }
      const started = this.#threads.start(job, thread)
      const inputMs = performance.now() - handingOver
      const stopListening = call.onEnd(() => started.stop())
      const { status, runMs } = await started.ended
      stopListening()
      if (status !== 0n) {
        const failure = runFailure(this.#environment.api, status)
        throw call.ended ?? failure
      }
      const taking = performance.now()
      const tensors = values.take(outputs, this.#outputTypes)
      return { outputs: tensors, inputMs, runMs, outputMs: performance.now() - taking }
    } finally {
      values.release()
    }
  }

  dispose(): Promise<void> {
    this.#loopRuns.dispose()
    return this.#environment.releaseSession(this.#session, this.memoryBytes)
  }
}
