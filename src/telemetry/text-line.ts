/** A log line for people: `12:01:02.123 info  model loaded  model=iris version=1 ms=12`. */
import type { Fields, LogLevel } from '../log.ts'
import {
  type ErrorRecord,
  errorRecord,
  escapeControls,
  isSecret,
  plainOf,
  redacted,
} from './fields.ts'
import { TimeOfDay } from './time-of-day.ts'

/**
 * One line and its newline; below it the stacks of the errors among the fields, each line
 * indented, when the level is `error`. The same few names come again and again, many with the value
 * they had before: how these are written is found out once.
 */
export class TextLines {
  readonly #time = new TimeOfDay()
  readonly #fields = new Map<string, Field>()

  /** `wall` is in milliseconds since 1970; shown is local time. */
  line(level: LogLevel, event: string, fields: Fields, wall: number): string {
    const head = `${this.#time.at(wall)} ${padded[level]} ${escapeControls(event)}`
    let words = ''
    let stacks = ''
    for (const key in fields) {
      const value = fields[key]
      if (value === undefined) continue
      const field = this.#fieldOf(key)
      if (value instanceof Error) {
        const record = errorRecord(value, level === 'error')
        words += field.before + word(summary(record))
        if (level === 'error') stacks += stackLines(record)
      } else {
        words += field.secret ? field.before + redacted : wordsOf(field, value)
      }
    }
    return `${words === '' ? head.trimEnd() : `${head} ${words}`}\n${stacks}`
  }

  #fieldOf(key: string): Field {
    const known = this.#fields.get(key)
    if (known !== undefined) return known
    const before = ` ${word(key)}=`
    const field = { before, secret: isSecret(key), last: undefined, lastWords: before }
    if (this.#fields.size < mostFields) this.#fields.set(key, field)
    return field
  }
}

/** What is known of the fields of one name. */
interface Field {
  /** The name, as it stands before its value. */
  readonly before: string
  readonly secret: boolean
  /** The last value, and the name with it: most say the same from line to line. */
  last: unknown
  lastWords: string
}

function wordsOf(field: Field, value: unknown): string {
  if (value !== field.last) {
    field.lastWords = field.before + shown(value)
    field.last = isKept(value) ? value : undefined
  }
  return field.lastWords
}

/** Neither what may change, nor what is long. */
const isKept = (value: unknown): boolean =>
  typeof value === 'string' ? value.length < 100 : typeof value !== 'object'

function summary(record: ErrorRecord): string {
  const own = `${record.reason ?? record.type}: ${record.message}`
  return record.cause === undefined ? own : `${own} (${summary(record.cause)})`
}

function stackLines(error: ErrorRecord): string {
  let lines = ''
  let before = ''
  for (let at: ErrorRecord | undefined = error; at !== undefined; at = at.cause) {
    const stack = before + (at.stack ?? `${at.type}: ${at.message}`)
    for (const line of stack.split('\n')) lines += `    ${escapeControls(line.trim())}\n`
    before = 'caused by '
  }
  return lines
}

function shown(value: unknown): string {
  const plain = plainOf(value)
  if (typeof plain === 'number') return String(rounded(plain))
  if (typeof plain === 'string') return word(plain)
  return word(typeof plain === 'object' ? JSON.stringify(plain) : String(plain))
}

/** Three decimals are enough for people; what would vanish is left as it is. */
function rounded(value: number): number {
  return Number.isInteger(value) || Math.abs(value) < 0.001
    ? value
    : Math.round(value * 1000) / 1000
}

const word = (text: string) => (plainWord.test(text) ? text : escapeControls(JSON.stringify(text)))

// printable ASCII without space, quote and equals sign
const plainWord = /^[!#-<>-~]+$/

const padded: Record<LogLevel, string> = {
  error: 'error',
  warn: 'warn ',
  info: 'info ',
  debug: 'debug',
}

const mostFields = 500
