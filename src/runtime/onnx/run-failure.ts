/** A run that failed, as a client is told of it. */
import { fail, type ServingError } from '../../errors.ts'
import { type CApi, failureOf, type Pointer } from './c-api.ts'
import { inFewWords } from './library-words.ts'

/**
 * The library tells by its code whether the input was to blame. Its words are for the log only.
 * Releases the status.
 */
export function runFailure(api: CApi, status: Pointer): ServingError {
  const failure = failureOf(api, status)
  return failure.code === invalidArgument
    ? fail('RUN_REFUSED', { problem: inFewWords(failure.message) }, failure)
    : fail('RUN_FAILED', {}, failure)
}

const invalidArgument = 2
