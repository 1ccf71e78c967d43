/** A log line for people: `12:01:02.123 info  model loaded  model=iris version=1 ms=12`. */
import type { Fields, LogLevel } from '../log.ts'
import { type ErrorRecord, errorRecord, escapeControls, plainOf } from './fields.ts'
import { KnownFields } from './known-fields.ts'
import { TimeOfDay } from './time-of-day.ts'

/**
 * One line and its newline; below it the stacks of the errors among the fields, each line
 * indented, when the level is `error`.
 */
export class TextLines {
  readonly #time = new TimeOfDay()
  readonly #fields = new KnownFields((name) => ` ${word(name)}=`, shown)

  /** `wall` is in milliseconds since 1970; shown is local time. */
  line(level: LogLevel, event: string, fields: Fields, wall: number): string {
    const head = `${this.#time.at(wall)} ${padded[level]} ${escapeControls(event)}`
    let words = ''
    let stacks = ''
    for (const key in fields) {
      const value = fields[key]
      if (value === undefined) continue
      if (value instanceof Error) {
        const record = errorRecord(value, level === 'error')
        words += this.#fields.before(key) + word(summary(record))
        if (level === 'error') stacks += stackLines(record)
      } else {
        words += this.#fields.text(key, value)
      }
    }
    return `${words === '' ? head.trimEnd() : `${head} ${words}`}\n${stacks}`
  }
}

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
