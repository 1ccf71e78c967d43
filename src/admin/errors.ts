/** Errors of the admin API: in the form of the plain API's, each as one message. */
import type { ServingError } from '../errors.ts'
import { type Exchange, errorHeaders, httpStatus } from '../transport/http/index.ts'

export function answerError(exchange: Exchange, error: ServingError): void {
  const { message, code, hint, reason } = error
  const text = JSON.stringify({
    detail: message,
    code,
    hint,
    request_id: exchange.call.requestId,
  })
  // RFC 4918: there is no room to do this; waiting alone does not help
  const status = reason === 'MODEL_MEMORY_SHORT' ? 507 : httpStatus(error)
  void exchange.json(status, text, errorHeaders(error))
}
