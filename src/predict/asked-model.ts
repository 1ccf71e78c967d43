/** A model that one question is put to: in this process, or behind a server's plain API. */
import type { Path, ServingError } from '../errors.ts'
import type { Example } from '../protocols/plain/index.ts'
import type { Question } from './question.ts'

export interface AskedModel {
  ask(question: Question): Promise<Outcome>
  /** A request that it would take; undefined where there is no telling. */
  example(): Promise<Example | undefined>
  /** The names of its classes, in the order of the scores. */
  labels(): Promise<readonly unknown[] | undefined>
  close(): Promise<void>
}

/** The text of the plain API's answer, or what went wrong. */
export type Outcome =
  | { readonly answer: string }
  | { readonly answer: undefined; readonly problem: Problem }

export interface Problem {
  readonly message: string
  /** Where in the request's body. */
  readonly path?: Path | undefined
  readonly hint?: string | undefined
}

/** Who uses the product from their own terminal is also told the cause. */
export function problemOf({ message, hint, facts, cause, code }: ServingError): Problem {
  const causeText = code === 'internal' && cause instanceof Error ? `: ${cause.message}` : ''
  return { message: `${message}${causeText}`, path: facts.path, hint }
}

/** The command line itself is wrong, and not what it asks for. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage'
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}
