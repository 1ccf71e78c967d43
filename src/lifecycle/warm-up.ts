/**
 * A version is asked before clients ask it, so that the first of them does not wait for what a
 * model does once, and so that one that cannot answer never serves.
 *
 * Samples that were configured must be answered. A request that was made up from the signature is
 * partly a guess: where it fails, the guess may be wrong and the model right.
 */
import type { Call } from '../call.ts'
import { fail, ServingError } from '../errors.ts'
import type { InferenceRequest, InferenceResponse, Predictor } from '../predictor.ts'
import type { WarmUpSample } from '../repository/index.ts'
import { isGuess } from './sample.ts'
import { hasNonFinite } from './warm-up-scan.ts'

export interface WarmUpOptions {
  /** With the door before it: samples are held to the signature as requests are. */
  readonly predictor: Predictor
  /** Asked in place of the synthesized request, where there are any. */
  readonly samples: readonly WarmUpSample[]
  /** Undefined where none could be made. */
  readonly synthesized: InferenceRequest | undefined
  /** How often the synthesized request is asked. With 0 nothing is, samples neither. */
  readonly runs: number
  /** What becomes of a version that answers NaN or infinities. */
  readonly nonFinite: 'warn' | 'refuse'
  readonly call: Call
}

/**
 * Resolves with what the operator should know. Fails with WARM_UP_FAILED, or with why the call
 * ended once it has.
 */
export async function warmUp(options: WarmUpOptions): Promise<readonly string[]> {
  const { predictor, samples, synthesized, runs } = options
  if (runs === 0) return []
  const warnings = new Set<string>()
  for (const { name, count, request } of samples) {
    const question = { what: `warm-up sample "${name}"`, request }
    for (let run = 0; run < count; run++) {
      const answer = await ask(question, options)
      if (answer instanceof ServingError) throw unanswered(question, answer)
      await inspect(question, answer, options, warnings)
    }
  }
  if (samples.length > 0) return [...warnings]
  if (synthesized === undefined) {
    return [`it was not warmed up, since a request made up for it would be too large; ${HINT}`]
  }
  const question = { what: 'a made-up request', request: synthesized }
  for (let run = 0; run < runs; run++) {
    const answer = await ask(question, options)
    if (answer instanceof ServingError) {
      const failure = unanswered(question, answer)
      if (!isGuess(predictor.signature)) throw failure
      return [...warnings, `it was not warmed up: ${failure.message}; ${HINT}`]
    }
    await inspect(question, answer, options, warnings)
  }
  return [...warnings]
}

interface Question {
  /** For messages. */
  readonly what: string
  readonly request: InferenceRequest
}

/** The answer, or the first one of a stream, which may have none; or why there is none. */
async function ask(
  { request }: Question,
  { predictor, call }: WarmUpOptions,
): Promise<InferenceResponse | undefined | ServingError> {
  if (call.ended !== undefined) throw call.ended
  try {
    if (predictor.signature.streams !== true) return await predictor.predict(request, call)
    for await (const answer of predictor.stream(request, call)) return answer
    return undefined
  } catch (thrown) {
    throwIfEnded(call)
    return ServingError.from(thrown)
  }
}

/** As a function, since the compiler does not know that a call may end meanwhile. */
function throwIfEnded({ ended }: Call): void {
  if (ended !== undefined) throw ended
}

async function inspect(
  { what }: Question,
  answer: InferenceResponse | undefined,
  { nonFinite, call }: WarmUpOptions,
  warnings: Set<string>,
): Promise<void> {
  for (const { name, tensor } of answer?.outputs ?? []) {
    if (!(await hasNonFinite(tensor))) continue
    const problem = `output "${name}" holds NaN or infinity for ${what}`
    if (nonFinite === 'refuse') throw fail('WARM_UP_FAILED', { problem })
    warnings.add(problem)
  }
  throwIfEnded(call)
}

function unanswered({ what }: Question, why: ServingError): ServingError {
  const problem = `${what} was not answered: ${why.message}`
  return fail('WARM_UP_FAILED', { problem }, why.cause ?? why)
}

const HINT = 'give a real one as warmUp.samples in model.yaml'
