/**
 * Errors of the plain API. Wrong input is worded as FastAPI's users know it: 422 and a list of
 * problems with their place; everything else has one message.
 */
import { ServingError } from '../../errors.ts'
import { type Exchange, errorHeaders, httpStatus } from '../../transport/http/index.ts'
import type { Path } from './decode.ts'

export function answerError(exchange: Exchange, error: ServingError): void {
  const status = httpStatus(error)
  const body = status === 422 ? inputError(error) : plainError(error)
  const text = JSON.stringify({ ...body, request_id: exchange.call.requestId })
  void exchange.json(status, text, errorHeaders(error))
}

/** The same error with the place of its tensor in the body before the place in the tensor. */
export function locate(
  thrown: unknown,
  pathOf: (input: string) => Path,
  oneRow: boolean,
): ServingError {
  const error = ServingError.from(thrown)
  const { input, path = [] } = error.facts
  if (typeof input !== 'string') return error
  const base = pathOf(input)
  const known = base.every((key, index) => path[index] === key) && base.length > 0
  if (known) return error
  const inside = oneRow && path[0] === 0 ? path.slice(1) : path
  return new ServingError(error.reason, { ...error.facts, path: [...base, ...inside] }, error.cause)
}

function inputError(error: ServingError) {
  const { path = [], expected, got } = error.facts
  const detail = {
    type: error.reason.toLowerCase(),
    loc: ['body', ...path],
    msg: error.message,
    input: got,
    expected,
    hint: error.hint,
  }
  return { detail: [detail] }
}

function plainError(error: ServingError) {
  return { detail: error.message, code: error.code, hint: error.hint }
}
