/** The bindings of the shapes that a session was lately run with on one thread. */
import type { InputSpec, Signature } from '../../signature.ts'
import type { FixedTensor, NamedTensor } from '../../tensor/index.ts'
import { Binding, sameShape } from './binding.ts'
import type { Environment } from './environment.ts'

export interface RecentBindingsOptions {
  readonly environment: Environment
  readonly signature: Signature
  /** Every run takes the same way through the graph. */
  readonly straight: boolean
}

export class RecentBindings {
  readonly #environment: Environment
  readonly #signature: Signature
  readonly #most: number
  /** Outputs that may be written to memory of our own, by their place in the signature. */
  readonly #bindable: Set<number>
  /** By what their shapes come down to, the one used longest ago first. */
  readonly #bindings = new Map<number, Binding>()

  constructor({ environment, signature, straight }: RecentBindingsOptions) {
    const { inputs, outputs } = signature
    this.#environment = environment
    this.#signature = signature
    this.#most = Math.min(32, Math.ceil(mostValues / (inputs.length + outputs.length)))
    this.#bindable = new Set(
      outputs.flatMap(({ datatype }, index) => (straight && datatype !== 'BYTES' ? [index] : [])),
    )
  }

  /** Undefined where inputs are left out, hold strings, or are large. */
  for(inputs: readonly NamedTensor[]): Binding | undefined {
    if (!areUsual(inputs, this.#signature.inputs)) return undefined
    const key = keyOf(inputs)
    const found = this.#bindings.get(key)
    if (found === undefined || !found.isFor(inputs)) return this.#make(key, inputs)
    this.#bindings.delete(key)
    this.#bindings.set(key, found)
    return found
  }

  /** What the first run with a binding has made. */
  learn(binding: Binding, outputs: readonly NamedTensor[]): void {
    const like = [...this.#bindable].map(
      (index) => [index, outputs[index]!.tensor as FixedTensor] as const,
    )
    binding.bindOutputs(new Map(like))
  }

  /** A binding that did not work out, where values made for the same inputs alone gave `outputs`. */
  unlearn(binding: Binding, outputs: readonly NamedTensor[]): void {
    const bound = [...binding.boundOutputs]
    const other = bound.filter(([index, shape]) => !sameShape(shape, outputs[index]!.tensor.shape))
    for (const [index] of other.length > 0 ? other : bound) this.#bindable.delete(index)
  }

  forget(binding: Binding): void {
    const key = [...this.#bindings].find(([, each]) => each === binding)?.[0]
    if (key !== undefined) this.#remove(key)
  }

  dispose(): void {
    for (const key of [...this.#bindings.keys()]) this.#remove(key)
  }

  #make(key: number, inputs: readonly NamedTensor[]): Binding | undefined {
    const tensors = inputs.map(({ tensor }) => tensor as FixedTensor)
    if (!tensors.every(isWhole) || !Binding.fits(this.#environment, tensors)) return undefined
    this.#remove(key)
    const [oldest] = this.#bindings.keys()
    if (this.#bindings.size === this.#most && oldest !== undefined) this.#remove(oldest)
    const binding = new Binding(this.#environment, tensors, this.#signature.outputs)
    this.#bindings.set(key, binding)
    return binding
  }

  #remove(key: number): void {
    this.#bindings.get(key)?.release()
    this.#bindings.delete(key)
  }
}

/** A value takes half a kilobyte, with what belongs to it. */
const mostValues = 256

function areUsual(inputs: readonly NamedTensor[], specs: readonly InputSpec[]): boolean {
  if (inputs.length !== specs.length) return false
  for (let index = 0; index < specs.length; index++) {
    const { name, tensor } = inputs[index]!
    const spec = specs[index]!
    if (name !== spec.name || tensor.datatype !== spec.datatype) return false
    if (tensor.datatype === 'BYTES') return false
  }
  return true
}

/** One number for all shapes; others may have the same. */
function keyOf(inputs: readonly NamedTensor[]): number {
  let key = 0
  for (let index = 0; index < inputs.length; index++) {
    for (const size of inputs[index]!.tensor.shape) key = (Math.imul(key, 31) + size) | 0
  }
  return key
}

/** The library tells what is wrong of one that is not. */
const isWhole = ({ shape, data }: FixedTensor): boolean =>
  data.length > 0 && data.length === shape.reduce((product, size) => product * size, 1)
