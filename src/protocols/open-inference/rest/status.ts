/**
 * Statuses as Triton answers them: a full queue is 503, wrong input and a model that does not load
 * are 400. Source: Triton's HttpCodeFromError.
 */
import type { ServingError } from '../../../errors.ts'
import { type Exchange, errorHeaders, httpStatus } from '../../../transport/http/index.ts'

export function answerError(exchange: Exchange, error: ServingError): void {
  const status = httpStatus(error, {
    invalid_argument: 400,
    failed_precondition: 400,
    overloaded: 503,
  })
  const hint = error.hint === undefined ? '' : ` (${error.hint})`
  const text = JSON.stringify({ error: `${error.message}${hint}` })
  void exchange.json(status, text, errorHeaders(error))
}
