/**
 * What `model.yaml` says of a signature, laid over what the model's file says. It may say more of
 * values, and narrow a dynamic axis; what contradicts the file is refused.
 */
import type { ModelConfig } from '../../config/index.ts'
import { fail } from '../../errors.ts'
import type { Constraints, InputSpec, Signature, Task, TensorSpec } from '../../signature.ts'
import { dynamic, formatShape } from '../../tensor/index.ts'

export function applyConfig(signature: Signature, config: ModelConfig): Signature {
  requireKnown('input', config.inputs, signature.inputs)
  requireKnown('output', config.outputs, signature.outputs)
  const inputs = signature.inputs.map((input) => {
    const told = config.inputs.find(({ name }) => name === input.name)
    return told === undefined ? input : applyInput(input, told)
  })
  const outputs = signature.outputs.map((output) => {
    const told = config.outputs.find(({ name }) => name === output.name)
    return told === undefined ? output : applyTensor('output', output, told)
  })
  const task = applyLabels(signature, config.labels)
  return { ...signature, inputs, outputs, ...(task === undefined ? {} : { task }) }
}

type InputConfig = ModelConfig['inputs'][number]
type TensorConfig = Pick<InputConfig, 'name' | 'datatype' | 'shape'>

function applyInput(input: InputSpec, told: InputConfig): InputSpec {
  const { name: _name, datatype: _datatype, shape: _shape, ...rules } = told
  const constraints = Object.fromEntries(
    Object.entries(rules).filter(([, rule]) => rule !== undefined),
  ) as Constraints
  const narrowed = applyTensor('input', input, told)
  const columns = narrowed.shape.at(-1)
  const { fields } = constraints
  if (fields !== undefined && columns !== dynamic && columns !== fields.length) {
    throw contradiction(
      `input "${input.name}" has ${columns ?? 'no'} columns`,
      `${fields.length} fields`,
    )
  }
  return Object.keys(constraints).length === 0 ? narrowed : { ...narrowed, constraints }
}

function applyTensor<Spec extends TensorSpec>(kind: string, spec: Spec, told: TensorConfig): Spec {
  if (told.datatype !== undefined && told.datatype !== spec.datatype) {
    throw contradiction(`${kind} "${spec.name}" has datatype ${spec.datatype}`, told.datatype)
  }
  if (told.shape === undefined) return spec
  const { shape } = told
  const fits =
    shape.length === spec.shape.length &&
    spec.shape.every((size, axis) => size === dynamic || size === shape[axis])
  if (fits) return { ...spec, shape }
  throw contradiction(
    `${kind} "${spec.name}" has shape ${formatShape(spec.shape)}`,
    formatShape(shape),
  )
}

function applyLabels(signature: Signature, labels: ModelConfig['labels']): Task | undefined {
  const { task } = signature
  if (labels === undefined) return task
  const classifier = task?.kind === 'classifier' ? task : scoresTask(signature)
  const classes = classifier.classes ?? classifier.labels
  const scores = signature.outputs.find(({ name }) => name === classifier.scoreOutput)
  const known = classes?.length ?? scores?.shape.at(-1)
  if (known !== undefined && known !== dynamic && known !== labels.length) {
    throw contradiction(`it has ${known} classes`, `${labels.length} labels`)
  }
  return { ...classifier, labels, ...(classes === undefined ? {} : { classes }) }
}

/** Labels make a classifier of a model with scores, whatever its last operator is. */
function scoresTask({ outputs }: Signature): Extract<Task, { kind: 'classifier' }> {
  const [only] = outputs
  if (outputs.length === 1 && only?.shape.length === 2) {
    return { kind: 'classifier', scoreOutput: only.name }
  }
  throw contradiction('it has no output of one score for each class', 'labels')
}

function requireKnown(kind: string, told: readonly TensorConfig[], specs: readonly TensorSpec[]) {
  const stranger = told.find(({ name }) => !specs.some((spec) => spec.name === name))
  if (stranger === undefined) return
  throw fail('MODEL_UNSUPPORTED', {
    problem: `model.yaml speaks of an ${kind} "${stranger.name}", the model has ${specs.map(({ name }) => `"${name}"`).join(', ')}`,
  })
}

function contradiction(file: string, told: string) {
  return fail('MODEL_UNSUPPORTED', { problem: `${file}, but model.yaml says ${told}` })
}
