/**
 * Everything that can go wrong, one entry a reason: its code, its message and a hint for whoever can
 * mend it. How they are thrown and read is in `errors.ts`.
 */
export type ErrorCode =
  | 'invalid_argument' // the request is wrong, whatever the state of the server
  | 'too_large' // the request is larger than this server accepts
  | 'unsupported_media' // the body is in an encoding or a type that is not understood
  | 'unauthenticated' // who asks is not known
  | 'permission_denied' // who asks may not do this
  | 'not_found'
  | 'failed_precondition' // the request is fine, the server is in the wrong state for it
  | 'overloaded' // this model's queue is full; retry later
  | 'unavailable' // loading, draining or failed; retry elsewhere, or later
  | 'deadline_exceeded'
  | 'cancelled'
  | 'unimplemented'
  | 'internal'

/** A place in a request's body, as keys and indices: `['features', 0, 2]`. */
export type Path = readonly (string | number)[]

/** Facts that any error may carry beside its own. */
export interface CommonFacts {
  readonly path?: Path
  readonly hint?: string
  /** When trying again is sensible. */
  readonly retryAfterMs?: number
}

interface Mismatch {
  readonly input: string
  readonly expected: string
  readonly got: string
}

export const catalogue = {
  // the request as a whole
  BODY_MALFORMED: entry('invalid_argument', (f: { problem: string }) => f.problem),
  BODY_TOO_LARGE: entry(
    'too_large',
    (f: { limit: number }) => `the body is larger than the limit of ${f.limit} bytes`,
    () => 'the server raises this limit with --max-body',
  ),
  BODY_TIMEOUT: entry(
    'deadline_exceeded',
    (f: { ms: number }) => `nothing of the body arrived for ${f.ms} ms`,
  ),
  MEMORY_SHORT: entry('unavailable', () => 'the server has no memory left for this body'),
  MEDIA_TYPE_UNSUPPORTED: entry(
    'unsupported_media',
    (f: { what: string; got: string; expected: string }) =>
      `${f.what} "${f.got}" is not understood, expected ${f.expected}`,
  ),
  PARAMETER_INVALID: entry(
    'invalid_argument',
    (f: { parameter: string; expected: string; got: string }) =>
      `"${f.parameter}" must be ${f.expected}, got ${f.got}`,
  ),
  ROUTE_NOT_FOUND: entry('not_found', (f: { url: string }) => `there is nothing at ${f.url}`),
  METHOD_NOT_ALLOWED: entry(
    'unimplemented',
    (f: { method: string; allowed: readonly string[] }) =>
      `${f.method} is not allowed here, expected ${f.allowed.join(' or ')}`,
  ),
  HOST_REFUSED: entry(
    'permission_denied',
    (f: { header: string; got: string }) => `the ${f.header} header "${f.got}" is not allowed here`,
    () => 'list the names this server goes by with --allow-host',
  ),
  TOKEN_MISSING: entry(
    'unauthenticated',
    () => 'this needs a token',
    () => 'send "Authorization: Bearer" with the token of --admin-token-file or SLUICE_ADMIN_TOKEN',
  ),
  TOKEN_WRONG: entry('permission_denied', () => 'the token is not the right one'),
  TOKEN_UNSET: entry(
    'permission_denied',
    () => 'this server has no admin token, so nobody may do this from outside this machine',
    () => 'start it with --admin-token-file or SLUICE_ADMIN_TOKEN',
  ),

  // models
  MODEL_NOT_FOUND: entry(
    'not_found',
    (f: { model: string; known: readonly string[] }) => `no model is named "${f.model}"`,
    (f) => (f.known.length === 0 ? 'no model is loaded' : `known models: ${list(f.known)}`),
  ),
  MODEL_AMBIGUOUS: entry(
    'not_found',
    (f: { known: readonly string[] }) =>
      f.known.length === 0
        ? 'there is no model to ask'
        : 'several models are served, and none is the default',
    (f) =>
      f.known.length === 0
        ? 'see /health for why'
        : `ask one by name: ${list(f.known.map((name) => `/predict/${name}`))}`,
  ),
  MODEL_NAME_INVALID: entry(
    'invalid_argument',
    (f: { model: string }) =>
      `invalid model name '${f.model}', model name must not contain path traversal characters`,
  ),
  VERSION_NOT_FOUND: entry(
    'not_found',
    (f: { model: string; version: string; known: readonly string[] }) =>
      `"${f.model}" has no version ${f.version}`,
    (f) => `versions: ${list(f.known)}`,
  ),
  MODEL_NOT_READY: entry(
    'unavailable',
    (f: { model: string; state: string; why?: string }) =>
      `"${f.model}" is ${f.state}${f.why === undefined ? '' : `: ${f.why}`}`,
  ),
  MODEL_STREAMS: entry(
    'unimplemented',
    (f: { model: string }) => `"${f.model}" gives any number of answers, ask for a stream`,
  ),

  // tensors of a request
  INPUT_UNKNOWN: entry(
    'invalid_argument',
    (f: { model: string; input: string; known: readonly string[] }) =>
      `"${f.model}" has no input "${f.input}"`,
    (f) => `inputs: ${list(f.known)}`,
  ),
  INPUT_MISSING: entry(
    'invalid_argument',
    (f: {
      model: string
      inputs: readonly string[]
      known: readonly string[]
      given: readonly string[]
    }) => `missing ${f.inputs.length === 1 ? 'input' : 'inputs'} ${list(f.inputs)}`,
    (f) => `"${f.model}" needs ${list(f.known)}`,
  ),
  INPUT_DUPLICATE: entry(
    'invalid_argument',
    (f: { input: string }) => `input "${f.input}" is given twice`,
  ),
  OUTPUT_UNKNOWN: entry(
    'invalid_argument',
    (f: { model: string; output: string; known: readonly string[] }) =>
      `"${f.model}" has no output "${f.output}"`,
    (f) => `outputs: ${list(f.known)}`,
  ),
  OUTPUT_DUPLICATE: entry(
    'invalid_argument',
    (f: { output: string }) => `output "${f.output}" is asked for twice`,
  ),
  DATATYPE_MISMATCH: entry(
    'invalid_argument',
    (f: Mismatch & { model: string }) =>
      `input "${f.input}" has datatype ${f.got}, expected ${f.expected}`,
  ),
  SHAPE_MISMATCH: entry(
    'invalid_argument',
    (f: Mismatch & { model: string }) =>
      `input "${f.input}" has shape ${f.got}, expected ${f.expected}`,
    () => '-1 stands for any size',
  ),
  SHAPE_INVALID: entry(
    'invalid_argument',
    (f: Mismatch) =>
      `input "${f.input}" has an invalid shape: expected ${f.expected}, got ${f.got}`,
  ),
  BATCH_TOO_LARGE: entry(
    'invalid_argument',
    (f: { model: string; limit: number; got: number }) =>
      `inference request batch-size must be <= ${f.limit} for '${f.model}', got ${f.got}`,
    () => 'max_batch_size in its configuration sets the limit',
  ),
  COUNT_MISMATCH: entry(
    'invalid_argument',
    (f: Mismatch) => `input "${f.input}" has ${f.got}, expected ${f.expected}`,
  ),
  VALUE_INVALID: entry(
    'invalid_argument',
    (f: Mismatch) => `input "${f.input}": expected ${f.expected}, got ${f.got}`,
  ),
  VALUE_OUT_OF_RANGE: entry(
    'invalid_argument',
    (f: Mismatch) => `input "${f.input}": ${f.got} is out of range, expected ${f.expected}`,
  ),

  // sequences, in Triton's words
  SEQUENCE_ID_MISSING: entry(
    'invalid_argument',
    (f: { model: string }) =>
      `inference request to model '${f.model}' must specify a non-zero or non-empty correlation ID`,
    () => 'the model answers by what came before: send sequence_id with every request',
  ),
  SEQUENCE_NOT_STARTED: entry(
    'invalid_argument',
    (f: { model: string; sequence: string }) =>
      `inference request for sequence ${f.sequence} to model '${f.model}' must specify the START flag on the first request of the sequence`,
    () => 'it was not started, has ended, or was forgotten since nothing of it came for too long',
  ),
  SEQUENCE_ROWS: entry(
    'invalid_argument',
    (f: { model: string }) =>
      `inference request to model '${f.model}' must specify batch-size 1 due to requirements of sequence batcher`,
  ),
  SEQUENCE_STATES_FULL: entry(
    'overloaded',
    (f: { model: string; limit: number }) =>
      `the states of the sequences of "${f.model}" hold ${f.limit} bytes already`,
    () => 'maxStateBytes of sequences in its configuration sets the limit',
  ),

  // load and time
  QUEUE_FULL: entry(
    'overloaded',
    (f: { model: string; limit: number }) =>
      `${f.limit} requests are already waiting for "${f.model}"`,
    () => 'retry after the time in Retry-After',
  ),
  QUEUE_BYTES_FULL: entry(
    'overloaded',
    (f: { model: string; limit: number }) =>
      `the requests that wait for "${f.model}" hold ${f.limit} bytes already`,
    () => 'retry after the time in Retry-After',
  ),
  QUEUE_TIMEOUT: entry(
    'overloaded',
    (f: { model: string; ms: number }) =>
      `the request waited ${Math.round(f.ms)} ms for "${f.model}", which is as long as it may`,
    () => 'retry after the time in Retry-After',
  ),
  DEADLINE_UNREACHABLE: entry(
    'deadline_exceeded',
    (f: { model: string; predictedMs: number; leftMs: number }) =>
      `an answer of "${f.model}" would take about ${Math.ceil(f.predictedMs)} ms now, and there are ${Math.max(0, Math.floor(f.leftMs))} ms`,
    () => 'retry after the time in Retry-After, or allow more time',
  ),
  DRAINING: entry('unavailable', () => 'the server is shutting down'),
  DEADLINE_EXCEEDED: entry(
    'deadline_exceeded',
    (f: { where: string }) => `the deadline passed while the request was ${f.where}`,
  ),
  CANCELLED: entry('cancelled', () => 'the client gave up'),

  // loading a model
  MODEL_UNREADABLE: entry('failed_precondition', (f: { problem: string }) => f.problem),
  MODEL_UNSUPPORTED: entry('failed_precondition', (f: { problem: string }) => f.problem),
  DIGEST_MISMATCH: entry(
    'failed_precondition',
    (f: { file: string; expected: string; got: string }) =>
      `${f.file} is not what sluice.lock says: expected SHA-256 ${f.expected}, got ${f.got}`,
    () => 'copy the file again, or write sluice.lock anew if the change is meant',
  ),
  SIGNATURE_NARROWED: entry(
    'failed_precondition',
    (f: { model: string; version: string; problem: string }) =>
      `clients of version ${f.version} could not be answered: ${f.problem}`,
    (f) => `sluice models load ${f.model} --force serves it all the same`,
  ),
  WARM_UP_FAILED: entry('failed_precondition', (f: { problem: string }) => f.problem),
  LOAD_TIMEOUT: entry(
    'failed_precondition',
    (f: { ms: number }) => `loading took longer than ${f.ms} ms`,
    () => 'raise it with --load-timeout',
  ),
  LOAD_FAILED: entry(
    'failed_precondition',
    (f: { model: string; why: string }) => `failed to load '${f.model}', ${f.why}`,
  ),
  MODEL_MEMORY_SHORT: entry(
    'unavailable',
    (f: { needed: number; free: number; limit: number }) =>
      `it needs about ${f.needed} bytes, and ${f.free} of the ${f.limit} for models are free`,
    ({ needed, limit }) =>
      needed > limit
        ? 'raise --model-memory: it would not fit alone'
        : 'raise --model-memory, or let idle models make room with --model-evict',
  ),
  CONTROL_REFUSED: entry('unavailable', (f: { problem: string }) => f.problem),
  RELOAD_REFUSED: entry('failed_precondition', (f: { problem: string }) => f.problem),
  NOT_BUILT: entry('unimplemented', (f: { what: string }) => `${f.what} is not built yet`),

  // the run
  RUN_REFUSED: entry(
    'invalid_argument',
    (f: { problem: string }) => `the model refused this input: ${f.problem}`,
  ),
  RUN_FAILED: entry('internal', () => 'the model failed to run'),
  INTERNAL: entry('internal', () => 'something went wrong inside the server'),
} as const

export interface Entry<F> {
  readonly code: ErrorCode
  readonly message: (facts: F) => string
  readonly hint: ((facts: F) => string) | undefined
}

function entry<F = unknown>(
  code: ErrorCode,
  message: (facts: F) => string,
  hint?: (facts: F) => string,
): Entry<F> {
  return { code, message, hint }
}

function list(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  const shown = names.slice(0, 20).map((name) => `"${name}"`)
  return names.length > 20 ? `${shown.join(', ')} and ${names.length - 20} more` : shown.join(', ')
}
