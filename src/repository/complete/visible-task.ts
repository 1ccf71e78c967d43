/** How the outputs answer a question once a configuration has hidden or reshaped some of them. */
import type { MatchedTensor } from '../../config/triton/index.ts'
import type { Signature, Task, TensorSpec } from '../../signature.ts'

/** The signature with the task that is left of it, if any. */
export function visibleTask(
  signature: Signature,
  outputs: readonly MatchedTensor<TensorSpec>[],
): Signature {
  const { task, ...rest } = signature
  const visible = task && taskLeft(task, outputs)
  return visible === undefined ? rest : { ...rest, task: visible }
}

function taskLeft(task: Task, outputs: readonly MatchedTensor<TensorSpec>[]): Task | undefined {
  const shown = (name: string | undefined) => outputs.find(({ model }) => model.name === name)
  if (task.kind === 'regressor') return shown(task.output) && task
  const { labelOutput, scoreOutput, ...classes } = task
  // scores are read as [rows, classes]
  const scores = shown(scoreOutput)?.clients.shape.length === 2 ? scoreOutput : undefined
  const label = shown(labelOutput) && labelOutput
  if (scores === undefined && label === undefined) return undefined
  return {
    ...classes,
    ...(label !== undefined && { labelOutput: label }),
    ...(scores !== undefined && { scoreOutput: scores }),
  }
}
