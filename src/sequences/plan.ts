/**
 * What a model with sequences takes besides the inputs of its clients: controls, which tell it of
 * the place of a request in its sequence, and states, which are kept for it between two requests.
 */
import type { ModelConfig } from '../config/index.ts'
import type { InputSpec, Signature, TensorSpec } from '../signature.ts'
import { type Datatype, dynamic, formatShape, type Shape, type Tensor } from '../tensor/index.ts'
import { contradiction, mayBe } from './agree.ts'
import { type Control, planControls } from './controls.ts'
import { initialState } from './initial-state.ts'
import { isUniform } from './shapes.ts'

export type SequencesConfig = NonNullable<ModelConfig['sequences']>

export interface SequencePlan {
  /** Whether the first axis of every tensor is that of rows, one for each sequence of a run. */
  readonly batched: boolean
  /** The most rows of one run; 1 where there is no axis for them. */
  readonly maxRows: number
  readonly controls: readonly Control[]
  readonly states: readonly State[]
  /** What is left for clients. */
  readonly visible: Signature
  /** Whether any requests may be rows of one run, whatever clients send. */
  readonly uniform: boolean
}

export interface State {
  readonly input: string
  readonly output: string
  readonly datatype: Datatype
  /** As the model declares it, with the axis of rows where there is one. */
  readonly shape: Shape
  /** With what a sequence begins: one row. */
  readonly initial: Tensor
}

export interface Planning {
  readonly model: string
  /** What the model's file says. */
  readonly signature: Signature
  readonly config: SequencesConfig
  /** The files with which states begin, by their names. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** Fails with MODEL_UNSUPPORTED where configuration and file contradict each other. */
export function planSequences({ model, signature, config, files }: Planning): SequencePlan {
  const { inputs, outputs } = signature
  if (signature.streams === true) {
    throw contradiction(`model '${model}' gives any number of answers, which sequences cannot have`)
  }
  const maxBatchSize = config.maxBatchSize ?? (takesRows(signature) ? usualRows : 0)
  const batched = maxBatchSize > 0
  if (batched) checkRows(model, signature)
  const controls = planControls({ model, inputs, config, batched })
  const states = config.state.map((told): State => {
    const taken = inputOf(model, inputs, told.input)
    const given = outputOf(model, outputs, told.output)
    checkState(model, told, taken, given, batched)
    const { datatype, shape } = taken
    const initial = initialState({ model, state: taken, batched, told, files })
    return { input: told.input, output: told.output, datatype, shape, initial }
  })
  checkOnce(
    model,
    [...controls, ...states].map(({ input }) => input),
  )
  checkOnce(
    model,
    states.map(({ output }) => output),
  )

  const taken = new Set([...controls, ...states].map(({ input }) => input))
  const hidden = new Set(config.state.filter((one) => !one.visible).map(({ output }) => output))
  const visible = {
    ...signature,
    inputs: inputs.filter(({ name }) => !taken.has(name)),
    outputs: outputs.filter(({ name }) => !hidden.has(name)),
  }
  if (visible.inputs.length === 0 || visible.outputs.length === 0) {
    throw contradiction(
      `model '${model}' has no ${visible.inputs.length === 0 ? 'input' : 'output'} for clients besides those of its sequences`,
    )
  }
  const plan = { batched, maxRows: Math.max(1, maxBatchSize), controls, states, visible }
  return { ...plan, uniform: isUniform(plan) }
}

/** As Triton takes where it is not told. */
const usualRows = 4

const takesRows = ({ inputs, outputs }: Signature): boolean =>
  [...inputs, ...outputs].every(({ shape }) => shape[0] === dynamic)

function checkRows(model: string, { inputs, outputs }: Signature): void {
  for (const { name, shape } of [...inputs, ...outputs]) {
    if (shape[0] === dynamic) continue
    throw contradiction(
      `model '${model}', tensor '${name}': for the model to support batching the shape should have at least 1 dimension and the first dimension must be -1; but shape expected by the model is ${formatShape(shape)}`,
    )
  }
}

function inputOf(model: string, inputs: readonly InputSpec[], name: string): InputSpec {
  const spec = inputs.find((input) => input.name === name)
  if (spec !== undefined) return spec
  throw contradiction(
    `sequences of model '${model}' have a state in its input '${name}', which the model does not have`,
  )
}

function outputOf(model: string, outputs: readonly TensorSpec[], name: string): TensorSpec {
  const spec = outputs.find((output) => output.name === name)
  if (spec !== undefined) return spec
  throw contradiction(
    `sequences of model '${model}' have a state in its output '${name}', which the model does not have`,
  )
}

function checkState(
  model: string,
  told: SequencesConfig['state'][number],
  { datatype, shape }: TensorSpec,
  given: TensorSpec,
  batched: boolean,
): void {
  const who = `model '${model}', state '${told.input}'`
  if (told.datatype !== undefined && told.datatype !== datatype) {
    throw contradiction(
      `${who}: the model takes ${datatype}, its configuration says ${told.datatype}`,
    )
  }
  if (given.datatype !== datatype) {
    throw contradiction(
      `${who}: the model takes ${datatype}, and gives ${given.datatype} in '${told.output}'`,
    )
  }
  const ofOne = shape.slice(batched ? 1 : 0)
  if (told.shape !== undefined && !mayBe(told.shape, ofOne)) {
    throw contradiction(
      `${who}: the model takes shape ${formatShape(ofOne)}, its configuration says ${formatShape(told.shape)}`,
    )
  }
  if (mayBe(given.shape, shape)) return
  throw contradiction(
    `${who}: the model takes shape ${formatShape(shape)}, and gives ${formatShape(given.shape)} in '${told.output}'`,
  )
}

function checkOnce(model: string, names: readonly string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return
  throw contradiction(`sequences of model '${model}' speak of its tensor '${twice}' twice`)
}
