/** The four plots of the page. */
import type { BenchResult } from '../result.ts'
import { latencyAxis, linearAxis, logAxis, spanAxis } from './axes.ts'
import { percent, short, whole } from './numbers.ts'
import { bar, escapeText, line, type Paper, plot } from './svg.ts'

export function percentileCurve({ measured, slo }: BenchResult): string {
  const points = measured.percentiles
  const tail = points.filter(({ q }) => (1 - q) * measured.requests >= 0.5)
  const last = 1 - (tail.at(-1)?.q ?? 0.9)
  // 1/(1-q) is 10 at 90 %, 100 at 99 %: each nine takes as much room as the one before
  const x = logAxis('percentile', 1, Math.max(10, 1 / last))
  const nines = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999].filter((q) => 1 - q >= last * 0.99)
  return plot({
    title: 'Latency by percentile',
    x: { ...x, ticks: nines.map((q) => ({ at: 1 / (1 - q), text: percent(q) })) },
    y: latencyAxis('ms', [...tail.map(({ ms }) => ms), slo?.ms ?? null]),
    legend: [{ name: 'latency', style: 'first' }, ...sloKey(slo)],
    draw: (paper) =>
      line(
        paper,
        tail.map(({ q, ms }) => [1 / (1 - q), ms] as const),
        'first',
      ) +
      tail
        .filter(({ ms }) => ms !== null)
        .map(({ q, ms }) => dot(paper, 1 / (1 - q), ms!, `${percent(q)}: ${short(ms!)} ms`))
        .join('') +
      across(paper, slo?.ms, 1, 1 / last),
  })
}

export function latencyOverTime({ measured, slo }: BenchResult): string {
  const { slots, slotSeconds } = measured
  const end = slots.length * slotSeconds
  const values = slots.flatMap(({ p50, p99 }) => [p50, p99])
  const along = (of: 'p50' | 'p99') =>
    slots.map((slot) => [slot.atSeconds + slotSeconds / 2, slot[of]] as const)
  return plot({
    title: 'Latency over time',
    x: spanAxis('seconds, by when requests were due', end),
    y: latencyAxis('ms', [...values, slo?.ms ?? null]),
    legend: [{ name: 'p50', style: 'first' }, { name: 'p99', style: 'second' }, ...sloKey(slo)],
    draw: (paper) =>
      line(paper, along('p50'), 'first') +
      line(paper, along('p99'), 'second') +
      across(paper, slo?.ms, 0, end),
  })
}

export function rateOverTime({ measured }: BenchResult): string {
  const { slots, slotSeconds } = measured
  const end = slots.length * slotSeconds
  const perSecond = (count: number) => count / slotSeconds
  return plot({
    title: 'Rate over time',
    x: spanAxis('seconds, by when requests were due', end),
    y: linearAxis('a second', Math.max(...slots.map(({ sent }) => perSecond(sent)), 0)),
    legend: [
      { name: 'answered', style: 'first' },
      ...(measured.missed > 0 ? [{ name: 'missed', style: 'bad' }] : []),
    ],
    draw: (paper) =>
      slots
        .map(({ atSeconds: from, sent, answered, missed }) => {
          const to = from + slotSeconds
          const told = `${short(from)} s: ${whole(answered)} answered, ${whole(missed)} missed`
          const all = { from, to, value: perSecond(sent), told }
          const good = { from, to, value: perSecond(answered), told }
          return `${missed > 0 ? bar(paper, all, 'bad') : ''}${answered > 0 ? bar(paper, good, 'first') : ''}`
        })
        .join(''),
  })
}

export function latencyHistogram({ measured, slo }: BenchResult): string {
  const { histogram } = measured
  const least = Math.max(0.001, (histogram[0]?.upToMs ?? 0.1) * 0.9)
  const most = Math.max((histogram.at(-1)?.upToMs ?? 1) * 1.05, least * 2)
  const bins = 56
  const widthOfBin = Math.log(most / least) / bins
  const counts = new Array<number>(bins).fill(0)
  for (const { upToMs, count } of histogram) {
    const bin = Math.floor(Math.log(Math.max(upToMs, least) / least) / widthOfBin)
    counts[Math.min(bins - 1, bin)]! += count
  }
  const edge = (bin: number) => least * Math.exp(bin * widthOfBin)
  return plot({
    title: 'How many took how long',
    x: logAxis('ms', least, most),
    y: linearAxis('requests', Math.max(...counts)),
    legend: sloKey(slo),
    draw: (paper) =>
      counts
        .map((value, bin) => {
          const [from, to] = [edge(bin), edge(bin + 1)]
          const told = `${short(from)} to ${short(to)} ms: ${whole(value)}`
          return value === 0 ? '' : bar(paper, { from, to, value, told }, 'first')
        })
        .join('') + upright(paper, slo?.ms, least, most),
  })
}

const sloKey = (slo: BenchResult['slo']) =>
  slo === null ? [] : [{ name: `SLO, ${slo.ms} ms`, style: 'slo' }]

function across({ x, y }: Paper, at: number | undefined, from: number, to: number): string {
  if (at === undefined) return ''
  return `<line class="slo" x1="${x(from)}" x2="${x(to)}" y1="${y(at)}" y2="${y(at)}"/>`
}

function upright({ x, y, bottom }: Paper, at: number | undefined, least: number, most: number) {
  if (at === undefined || at < least || at > most) return ''
  const place = x(at)
  return `<line class="slo" x1="${place}" x2="${place}" y1="${bottom}" y2="${y(0) - 204}"/>`
}

const dot = ({ x, y }: Paper, at: number, value: number, told: string): string =>
  `<circle class="first" cx="${x(at)}" cy="${y(value)}" r="2.5"><title>${escapeText(told)}</title></circle>`
