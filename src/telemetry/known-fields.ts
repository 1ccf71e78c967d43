/**
 * How fields are written in log lines. The same few names come again and again, many with the value
 * they had before: what these look like is found out once.
 */
import { isSecret, redacted } from './fields.ts'

interface Field {
  readonly before: string
  readonly secret: boolean
  /** The last value, and the name with it: most say the same from line to line. */
  last: unknown
  lastText: string
}

export class KnownFields {
  readonly #fields = new Map<string, Field>()
  readonly #before: (name: string) => string
  readonly #shown: (value: unknown) => string

  /** How a name stands before its value, and how values are shown. */
  constructor(before: (name: string) => string, shown: (value: unknown) => string) {
    this.#before = before
    this.#shown = shown
  }

  /** The name, as it stands before its value. */
  before(name: string): string {
    return this.#fieldOf(name).before
  }

  /** The name and the value; of a secret, that there is one. */
  text(name: string, value: unknown): string {
    const field = this.#fieldOf(name)
    if (field.secret) return field.before + this.#shown(redacted)
    if (value === field.last) return field.lastText
    const text = field.before + this.#shown(value)
    if (isKept(value)) {
      field.last = value
      field.lastText = text
    }
    return text
  }

  #fieldOf(name: string): Field {
    const known = this.#fields.get(name)
    if (known !== undefined) return known
    const before = this.#before(name)
    const field = { before, secret: isSecret(name), last: undefined, lastText: '' }
    if (this.#fields.size < mostFields) this.#fields.set(name, field)
    return field
  }
}

/** Neither what may change, nor what is long. */
const isKept = (value: unknown): boolean =>
  typeof value === 'string' ? value.length < 100 : typeof value !== 'object'

const mostFields = 500
