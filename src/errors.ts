/**
 * Everything that can go wrong, in the words of the domain.
 *
 * A `code` says how a client should react; every protocol owns a total table from code to status.
 * A `reason` is one precise cause, stable across releases and listed in docs/reference/errors.md.
 * Its `facts` are what a protocol may need to word the error its own way: the model, the input,
 * what was expected and what came. Nothing here knows HTTP or gRPC, and no message names a path,
 * an address or a stack: what only the operator may know travels as the `cause`, for the log.
 */
import { type CommonFacts, catalogue, type Entry, type ErrorCode } from './error-catalogue.ts'

export type { CommonFacts, ErrorCode, Path } from './error-catalogue.ts'

export type Reason = keyof typeof catalogue

/** What must be said of a reason, and may be said of any. */
export type FactsOf<R extends Reason> = OwnFacts<R> & CommonFacts

type OwnFacts<R extends Reason> = Parameters<(typeof catalogue)[R]['message']>[0]

/** Facts as a protocol reads them, whatever the reason. */
export type Facts = CommonFacts & Readonly<Record<string, unknown>>

export class ServingError extends Error {
  override readonly name = 'ServingError'
  readonly code: ErrorCode
  readonly reason: Reason
  readonly facts: Facts
  readonly hint: string | undefined

  constructor(reason: Reason, facts: Facts, cause?: unknown) {
    const { code, message, hint } = catalogue[reason] as Entry<Facts>
    const text = message(facts)
    const { stackTraceLimit } = Error
    if (withoutStack.has(code)) Error.stackTraceLimit = 0
    super(text, { cause })
    Error.stackTraceLimit = stackTraceLimit
    this.code = code
    this.reason = reason
    this.facts = facts
    this.hint = facts.hint ?? hint?.(facts)
  }

  /** Any thrown value as a `ServingError`. What was not foreseen is kept as the cause, for the log. */
  static from(thrown: unknown): ServingError {
    return thrown instanceof ServingError ? thrown : new ServingError('INTERNAL', {}, thrown)
  }
}

/** What overload makes thousands of: the reason tells all, and a stack takes 20 us. */
const withoutStack: ReadonlySet<ErrorCode> = new Set(['overloaded', 'deadline_exceeded'])

/** `throw fail('QUEUE_FULL', { model, limit: 128 })`: the catalogue types the facts of each reason. */
export function fail<R extends Reason>(
  reason: R,
  ...[facts, cause]: unknown extends OwnFacts<R>
    ? [facts?: CommonFacts, cause?: unknown]
    : [facts: FactsOf<R>, cause?: unknown]
): ServingError {
  return new ServingError(reason, (facts ?? {}) as Facts, cause)
}

export const REASONS = Object.keys(catalogue) as Reason[]

/** The code of a reason, for the reference page. */
export const codeOf = (reason: Reason): ErrorCode => catalogue[reason].code
