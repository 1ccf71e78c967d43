/** Results as Markdown, and their place between two markers of a page. Pure. */
import type { Summary } from './verdict.ts'

const headings = ['question', 'metric', 'median', '95 % interval', 'bar', 'verdict', 'rounds']

export function table(summaries: readonly Summary[]): string {
  const rows = summaries.map((summary, i) => [
    summary.question === summaries[i - 1]?.question ? '' : summary.question,
    summary.metric,
    value(summary, summary.median),
    summary.low === undefined
      ? '-'
      : `${value(summary, summary.low)} to ${value(summary, summary.high)}`,
    barOf(summary),
    summary.verdict,
    summary.rounds === 0 ? '-' : `${summary.kept} of ${summary.rounds}`,
  ])
  return markdown(headings, rows)
}

/** Each row has a cell for each heading. */
export function markdown(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = headings.map((heading, column) =>
    Math.max(...[heading, ...rows.map((row) => row[column]!)].map((cell) => cell.length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [line(headings), rule, ...rows.map(line)].join('\n')
}

/** Puts text between the two markers; everything else stays as it is. */
export function between(page: string, begin: string, end: string, text: string): string {
  const from = page.indexOf(begin)
  const to = page.indexOf(end, from)
  if (from < 0 || to < 0) throw new Error(`the page has no place between ${begin} and ${end}`)
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`
}

const barOf = (summary: Summary) =>
  summary.bar === null
    ? ''
    : `${summary.better === 'less' ? 'at most' : 'at least'} ${value(summary, summary.bar)}`

function value({ unit }: Summary, number: number | undefined): string {
  if (number === undefined) return '-'
  const whole = unit === '' && Number.isInteger(number)
  const digits = whole || Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 3
  return `${number.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`
}
