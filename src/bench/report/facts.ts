/** What is said of a result in words: the same on the terminal and on the page. */
import type { BenchResult } from '../result.ts'
import { counted, percent, short } from './numbers.ts'

export function targetLine({ target }: BenchResult): string {
  const version = target.version === null ? '' : ` version ${target.version}`
  const by = target.server === null ? '' : ` of ${target.server}`
  return `${target.model}${version} at ${target.address}, ${target.protocol}${by}`
}

export function loadLine({ load, target, scenario }: BenchResult): string {
  const named = scenario === null ? '' : `scenario ${scenario.scenario}: `
  const kind =
    load.kind === 'open'
      ? `open loop, ${load.arrivals}${load.rate === null ? '' : `, ${short(load.rate)} a second`}`
      : `closed loop, ${counted(load.clients ?? 1, 'client')}`
  const atOnce = (load.perQuery ?? 1) > 1 ? `, ${load.perQuery} requests at once` : ''
  const time = load.seconds === null ? '' : ` for ${short(load.seconds)} s`
  const warmUp = load.warmUpSeconds === 0 ? 'no warm-up' : `${load.warmUpSeconds} s warm-up`
  return `${named}${kind}${atOnce}${time} (${warmUp}), ${counted(target.rows, 'row')} a request, seed ${load.seed}`
}

/** One line that says what it came to. */
export function verdictLine({ verdict }: BenchResult): string {
  const [first = 'done', ...others] = verdict.reasons
  const head = { done: '', failed: 'FAILED: ', inconclusive: 'INCONCLUSIVE: ' }[verdict.kind]
  return [`${head}${first}`, ...others].join('; ')
}

/** What one should know before one believes the figures. */
export function notesOf(result: BenchResult): readonly string[] {
  const { measured, load, target, scenario } = result
  const { cacheHits = 0 } = measured.server ?? {}
  return [
    ...(load.kind === 'closed' && scenario === null
      ? ['a closed loop asks a slow server less: for latency under a load, give --rate']
      : []),
    ...(scenario === null || scenario.rules.length === 0
      ? []
      : [`no MLPerf submission: ${scenario.rules.join(', ')}`]),
    ...measured.unsteady,
    ...(cacheHits > 0
      ? [`${cacheHits} answers came from the server's cache, which says nothing of the model`]
      : []),
    ...(target.protocol === 'in-process'
      ? ['the load is made in the process that runs the model: they share its event loop']
      : isLocal(target.address)
        ? ['the load was made on the machine of the server: they shared its cores']
        : []),
    ...(result.verdict.kind === 'inconclusive' ? [] : measured.invalid),
  ]
}

export interface SplitRow {
  readonly name: string
  readonly ms: number
}

/** Where a request's time went, in the server's own words; what is left is everything else. */
export function splitRows({ measured }: BenchResult): readonly SplitRow[] {
  const { server, latencyMs } = measured
  if (server === null) return []
  const { queueMs, inputMs, inferMs, outputMs } = server
  const rows = [
    { name: 'queue', ms: queueMs },
    { name: 'input', ms: inputMs },
    { name: 'infer', ms: inferMs },
    { name: 'output', ms: outputMs },
  ]
  const inside = queueMs + inputMs + inferMs + outputMs
  const rest = (latencyMs.mean ?? 0) - inside
  return rest > 0 ? [...rows, { name: 'elsewhere', ms: rest }] : rows
}

/** `3.2 rows a run (1: 40 %, 4: 60 %)`; undefined where the target does not count runs. */
export function batchesText({ measured }: BenchResult): string | undefined {
  const batches = measured.server?.batches ?? []
  const runs = batches.reduce((sum, batch) => sum + batch.runs, 0)
  if (runs === 0) return undefined
  const rows = batches.reduce((sum, batch) => sum + batch.rows * batch.runs, 0)
  const frequent = batches.toSorted((a, b) => b.runs - a.runs).slice(0, 6)
  const shares = frequent
    .filter((batch) => batch.runs / runs >= 0.005)
    .sort((a, b) => a.rows - b.rows)
    .map((batch) => `${batch.rows}: ${Math.round((100 * batch.runs) / runs)} %`)
  const more = batches.length > shares.length ? ', …' : ''
  return `${short(rows / runs)} rows a run (${shares.join(', ')}${more})`
}

export const sloText = ({ slo }: BenchResult): string | undefined =>
  slo === null ? undefined : `${percent(slo.percentile)} within ${slo.ms} ms`

function isLocal(address: string): boolean {
  const { hostname } = URL.parse(address) ?? { hostname: '' }
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}
