/** Whether requests for a model may share a run, as far as its signature and configuration tell. Pure. */
import type { ModelConfig } from '../config/index.ts'
import type { Signature, TensorSpec } from '../signature.ts'
import { dynamic } from '../tensor/index.ts'

export type Joining =
  /** Its operator says so. */
  | { readonly kind: 'declared' }
  /** Rows together must be shown to give what rows apart give. */
  | { readonly kind: 'to-be-shown' }
  | { readonly kind: 'off'; readonly why: string }

export function joiningOf(
  signature: Signature,
  { batching, sequences, warmUp }: Pick<ModelConfig, 'batching' | 'sequences' | 'warmUp'>,
  rowsDepend?: string,
): Joining {
  const off = (why: string): Joining => ({ kind: 'off', why })
  if (batching === 'off') return off('batching is off in its configuration')
  if (sequences !== undefined) return off('its requests belong to sequences')
  if (signature.streams === true) return off('it gives any number of answers to a request')
  const own = typeof batching === 'object' ? batching.maxBatchSize : 'auto'
  if (own === 1 || signature.maxBatchSize === 1) return off('it takes one row at a time')
  const { inputs, outputs } = signature
  if (inputs.length === 0) return off('it has no inputs')
  for (const [kind, specs] of [
    ['input', inputs],
    ['output', outputs],
  ] as const) {
    const fixed = specs.find(({ shape }) => shape[0] !== dynamic)
    if (fixed !== undefined) return off(`${kind} "${fixed.name}" ${firstAxisOf(fixed)}`)
  }
  const names = new Set(inputs.map(({ axes }) => axes?.[0]).filter((name) => name !== undefined))
  if (names.size > 1)
    return off(`its inputs have first axes of different names: ${[...names].join(', ')}`)
  const declared =
    typeof batching === 'object' &&
    (batching.assumeJoinable ?? typeof batching.maxBatchSize === 'number')
  if (declared) return { kind: 'declared' }
  if (rowsDepend !== undefined) return off(rowsDepend)
  if (warmUp.runs === 0) return off('its rows are not tried together where it is not warmed up')
  return { kind: 'to-be-shown' }
}

const firstAxisOf = ({ shape: [first] }: TensorSpec): string =>
  first === undefined ? 'has no axes' : `has a first axis of ${first}`
