/** A result for the terminal. */
import type { BenchResult } from '../result.ts'
import { batchesText, loadLine, notesOf, splitRows, targetLine, verdictLine } from './facts.ts'
import { ms, percent, short, whole } from './numbers.ts'

export function reportTable(result: BenchResult): string {
  const { measured, scenario, search } = result
  const rows: readonly (readonly [title: string, text: string])[] = [
    ['requests', requestsText(result)],
    ...measured.misses.map(({ why, count }): [string, string] => ['', `${whole(count)} × ${why}`]),
    ['rate', rateText(result)],
    ['latency', latencyText(result)],
    ...serverRows(result),
    ['generator', generatorText(result)],
    ...(scenario === null
      ? []
      : [[scenario.scenario, scenarioText(scenario)] satisfies [string, string]]),
  ]
  const width = Math.max(...rows.map(([title]) => title.length))
  const notes = notesOf(result).map((note) => `note: ${note}`)
  const lines = [
    targetLine(result),
    loadLine(result),
    '',
    ...(search === null ? [] : [...trialLines(search), '']),
    ...rows.map(([title, text]) => `${title.padEnd(width)}  ${text}`),
    ...(notes.length > 0 ? [''] : []),
    ...notes,
    '',
    verdictLine(result),
  ]
  return `${lines.join('\n')}\n`
}

function requestsText({ measured, target, load }: BenchResult): string {
  const { answered, missed, warmUpRequests } = measured
  const what = load.perQuery === null || load.perQuery === 1 ? '' : ' queries'
  const checked = target.checked ? ' as the first time' : ''
  return `${whole(answered)}${what} answered${checked}, ${whole(missed)} missed (${whole(warmUpRequests)} more to warm up)`
}

function rateText({ measured, slo }: BenchResult): string {
  const { rate } = measured
  return [
    `${short(rate.answered)} answers/s`,
    ...(rate.scheduled === null ? [] : [`${short(rate.scheduled)} scheduled`]),
    ...(rate.rows === rate.answered ? [] : [`${short(rate.rows)} rows/s`]),
    ...(rate.goodput === null ? [] : [`${short(rate.goodput)} within ${slo?.ms} ms`]),
  ].join(', ')
}

function latencyText({ measured }: BenchResult): string {
  const { p50, p90, p95, p99, p999, mean, max } = measured.latencyMs
  const shares = { p50, p90, p95, p99, 'p99.9': p999 }
  const told = Object.entries(shares).map(([name, value]) => `${name} ${ms(value)}`)
  const ofAnswers = mean === null ? '' : `  max ${ms(max)}  mean ${ms(mean)}`
  return `${told.join('  ')}${ofAnswers}  (ms)`
}

function serverRows(result: BenchResult): readonly (readonly [string, string])[] {
  const rows = splitRows(result)
  if (rows.length === 0) return []
  const batches = batchesText(result)
  const isServer = result.target.protocol !== 'in-process'
  return [
    [
      isServer ? 'server' : 'inside',
      `${rows.map((row) => `${row.name} ${short(row.ms)}`).join('  ')}  (ms, means)`,
    ],
    ...(batches === undefined ? [] : [['', batches] as const]),
  ]
}

function generatorText({ measured }: BenchResult): string {
  const { lateMs, generatorCores } = measured
  const late =
    lateMs === null ? '' : `sent ${short(lateMs.p50)} ms late (p99 ${short(lateMs.p99)}), `
  return `${late}${generatorCores.toFixed(2)} of a core`
}

function scenarioText({ value, unit, why }: NonNullable<BenchResult['scenario']>): string {
  return value === null ? why : `${short(value)} ${unit}: ${why}`
}

function trialLines({ trials }: NonNullable<BenchResult['search']>): readonly string[] {
  return trials.map(({ rate, verdict, confirming, requests, missed, latencyMs, invalid }) => {
    const told = [
      ...(latencyMs === null ? [] : [`${ms(latencyMs)} ms`]),
      ...(missed === 0 ? [] : [`${percent(missed / requests)} missed`]),
      ...(confirming ? ['again, for longer'] : []),
      ...invalid,
    ]
    return `${short(rate).padStart(8)}/s  ${verdict.padEnd(7)}  ${told.join(', ')}`
  })
}
