/** A log line for people: `12:01:02.123 info  model loaded  model=iris version=1 ms=12`. */
import type { Fields, LogLevel } from '../log.ts'
import { type ErrorRecord, errorRecord, escapeControls, plainValue } from './fields.ts'

/**
 * One line and its newline; below it the stacks of the errors among the fields, each line
 * indented, when the level is `error`. `wall` is in milliseconds since 1970; shown is local time.
 */
export function textLine(level: LogLevel, event: string, fields: Fields, wall: number): string {
  let line = `${timeOfDay(wall)} ${level.padEnd(5)} ${escapeControls(event)} `
  let stacks = ''
  for (const key in fields) {
    const value = fields[key]
    if (value === undefined) continue
    if (value instanceof Error) {
      const record = errorRecord(value, level === 'error')
      line += ` ${word(key)}=${word(summary(record))}`
      if (level === 'error') stacks += stackLines(record)
    } else {
      line += ` ${word(key)}=${word(shown(plainValue(key, value)))}`
    }
  }
  return `${line.trimEnd()}\n${stacks}`
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

function shown(value: ReturnType<typeof plainValue>): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(rounded(value))
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
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

function timeOfDay(wall: number): string {
  const at = new Date(wall)
  const ms = at.getMilliseconds()
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms < 100 ? '0' : ''}${two(ms)}`
}

const two = (value: number) => (value < 10 ? `0${value}` : `${value}`)
