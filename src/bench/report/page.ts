/** A result as one page of HTML: nothing is fetched, nothing runs. */
import type { BenchResult } from '../result.ts'
import {
  batchesText,
  loadLine,
  notesOf,
  sloText,
  splitRows,
  targetLine,
  verdictLine,
} from './facts.ts'
import { ms, percent, short, whole } from './numbers.ts'
import { latencyHistogram, latencyOverTime, percentileCurve, rateOverTime } from './plots.ts'
import { pageStyle } from './style.ts'
import { escapeText } from './svg.ts'

/** `command` is what was typed, to be able to do it again. */
export function reportPage(result: BenchResult, command: string): string {
  const { target, verdict } = result
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(`${target.model}: sluice bench`)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<header>
<h1>${escapeText(target.model)} <small>under load</small></h1>
<p>${escapeText(targetLine(result))}<br>${escapeText(loadLine(result))}</p>
<p class="verdict ${verdict.kind}"><b>${verdict.kind}</b>${escapeText(verdict.reasons.length === 0 ? '' : ` ${verdictLine(result).replace(/^[A-Z]+: /, '')}`)}</p>
${list(notesOf(result))}
</header>
<section class="tiles">
${tiles(result)}
</section>
<section class="plots">
${result.measured.answered > 0 ? [percentileCurve(result), latencyHistogram(result), latencyOverTime(result)].join('\n') : ''}
${rateOverTime(result)}
</section>
<section class="tables">
${tables(result, command)}
</section>
</main>
</body>
</html>
`
}

function tiles({ measured, slo, scenario, search }: BenchResult): string {
  const { rate, latencyMs, missed, requests } = measured
  const shown: readonly (readonly [string, string])[] = [
    ...(search?.rate === undefined || search === null
      ? []
      : [[`${short(search.rate)}/s`, 'highest rate that holds'] as const]),
    ...(scenario === null || scenario.value === null
      ? []
      : [[`${short(scenario.value)} ${scenario.unit}`, scenario.scenario] as const]),
    [`${short(rate.answered)}/s`, 'answered'],
    ...(rate.goodput === null
      ? []
      : [[`${short(rate.goodput)}/s`, `within ${slo?.ms} ms`] as const]),
    [milliseconds(latencyMs.p50), 'p50'],
    [milliseconds(latencyMs.p99), 'p99'],
    [requests === 0 ? '0' : percent(missed / requests), `missed of ${whole(requests)}`],
  ]
  return shown
    .map(
      ([value, name]) => `<div><b>${escapeText(value)}</b><span>${escapeText(name)}</span></div>`,
    )
    .join('\n')
}

function tables(result: BenchResult, command: string): string {
  const { measured, environment, search, load } = result
  const { latencyMs, misses, lateMs, generatorCores } = measured
  const slo = sloText(result)
  const batches = batchesText(result)
  return [
    table('Latency', [
      ...(['p50', 'p90', 'p95', 'p99'] as const).map(
        (p) => [p, milliseconds(latencyMs[p])] as const,
      ),
      ['p99.9', milliseconds(latencyMs.p999)],
      ['max of the answers', milliseconds(latencyMs.max)],
      ['mean of the answers', milliseconds(latencyMs.mean)],
      ...(slo === undefined ? [] : [['SLO', slo] as const]),
    ]),
    table(
      'Missed',
      misses.map(({ why, count }) => [why, whole(count)]),
    ),
    table('In the server, means', [
      ...splitRows(result).map((row) => [row.name, `${short(row.ms)} ms`] as const),
      ...(batches === undefined ? [] : [['batches', batches] as const]),
    ]),
    table(
      'Search',
      (search?.trials ?? []).map(({ rate, verdict, latencyMs: value, confirming, missed }) => [
        `${short(rate)}/s${confirming ? ' again' : ''}`,
        [
          verdict,
          ...(value === null ? [] : [milliseconds(value)]),
          ...(missed === 0 ? [] : [`${whole(missed)} missed`]),
        ].join(', '),
      ]),
    ),
    table('Generator', [
      ...(lateMs === null
        ? []
        : [
            ['sent late, p50', `${short(lateMs.p50)} ms`] as const,
            ['sent late, p99', `${short(lateMs.p99)} ms`] as const,
          ]),
      ['cores', generatorCores.toFixed(2)],
      ['timeout', `${load.timeoutMs} ms`],
      ...(load.maxInFlight === null ? [] : [['most in flight', `${load.maxInFlight}`] as const]),
      ['different requests', `${result.target.questions}`],
    ]),
    table('Where', [
      ['date', environment.date],
      ['sluice', environment.sluice],
      ['node', environment.node],
      ['system', environment.system],
      ['processor', `${environment.processor}, ${short(environment.cores)} cores`],
      ['memory', `${(environment.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
      ['load average before', environment.loadAverage.toFixed(2)],
    ]),
    `<div class="wide"><h2>Again</h2><pre>${escapeText(command)}</pre></div>`,
  ].join('\n')
}

function table(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return ''
  const lines = rows.map(
    ([name, value]) => `<tr><th>${escapeText(name)}</th><td>${escapeText(value)}</td></tr>`,
  )
  return `<div><h2>${escapeText(title)}</h2><table>${lines.join('')}</table></div>`
}

const list = (notes: readonly string[]): string =>
  notes.length === 0
    ? ''
    : `<ul class="notes">${notes.map((note) => `<li>${escapeText(note)}</li>`).join('')}</ul>`

const milliseconds = (value: number | null): string =>
  value === null ? ms(value) : `${ms(value)} ms`
