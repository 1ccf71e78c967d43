/** Log lines for machines, by pino: `{"level":"info","time":"2026-…Z","msg":"model loaded",…}`. */
import type { Fields, LogLevel } from '../log.ts'
import { errorRecord, escapeControls, plainValue } from './fields.ts'
import type { Output } from './output.ts'

export type WriteLine = (level: LogLevel, event: string, fields: Fields) => void

/** Imports pino, which takes some tens of milliseconds. */
export async function jsonLines(output: Output, wallNow: () => number): Promise<WriteLine> {
  const { pino } = await import('pino')
  const logger = pino(
    {
      base: null,
      level: 'debug',
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date(wallNow()).toISOString()}"`,
    },
    // pino escapes what JSON asks for; a terminal obeys more
    { write: (line: string) => output.write(`${escapeControls(line.slice(0, -1))}\n`) },
  )
  return (level, event, fields) => logger[level](record(level, fields), event)
}

function record(level: LogLevel, fields: Fields): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  for (const key in fields) {
    const value = fields[key]
    if (value === undefined) continue
    plain[taken.has(key) ? `${key}_` : key] =
      value instanceof Error ? errorRecord(value, level === 'error') : plainValue(key, value)
  }
  return plain
}

const taken: ReadonlySet<string> = new Set(['level', 'time', 'msg'])
