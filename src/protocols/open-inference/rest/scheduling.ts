/**
 * What a request says of its place among others, in its parameters: `priority`, `timeout` in
 * microseconds, and the `sequence_…` of models that remember.
 * Source: Triton's extensions for parameters, schedule policy and sequences.
 */
import type { Scheduling, SequencePlace } from '../../../call.ts'
import { wholeNumber } from '../../../tensor/index.ts'
import { count, type JsonObject, wrongType } from './members.ts'

/** Undefined where nothing is said. Fails with PARAMETER_INVALID, and as `wholeNumber` does. */
export function schedulingOf(parameters: JsonObject): Scheduling | undefined {
  // 0 is what nothing means
  const priority = count(parameters.priority, 'priority')
  const timeoutUs = count(parameters.timeout, 'timeout')
  const sequence = sequenceOf(parameters)
  if (priority === 0 && timeoutUs === 0 && sequence === undefined) return undefined
  return {
    ...(priority > 0 && { priority }),
    ...(timeoutUs > 0 && { queueTimeoutMs: timeoutUs / 1000 }),
    ...(sequence !== undefined && { sequence }),
  }
}

/** 0 and the empty text are no sequence's, as is nothing. */
function sequenceOf(parameters: JsonObject): SequencePlace | undefined {
  const { sequence_id: given } = parameters
  const start = flagOf(parameters, 'sequence_start')
  const end = flagOf(parameters, 'sequence_end')
  if (given === undefined || given === '') return undefined
  if (typeof given === 'string') return { id: given, start, end }
  const wrong = wrongType('sequence_id', 'a whole number from 0 to 2^64 - 1, or a string', given)
  const id = wholeNumber(given, wrong)
  if (id < 0n || id > greatestId) throw wrong
  return id === 0n ? undefined : { id, start, end }
}

function flagOf(parameters: JsonObject, name: string): boolean {
  const { [name]: given = false } = parameters
  if (typeof given === 'boolean') return given
  throw wrongType(name, 'true or false', given)
}

const greatestId = 2n ** 64n - 1n
