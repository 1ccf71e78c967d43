/** From the words of the domain to HTTP statuses. A protocol may differ where its peers do. */
import type { ErrorCode, Reason, ServingError } from '../../errors.ts'

const byCode: Record<ErrorCode, number> = {
  invalid_argument: 422,
  too_large: 413,
  unsupported_media: 415,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  failed_precondition: 409,
  overloaded: 429,
  unavailable: 503,
  deadline_exceeded: 504,
  cancelled: 499,
  unimplemented: 501,
  internal: 500,
}

const byReason: Partial<Record<Reason, number>> = {
  METHOD_NOT_ALLOWED: 405,
  BODY_TIMEOUT: 408,
}

export type StatusTable = Partial<Record<ErrorCode, number>>

export function httpStatus(error: ServingError, differences: StatusTable = {}): number {
  return byReason[error.reason] ?? differences[error.code] ?? byCode[error.code]
}

/** Headers that say more of an error than its status. */
export function errorHeaders(error: ServingError): Record<string, string> {
  const headers: Record<string, string> = {}
  if (error.reason === 'METHOD_NOT_ALLOWED') {
    headers.allow = (error.facts.allowed as readonly string[]).join(', ')
  }
  if (error.reason === 'TOKEN_MISSING') headers['www-authenticate'] = 'Bearer'
  if (error.reason === 'MEDIA_TYPE_UNSUPPORTED') headers['accept-encoding'] = 'gzip, deflate, zstd'
  const retryable = error.code === 'overloaded' || error.code === 'unavailable'
  if (retryable || error.facts.retryAfterMs !== undefined) {
    headers['retry-after'] = `${Math.max(1, Math.ceil((error.facts.retryAfterMs ?? 1000) / 1000))}`
  }
  return headers
}
