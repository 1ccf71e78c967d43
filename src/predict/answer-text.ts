/**
 * The plain API's answer for people: the prediction first, scores beside the names of their
 * classes. Numbers are rounded to seven digits, scores to four, and what is long is cut: the JSON
 * has it all.
 */
export function answerText(answer: string, labels: readonly unknown[] | undefined): string {
  const { prediction, probability, outputs, ...about } = JSON.parse(answer, keepDigits) as Answer
  const lines =
    outputs !== undefined
      ? aligned(Object.entries(outputs).map(([name, value]) => [name, cut(shown(value))]))
      : Array.isArray(prediction)
        ? rows(prediction, probability as readonly Scores[] | undefined, labels)
        : oneRow(prediction, probability as Scores | undefined, labels)
  return `${lines.join('\n')}\nversion ${about.model_version}, ${about.latency_ms} ms\n`
}

interface Answer {
  readonly prediction?: unknown
  readonly probability?: unknown
  readonly outputs?: Readonly<Record<string, unknown>>
  readonly model_version: string
  readonly latency_ms: number
}

/** Numbers, and strings for those that are not finite. */
type Scores = readonly (number | string)[]

function oneRow(
  prediction: unknown,
  scores: Scores | undefined,
  labels: readonly unknown[] | undefined,
): readonly string[] {
  const head = ['prediction', shown(prediction)]
  if (scores === undefined) return aligned([head])
  const names = classNames(scores.length, labels)
  const ranked = scores
    .map((score, at) => ({ name: names[at]!, score }))
    .sort((a, b) => Number(b.score) - Number(a.score))
  const best = ranked.slice(0, mostClasses).map(({ name, score }) => [name, scoreText(score)])
  const more = ranked.length - best.length
  const scored = aligned(best).map((line, at) => [at === 0 ? 'probability' : '', line])
  if (more > 0) scored.push(['', `and ${more} more`])
  return aligned([head, ...scored])
}

function rows(
  predictions: readonly unknown[],
  scores: readonly Scores[] | undefined,
  labels: readonly unknown[] | undefined,
): readonly string[] {
  const classes = scores?.[0]?.length ?? 0
  const inFull = classes > 0 && classes <= mostClasses
  const titles = inFull ? classNames(classes, labels) : scores === undefined ? [] : ['highest']
  const lines = predictions.map((prediction, row) => {
    const own = scores?.[row] ?? []
    const told = inFull ? own.map(scoreText) : scores === undefined ? [] : [scoreText(highest(own))]
    return [`${row}`, shown(prediction), ...told]
  })
  return aligned([['row', 'prediction', ...titles], ...lines])
}

const highest = (scores: Scores): number => scores.map(Number).reduce((a, b) => Math.max(a, b), 0)

function classNames(count: number, labels: readonly unknown[] | undefined): readonly string[] {
  return Array.from({ length: count }, (_, at) =>
    labels?.length === count ? shown(labels[at]) : `class ${at}`,
  )
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (typeof value === 'number') return `${Number.isInteger(value) ? value : rounded(value)}`
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return `${value}`
}

const scoreText = (score: number | string): string =>
  typeof score === 'number' ? `${Number(score.toPrecision(4))}` : score

const rounded = (value: number): number => Number(value.toPrecision(7))

/** Columns, each as wide as its widest cell. */
function aligned(table: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = []
  for (const cells of table) {
    for (const [at, cell] of cells.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  }
  return table.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  )
}

const cut = (text: string): string =>
  text.length > longest ? `${text.slice(0, longest)}… (--json prints all)` : text

const mostClasses = 10
const longest = 1000

/** Integers that a number would round keep their digits, as text. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  const isRounded = typeof value === 'number' && !Number.isSafeInteger(value)
  return isRounded && source !== undefined && /^-?\d+$/.test(source) ? source : value
}
