/** The native values of one run: made for its inputs, taken from what it made, released after it. */
import type { Datatype, NamedTensor } from '../../tensor/index.ts'
import type { Environment } from './environment.ts'
import { pinned } from './pinned.ts'
import { nativeValueOf, tensorOf } from './values.ts'

export class RunValues {
  readonly inputs: BigUint64Array
  /** Zeroes; the library writes what it made. */
  readonly outputs: BigUint64Array
  readonly #environment: Environment

  /** The tensors must stay referenced and unchanged until the run has ended. */
  constructor(environment: Environment, inputs: readonly NamedTensor[], outputs: number) {
    this.#environment = environment
    this.inputs = pinned(new BigUint64Array(inputs.length))
    this.outputs = pinned(new BigUint64Array(outputs))
    try {
      inputs.forEach((input, index) => {
        this.inputs[index] = nativeValueOf(environment, input)
      })
    } catch (thrown) {
      this.release()
      throw thrown
    }
  }

  /** What the run made, as copies. */
  take(names: readonly string[], datatypes: ReadonlyMap<string, Datatype>): readonly NamedTensor[] {
    return names.map((name, index) => ({
      name,
      tensor: tensorOf(this.#environment, this.outputs[index]!, datatypes.get(name)!),
    }))
  }

  release(): void {
    for (const value of this.inputs) if (value !== 0n) this.#environment.release('value', value)
    for (const value of this.outputs) {
      if (value === 0n) continue
      this.#environment.ledger.made('value') // by the run
      this.#environment.release('value', value)
    }
  }
}
