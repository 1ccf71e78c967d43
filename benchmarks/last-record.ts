/** What got worse since the result of record before. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from './environment.ts'
import { type Summary, worse } from './verdict.ts'

/** As in the JSON files of all commands. */
interface Recorded {
  readonly environment: Environment
  readonly summaries?: readonly Summary[]
  readonly parts?: readonly { readonly summaries: readonly Summary[] }[]
}

/** In one sentence; `folder` is below this one. To be asked before the new record is kept. */
export function sinceLastRecord(folder: string, now: readonly Summary[]): string {
  const last = lastRecord(folder)
  if (last === undefined) {
    return 'What got worse since the last record (there is none): nothing that both intervals show.'
  }
  const { date, git } = last.environment
  const earlier = last.summaries ?? (last.parts ?? []).flatMap((part) => part.summaries)
  const lost = worse(earlier, now).map(({ question, metric }) => `${question}: ${metric}`)
  return `What got worse since ${date.slice(0, 10)}, ${git.slice(0, 12)}: ${
    lost.join('; ') || 'nothing that both intervals show'
  }.`
}

function lastRecord(folder: string): Recorded | undefined {
  const place = join(import.meta.dirname, folder)
  const newest = (existsSync(place) ? readdirSync(place) : [])
    .filter((name) => name.endsWith('.json'))
    .sort()
    .at(-1)
  if (newest === undefined) return undefined
  return JSON.parse(readFileSync(join(place, newest), 'utf8')) as Recorded
}
