/**
 * The values of a run for one set of input shapes, kept from run to run over memory of our own:
 * inputs are copied in, outputs are copied out. For a model of twenty inputs that takes half the
 * time of values made for each run.
 *
 * All bindings of the process lie in the same memory, `environment.scratch`, since they are used by
 * one thread, one at a time.
 */
import type { TensorSpec } from '../../signature.ts'
import {
  bytesOf,
  type FixedTensor,
  layoutOf,
  type NamedTensor,
  type Shape,
} from '../../tensor/index.ts'
import type { Environment } from './environment.ts'
import { pinned } from './pinned.ts'
import { nativeValueOf, tensorOf } from './values.ts'

export class Binding {
  readonly inputValues: BigUint64Array
  /** Zero where the library makes the output. */
  readonly outputValues: BigUint64Array
  readonly #environment: Environment
  readonly #specs: readonly TensorSpec[]
  readonly #inputs: readonly FixedTensor[]
  /** Where outputs are written, if not by the library to memory of its own. */
  readonly #outputs: (FixedTensor | undefined)[]
  /** Those of them that no run was seen to write. */
  #unproven: readonly FixedTensor[] = []
  #outputsKnown = false
  #bytesUsed = 0

  /** For inputs of these shapes, which there is room for (`fits`), and all outputs. */
  constructor(
    environment: Environment,
    inputs: readonly FixedTensor[],
    outputs: readonly TensorSpec[],
  ) {
    this.#environment = environment
    this.#specs = outputs
    this.inputValues = pinned(new BigUint64Array(inputs.length))
    this.outputValues = pinned(new BigUint64Array(outputs.length))
    this.#outputs = outputs.map(() => undefined)
    try {
      this.#inputs = inputs.map((input, index) => this.#bind(input, this.inputValues, index))
    } catch (thrown) {
      this.release()
      throw thrown
    }
  }

  static fits({ scratch }: Environment, tensors: readonly FixedTensor[]): boolean {
    return tensors.reduce((sum, tensor) => sum + roomFor(tensor), 0) <= scratch.byteLength
  }

  /** They have its shapes, and as many elements as these say. */
  isFor(inputs: readonly NamedTensor[]): boolean {
    for (let index = 0; index < this.#inputs.length; index++) {
      const { shape, data } = inputs[index]!.tensor
      const own = this.#inputs[index]!
      if (data.length !== own.data.length || !sameShape(shape, own.shape)) return false
    }
    return true
  }

  /** `bindOutputs` was called. */
  get outputsKnown(): boolean {
    return this.#outputsKnown
  }

  /** Shapes of the outputs that are written to memory of our own, by their place in the signature. */
  get boundOutputs(): ReadonlyMap<number, Shape> {
    return new Map(
      this.#outputs.flatMap((output, index) =>
        output === undefined ? [] : [[index, output.shape] as const],
      ),
    )
  }

  /** Before each run. */
  fill(inputs: readonly NamedTensor[]): void {
    for (let index = 0; index < inputs.length; index++) {
      this.#inputs[index]!.data.set(inputs[index]!.tensor.data as never)
    }
    for (const output of this.#unproven) bytesOf(output).fill(unwritten)
  }

  /** What the run made, as copies; undefined where it did not write what it was to write. */
  take(): readonly NamedTensor[] | undefined {
    try {
      const isUnwritten = (output: FixedTensor) =>
        bytesOf(output).every((byte) => byte === unwritten)
      if (this.#unproven.some(isUnwritten)) return undefined
      this.#unproven = []
      return this.#specs.map(({ name }, index) => ({ name, tensor: this.#copyOf(index) }))
    } finally {
      this.#releaseMade()
    }
  }

  /**
   * From the next run on these outputs are written to memory of our own, where there is room. The
   * library refuses to write one of another shape.
   */
  bindOutputs(like: ReadonlyMap<number, FixedTensor>): void {
    this.#outputsKnown = true
    for (const [index, tensor] of like) {
      const isRoom = this.#bytesUsed + roomFor(tensor) <= this.#environment.scratch.byteLength
      if (!isRoom || tensor.data.length === 0) continue
      this.#outputs[index] = this.#bind(tensor, this.outputValues, index)
    }
    this.#unproven = this.#outputs.filter((output) => output !== undefined)
  }

  release(): void {
    for (const value of [...this.inputValues, ...this.outputValues]) {
      if (value !== 0n) this.#environment.release('value', value)
    }
  }

  #copyOf(index: number) {
    const bound = this.#outputs[index]
    if (bound === undefined) {
      const { datatype } = this.#specs[index]!
      return tensorOf(this.#environment, this.outputValues[index]!, datatype)
    }
    return { datatype: bound.datatype, shape: bound.shape, data: bound.data.slice() }
  }

  /** Outputs that the library made. */
  #releaseMade(): void {
    for (let index = 0; index < this.#outputs.length; index++) {
      const value = this.outputValues[index]!
      if (value === 0n || this.#outputs[index] !== undefined) continue
      this.#environment.ledger.made('value')
      this.#environment.release('value', value)
      this.outputValues[index] = 0n
    }
  }

  #bind(
    { datatype, shape, data }: FixedTensor,
    values: BigUint64Array,
    index: number,
  ): FixedTensor {
    const { buffer, byteOffset } = this.#environment.scratch
    const own = layoutOf(datatype).view(buffer, byteOffset + this.#bytesUsed, data.length)
    const tensor = { datatype, shape, data: own }
    values[index] = nativeValueOf(this.#environment, { name: '', tensor })
    this.#bytesUsed += roomFor(tensor)
    return tensor
  }
}

export function sameShape(one: Shape, other: Shape): boolean {
  if (one.length !== other.length) return false
  for (let axis = 0; axis < one.length; axis++) if (one[axis] !== other[axis]) return false
  return true
}

/** So that each is aligned, and none shares a cache line with another. */
const roomFor = ({ data }: FixedTensor): number => Math.ceil(data.byteLength / 64) * 64

/** No output is likely to be made of nothing else. */
const unwritten = 0xa5
