/** Rows of the admin API as text: a line for each, or all that is known of a few. */
import { byteSize } from '../inspect/index.ts'
import type { JsonObject } from './models-server.ts'
import { printable } from './printable.ts'

/** The state in one word. */
export function stateOf({ state, loaded_when_asked: asleep }: JsonObject): string {
  if (asleep === true && state === 'unloaded') return 'asleep'
  return state === undefined ? 'not loaded' : wordOf(state)
}

/** A line for each row below the names of the columns; columns that nothing stands in are left out. */
export function tableOf(rows: readonly JsonObject[]): string {
  if (rows.length === 0) return 'no models\n'
  const lines = rows.map((row) => columns.map(([, of]) => of(row)))
  const used = columns.map((_column, at) => lines.some((line) => line[at] !== ''))
  const all = [columns.map(([title]) => title), ...lines].map((line) =>
    line.filter((_cell, at) => used[at]),
  )
  const widths = all[0]!.map((_title, at) => Math.max(...all.map((line) => line[at]!.length)))
  return all
    .map((line) => `${line.map((cell, at) => cell.padEnd(widths[at]!)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('')
}

/** Everything of one row, one fact a line. */
export function detailsOf(row: JsonObject): string {
  const files = listOf(row.files).map(
    ({ path, bytes, sha256 }) => `${wordOf(path)}  ${sizeOf(bytes)}  sha256:${wordOf(sha256)}`,
  )
  const facts: readonly (readonly [string, string])[] = [
    ['why', wordOf(row.why)],
    ['asked', askedBy(row)],
    ['platform', wordOf(row.platform)],
    ['provider', wordOf(row.provider)],
    ['memory', sizeOf(row.memory_bytes)],
    ['digest', wordOf(row.digest)],
    ['batching', batchingOf(row.batching)],
    ...files.map((file, at) => [at === 0 ? 'files' : '', file] as const),
  ]
  const version = row.version === undefined ? '' : `, version ${wordOf(row.version)}`
  const lines = facts
    .filter(([, fact]) => fact !== '')
    .map(([title, fact]) => `  ${title.padEnd(8)}  ${fact}\n`)
  return `${wordOf(row.name)}${version}: ${stateOf(row)}\n${lines.join('')}`
}

/** Whether its requests share runs, and how many rows make one worth while. */
function batchingOf(batching: unknown): string {
  if (typeof batching !== 'object' || batching === null) return ''
  const { joined, why, limits } = batching as JsonObject
  if (joined !== true) return `requests run apart: ${wordOf(why)}`
  const rows = listOf(limits).map((limit) => Number(limit.rows))
  if (rows.length === 0) return 'requests are joined'
  const [least, most] = [Math.min(...rows), Math.max(...rows)]
  return `requests are joined, up to ${least === most ? most : `${least} to ${most}`} rows`
}

const columns: readonly (readonly [string, (row: JsonObject) => string])[] = [
  ['model', ({ name }) => wordOf(name)],
  ['version', ({ version }) => wordOf(version)],
  ['state', stateOf],
  ['asked', askedBy],
  ['provider', ({ provider }) => wordOf(provider)],
  ['memory', ({ memory_bytes: bytes }) => sizeOf(bytes)],
  ['why', ({ why }) => wordOf(why)],
]

/** How requests come to ask it, besides by its number. */
function askedBy({ stable, labels }: JsonObject): string {
  const names = Array.isArray(labels) ? labels.map((label) => `as ${wordOf(label)}`) : []
  return [...(stable === true ? ['by default'] : []), ...names].join(', ')
}

const sizeOf = (bytes: unknown): string => (typeof bytes === 'number' ? byteSize(bytes) : '')

/** In one line, and safe to show. */
const wordOf = (value: unknown): string =>
  value === undefined ? '' : printable(`${value}`.replace(/\s*\n\s*/g, ' '))

const listOf = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly JsonObject[]) : []
