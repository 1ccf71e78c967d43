/**
 * Why a request is not taken, whatever the load is.
 * Source: `SequenceBatchScheduler::Enqueue` of Triton's core, in whose order and words it is told.
 */
import type { Call } from '../call.ts'
import { fail, type ServingError } from '../errors.ts'
import type { InferenceRequest } from '../predictor.ts'
import { type Datatype, integerRange } from '../tensor/index.ts'
import type { SequencePlan } from './plan.ts'
import type { Sequence, SequenceId } from './sequence.ts'

export interface Asked {
  readonly model: string
  readonly plan: SequencePlan
  readonly request: InferenceRequest
  readonly call: Call
  readonly draining: boolean
  known(id: SequenceId): Sequence | undefined
}

export function refusalOf({ model, plan, request, call, ...asked }: Asked) {
  if (call.ended !== undefined) return call.ended
  const oneRow = request.inputs.every(({ tensor }) => tensor.shape[0] === 1)
  if (plan.batched && !oneRow) return fail('SEQUENCE_ROWS', { model })
  const { id, start } = call.scheduling.sequence ?? { id: '', start: false }
  if (id === '' || id === 0n) return fail('SEQUENCE_ID_MISSING', { model })
  const wrong = idRefusal(id, plan.controls.find(({ means }) => means === 'id')?.datatype)
  if (wrong !== undefined) return wrong
  if (asked.draining && start) return fail('DRAINING')
  if (start || asked.known(id)?.open === true) return undefined
  return notStarted(model, id)
}

export const notStarted = (model: string, id: SequenceId): ServingError =>
  fail('SEQUENCE_NOT_STARTED', { model, sequence: `${id}` })

/** Two sequences must not be one to the model: what it cannot tell apart is not taken. */
function idRefusal(id: SequenceId, datatype: Datatype | undefined): ServingError | undefined {
  const wrong = (expected: string) =>
    fail('PARAMETER_INVALID', { parameter: 'sequence_id', expected, got: told(id) })
  if (typeof id === 'string' && Buffer.byteLength(id) > longestId) {
    return wrong(`at most ${longestId} bytes long`)
  }
  if (datatype === undefined) return undefined
  if ((typeof id === 'string') !== (datatype === 'BYTES')) {
    return wrong(datatype === 'BYTES' ? 'a string' : 'a number')
  }
  // numbers of 64 bits are told as their bits, whatever their sign
  if (typeof id === 'string' || datatype.endsWith('64')) return undefined
  const [, greatest] = integerRange(datatype)!
  return id <= greatest ? undefined : wrong(`at most ${greatest} (${datatype})`)
}

function told(id: SequenceId): string {
  if (typeof id !== 'string') return `${id}`
  const bytes = Buffer.byteLength(id)
  return bytes > longestId ? `${bytes} bytes` : `"${id}"`
}

/** As in Triton. */
const longestId = 128
