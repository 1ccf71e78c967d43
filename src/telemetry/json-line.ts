/** A log line for machines: `{"level":"info","time":"2026-…Z","model":"iris","msg":"model loaded"}`. */
import type { Fields, LogLevel } from '../log.ts'
import { errorRecord, escapeControls, plainOf } from './fields.ts'
import { KnownFields } from './known-fields.ts'

/** Every request writes one: how a field is written is found out once while its value stays. */
export class JsonLines {
  readonly #fields = new KnownFields(before, jsonOf)
  #wall = Number.NaN
  #time = ''

  /** A line and its newline. `wall` is in milliseconds since 1970. */
  line(level: LogLevel, event: string, fields: Fields, wall: number): string {
    if (wall !== this.#wall) {
      this.#time = new Date(wall).toISOString()
      this.#wall = wall
    }
    let members = ''
    for (const key in fields) {
      const value = fields[key]
      if (value === undefined) continue
      members +=
        value instanceof Error
          ? this.#fields.before(key) + jsonOfError(value, level === 'error')
          : this.#fields.text(key, value)
    }
    return `{"level":"${level}","time":"${this.#time}"${members},"msg":${stringOf(event)}}\n`
  }
}

const before = (name: string) => `,${stringOf(taken.has(name) ? `${name}_` : name)}:`

const jsonOf = (value: unknown): string => {
  const plain = plainOf(value)
  if (typeof plain === 'string') return stringOf(plain)
  return typeof plain === 'object' ? escapeControls(JSON.stringify(plain)) : String(plain)
}

const jsonOfError = (error: Error, withStack: boolean): string =>
  escapeControls(JSON.stringify(errorRecord(error, withStack)))

/** JSON asks for some characters to be escaped; a terminal obeys more. */
const stringOf = (text: string): string =>
  plainText.test(text) ? `"${text}"` : escapeControls(JSON.stringify(text))

// printable ASCII without quote and backslash
const plainText = /^[ !#-[\]-~]*$/
const taken: ReadonlySet<string> = new Set(['level', 'time', 'msg'])
