/** Runs of one session on the calling thread, one at a time. */
import type { ServingError } from '../../errors.ts'
import type { Signature } from '../../signature.ts'
import type { Datatype } from '../../tensor/index.ts'
import type { RunRequest, RunResult } from '../runtime.ts'
import type { Binding } from './binding.ts'
import type { Pointer } from './c-api.ts'
import type { Environment } from './environment.ts'
import type { NameLists } from './name-lists.ts'
import type { StringArray } from './native-strings.ts'
import { RecentBindings } from './recent-bindings.ts'
import { runFailure } from './run-failure.ts'
import { RunValues } from './run-values.ts'

export interface LoopRunsOptions {
  readonly environment: Environment
  readonly session: Pointer
  readonly signature: Signature
  readonly inputNames: NameLists
  readonly outputNames: NameLists
  /** Every run takes the same way through the graph. */
  readonly straight: boolean
}

export class LoopRuns {
  readonly #environment: Environment
  readonly #session: Pointer
  readonly #inputNames: NameLists
  readonly #outputNames: NameLists
  readonly #outputTypes: ReadonlyMap<string, Datatype>
  readonly #recent: RecentBindings

  constructor(options: LoopRunsOptions) {
    const { environment, session, signature, inputNames, outputNames } = options
    this.#environment = environment
    this.#session = session
    this.#inputNames = inputNames
    this.#outputNames = outputNames
    this.#outputTypes = new Map(signature.outputs.map(({ name, datatype }) => [name, datatype]))
    this.#recent = new RecentBindings(options)
  }

  run(request: RunRequest): RunResult {
    const binding = this.#outputNames.isAll(request.outputs)
      ? this.#recent.for(request.inputs)
      : undefined
    return binding === undefined ? this.#runOnce(request) : this.#runBound(binding, request)
  }

  dispose(): void {
    this.#recent.dispose()
  }

  /** With values made for it alone. */
  #runOnce({ inputs, outputs }: RunRequest): RunResult {
    const handingOver = performance.now()
    const values = new RunValues(this.#environment, inputs, outputs.length)
    try {
      const running = performance.now()
      const inputNames = this.#inputNames.of(inputs.map(({ name }) => name))
      const status = this.#call(
        inputNames,
        values.inputs,
        this.#outputNames.of(outputs),
        values.outputs,
      )
      if (status !== 0n) throw runFailure(this.#environment.api, status)
      const taking = performance.now()
      return {
        outputs: values.take(outputs, this.#outputTypes),
        inputMs: running - handingOver,
        runMs: taking - running,
        outputMs: performance.now() - taking,
      }
    } finally {
      values.release()
    }
  }

  #runBound(binding: Binding, request: RunRequest): RunResult {
    const handingOver = performance.now()
    binding.fill(request.inputs)
    const running = performance.now()
    const status = this.#call(
      this.#inputNames.all,
      binding.inputValues,
      this.#outputNames.all,
      binding.outputValues,
    )
    const taking = performance.now()
    const failure = status === 0n ? undefined : runFailure(this.#environment.api, status)
    const outputs = failure === undefined ? binding.take() : undefined
    if (outputs === undefined) return this.#runAgain(binding, request, failure)
    if (!binding.outputsKnown) this.#recent.learn(binding, outputs)
    return {
      outputs,
      inputMs: running - handingOver,
      runMs: taking - running,
      outputMs: performance.now() - taking,
    }
  }

  /** Without the binding, whose outputs may have had the wrong shape, or were not written. */
  #runAgain(binding: Binding, request: RunRequest, failure: ServingError | undefined): RunResult {
    this.#recent.forget(binding)
    if (failure !== undefined && binding.boundOutputs.size === 0) throw failure
    const result = this.#runOnce(request)
    this.#recent.unlearn(binding, result.outputs)
    return result
  }

  /** Zero, or the status to read and release. */
  #call(
    inputNames: StringArray,
    inputValues: BigUint64Array,
    outputNames: StringArray,
    outputValues: BigUint64Array,
  ): Pointer {
    const status = this.#environment.api.Run(
      this.#session,
      null,
      inputNames.addresses,
      inputValues,
      inputValues.length,
      outputNames.addresses,
      outputValues.length,
      outputValues,
    )
    return status ?? 0n
  }
}
