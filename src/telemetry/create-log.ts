/** The log of a process: a level, a format, a destination. */
import { type Clock, systemClock } from '../clock.ts'
import { type Fields, LOG_LEVELS, type Log, type LogLevel } from '../log.ts'
import { JsonLines } from './json-line.ts'
import { BufferedOutput, directOutput, type Output } from './output.ts'
import { TextLines } from './text-line.ts'

export interface LogOptions {
  /** The least important level that is written. */
  readonly level: LogLevel
  readonly format: 'text' | 'json'
  /** A file descriptor, written to by the thread pool, or whoever takes each line at once. */
  readonly destination: number | { write(text: string): void }
  readonly clock?: Clock
  /** Milliseconds since 1970. */
  readonly wallNow?: () => number
}

/** A log that may hold back lines for a moment: whoever ends the process closes it. */
export interface ProcessLog extends Log, Pick<Output, 'flush' | 'flushSync' | 'close'> {}

export function createLog(options: LogOptions): ProcessLog {
  const { level, format, destination, clock = systemClock, wallNow = Date.now } = options
  const output: Output =
    typeof destination === 'number'
      ? new BufferedOutput(destination, clock, (lines) => log.warn('log lines lost', { lines }))
      : directOutput(destination)
  const lines = format === 'json' ? new JsonLines() : new TextLines()

  const wanted = LOG_LEVELS.indexOf(level)
  const method = (at: LogLevel) =>
    LOG_LEVELS.indexOf(at) > wanted
      ? () => {}
      : (event: string, fields: Fields = noFields) =>
          output.write(lines.line(at, event, fields, wallNow()))

  const log: ProcessLog = {
    error: method('error'),
    warn: method('warn'),
    info: method('info'),
    debug: method('debug'),
    flush: () => output.flush(),
    flushSync: () => output.flushSync(),
    close: () => output.close(),
  }
  return log
}

const noFields: Fields = {}
