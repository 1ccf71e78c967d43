/**
 * A model whose threads take simulated time, for tests: each computes what it was given one after the
 * other, a run takes `fixedMs + perRowMs * rows`, and the output `y` is the input `x`.
 */
import type { Call } from '../call.ts'
import type { HandClock } from '../clock.ts'
import { fail } from '../errors.ts'
import type { Executable, RunRequest, RunResult } from '../runtime/index.ts'
import type { Signature } from '../signature.ts'
import type { NamedTensor } from '../tensor/index.ts'

export interface SimulatedModelOptions {
  readonly clock: HandClock
  readonly threads: number
  readonly fixedMs: number
  readonly perRowMs: number
  /** What the model does not like: a run that holds it fails. */
  readonly poison: (value: number) => boolean
  /** What it never comes back from, unless it is stopped. */
  readonly endless: (value: number) => boolean
}

export interface SimulatedRun {
  readonly values: readonly number[]
  readonly width: number
  readonly thread: number
  readonly at: number
  outcome: 'open' | 'gave' | 'failed'
}

export class SimulatedModel implements Executable {
  readonly signature: Signature = {
    inputs: [{ name: 'x', datatype: 'INT32', shape: [-1, -1], axes: ['batch', undefined] }],
    outputs: [{ name: 'y', datatype: 'INT32', shape: [-1, -1], axes: ['batch', undefined] }],
  }
  readonly platform = 'simulated'
  readonly provider = 'simulated'
  readonly files = []
  readonly memoryBytes = 0
  readonly warnings = []
  /** Every run that was handed over. */
  readonly runs: SimulatedRun[] = []
  readonly #options: SimulatedModelOptions
  /** When each thread has done what it was given; Infinity behind a run that does not end. */
  readonly #behind: Promise<void>[]

  constructor(options: SimulatedModelOptions) {
    this.#options = options
    this.#behind = Array.from({ length: options.threads }, () => Promise.resolve())
  }

  run({ inputs }: RunRequest, call: Call, thread: number): Promise<RunResult> {
    const input = inputs[0]!
    const values = Array.from(input.tensor.data as Int32Array)
    const width = input.tensor.shape[1]!
    const { clock } = this.#options
    const run: SimulatedRun = { values, width, thread, at: clock.now(), outcome: 'open' }
    this.runs.push(run)
    const result = this.#behind[thread]!.then(() => this.#compute(run, call, input))
    this.#behind[thread] = result.then(
      () => {
        run.outcome = 'gave'
      },
      () => {
        run.outcome = 'failed'
      },
    )
    return result
  }

  async dispose(): Promise<void> {}

  async #compute(run: SimulatedRun, call: Call, input: NamedTensor): Promise<RunResult> {
    const { clock, fixedMs, perRowMs, poison, endless } = this.#options
    const rows = run.values.length / run.width
    const ms = run.values.some(endless) ? Infinity : fixedMs + perRowMs * rows
    const began = clock.now()
    if (call.ended === undefined) {
      await new Promise<void>((resolve) => {
        const callOff = ms === Infinity ? () => {} : clock.wakeAt(began + ms, resolve)
        call.onEnd(() => {
          callOff()
          resolve()
        })
      })
    }
    if (call.ended !== undefined) throw call.ended
    if (run.values.some(poison)) throw fail('RUN_REFUSED', { problem: 'poison' })
    const runMs = clock.now() - began
    return { outputs: [{ ...input, name: 'y' }], inputMs: 0, runMs, outputMs: 0 }
  }
}
