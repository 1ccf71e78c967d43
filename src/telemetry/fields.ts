/**
 * What may be written of a field: bounded, without secrets, without characters that move a
 * terminal's cursor or fake a line.
 */
import { ServingError } from '../errors.ts'

export type PlainValue = string | number | boolean | null | object

/** Whether what bears this name is never written: `redacted` stands in its place. */
export const isSecret = (key: string): boolean => secret.test(key)

/** A value whose name is no secret's, as JSON can hold it. Errors are left to `errorRecord`. */
export function plainOf(value: unknown): PlainValue {
  switch (typeof value) {
    case 'string':
      return cut(value, maxCharacters)
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'boolean':
      return value
    case 'object':
      return value === null ? null : plainObject(value)
    default:
      return String(value)
  }
}

export interface ErrorRecord {
  readonly type: string
  readonly reason?: string
  readonly message: string
  readonly stack?: string
  readonly cause?: ErrorRecord
}

export const redacted = '[redacted]'

/** An error and its causes, nearest first; their stacks where they are wanted. */
export function errorRecord(error: Error, withStack: boolean, depth = 0): ErrorRecord {
  const { cause } = error
  return {
    type: error.name,
    ...(error instanceof ServingError && { reason: error.reason }),
    message: cut(error.message, maxCharacters),
    ...(withStack && error.stack !== undefined && { stack: cut(error.stack, maxStack) }),
    ...(cause !== undefined &&
      depth < maxCauses && {
        cause: errorRecord(
          cause instanceof Error ? cause : new NotAnError(cause),
          withStack,
          depth + 1,
        ),
      }),
  }
}

/** Control, format and separator characters as `\u` escapes, newlines among them. */
export function escapeControls(text: string): string {
  return !plainAscii.test(text) && control.test(text) ? text.replace(controls, escaped) : text
}

export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more)`
}

class NotAnError extends Error {
  override readonly name = 'thrown value'
  constructor(value: unknown) {
    super(typeof value === 'string' ? value : String(JSON.stringify(plainOf(value))))
    delete this.stack
  }
}

function plainObject(value: object): PlainValue {
  let text: string | undefined
  try {
    text = JSON.stringify(value, bounded)
  } catch {
    return unserializable
  }
  if (text === undefined) return unserializable
  return text.length <= maxCharacters ? JSON.parse(text) : cut(text, maxCharacters)
}

function bounded(key: string, value: unknown): unknown {
  if (isSecret(key)) return redacted
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return errorRecord(value, false)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value) && value.length > maxItems) {
    return [...value.slice(0, maxItems), `… (${value.length - maxItems} more)`]
  }
  return value
}

/** One character, which may be two UTF-16 units. */
function escaped(character: string): string {
  let text = ''
  for (let i = 0; i < character.length; i++) {
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  }
  return text
}

const secret = /(?:headers?|authorization|cookies?|password|secret|token|api[-_]?key)$/i
const unserializable = '[unserializable]'
// far quicker to rule out
const plainAscii = /^[ -~]*$/
const control = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const maxCharacters = 1000
const maxStack = 8000
const maxCauses = 5
const maxItems = 100
