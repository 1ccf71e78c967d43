/** With what the state of a sequence begins. */
import { ServingError } from '../errors.ts'
import type { TensorSpec } from '../signature.ts'
import {
  type Datatype,
  dynamic,
  emptyData,
  formatShape,
  layoutOf,
  type Shape,
  type Tensor,
  tensorFromBytes,
} from '../tensor/index.ts'
import { contradiction, elementOf, mayBe } from './agree.ts'
import type { SequencesConfig } from './plan.ts'

export interface InitialState {
  readonly model: string
  readonly state: TensorSpec
  readonly batched: boolean
  readonly told: SequencesConfig['state'][number]
  /** By name. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/**
 * One row. Zeros where nothing is said; an axis of any size has one place then, as Triton has it.
 * Fails with MODEL_UNSUPPORTED.
 */
export function initialState({ model, state, batched, told, files }: InitialState): Tensor {
  const { datatype } = state
  const declared = state.shape.slice(batched ? 1 : 0)
  const { shape, value, file } = told.initial
  const who = `model '${model}', initial state '${told.input}'`
  const ofOne = shape ?? (told.shape ?? declared).map((size, axis) => fixed(size, declared[axis]!))
  if (!mayBe(ofOne, declared) || ofOne.includes(dynamic)) {
    throw contradiction(
      `${who} has shape ${formatShape(ofOne)}, the model takes ${formatShape(declared)}`,
    )
  }
  const whole = batched ? [1, ...ofOne] : ofOne
  if (file === undefined) return filled(who, datatype, whole, value)
  const bytes = files.get(file)
  if (bytes === undefined) throw contradiction(`${who}: the file "${file}" was not read`)
  try {
    return tensorFromBytes(told.input, datatype, whole, needed(datatype, whole, bytes))
  } catch (thrown) {
    throw contradiction(`${who}: the file "${file}": ${ServingError.from(thrown).message}`)
  }
}

/** What is in a file beyond the state is not looked at, as in Triton. */
function needed(datatype: Datatype, shape: Shape, bytes: Uint8Array): Uint8Array {
  if (datatype === 'BYTES') return bytes
  return bytes.subarray(0, countOf(shape) * layoutOf(datatype).size)
}

const fixed = (told: number, declared: number): number =>
  told !== dynamic ? told : declared !== dynamic ? declared : 1

function filled(who: string, datatype: Datatype, shape: Shape, value: number): Tensor {
  if (datatype === 'BYTES' || value === 0) return zeros(datatype, shape)
  const data = emptyData(datatype, countOf(shape))
  data.fill(elementOf(who, datatype, value) as never)
  return { datatype, shape, data }
}

/** Zeros, or empty strings. */
export function zeros(datatype: Datatype, shape: Shape): Tensor {
  const count = countOf(shape)
  if (datatype !== 'BYTES') return { datatype, shape, data: emptyData(datatype, count) }
  return { datatype, shape, data: new Array<Uint8Array>(count).fill(new Uint8Array(0)) }
}

const countOf = (shape: Shape): number => shape.reduce((count, size) => count * size, 1)
