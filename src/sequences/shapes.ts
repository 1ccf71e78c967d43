/** Which tensors may be rows of one tensor. */
import { dynamic, type NamedTensor } from '../tensor/index.ts'
import type { SequencePlan } from './plan.ts'

/** The same for those that may: shapes of one row, by their names. */
export function shapesOf(tensors: readonly NamedTensor[], { uniform }: SequencePlan): string {
  if (uniform) return ''
  let key = ''
  for (const { name, tensor } of tensors) key += `${name}[${tensor.shape.slice(1).join()}]`
  return key
}

/** Whether all requests have one shape, whatever clients send. */
export const isUniform = ({ batched, states, visible }: Omit<SequencePlan, 'uniform'>): boolean =>
  !batched ||
  (visible.inputs.every(({ optional }) => optional !== true) &&
    [...visible.inputs, ...states].every(({ shape }) => !shape.slice(1).includes(dynamic)))
