/** What was learned of one version, as it lies on disk. */

export interface LearnedFacts {
  /** Of which model and version, for people. */
  readonly of: string
  /** Why its rows cannot be joined, or null where they can; left out where it was not tried. */
  readonly apart?: string | null
  /** For each shape of requests what runs of so many rows take, in milliseconds. */
  readonly shapes: readonly {
    readonly shape: string
    readonly points: readonly { readonly rows: number; readonly ms: number }[]
  }[]
}

export function textOf(facts: LearnedFacts): string {
  const short = (ms: number) => Number(ms.toPrecision(4))
  const shapes = facts.shapes.map(({ shape, points }) => ({
    shape,
    points: points.map(({ rows, ms }) => ({ rows, ms: short(ms) })),
  }))
  return `${JSON.stringify({ format: FORMAT, ...facts, shapes }, null, 1)}\n`
}

/** Undefined for anything that `textOf` did not write. */
export function parseFacts(text: string): LearnedFacts | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(value) || value.format !== FORMAT) return undefined
  const { of, apart, shapes } = value
  const isApart = apart === undefined || apart === null || typeof apart === 'string'
  if (typeof of !== 'string' || !isApart || !isListOf(shapes, isShape)) return undefined
  return { of, ...(apart !== undefined && { apart }), shapes }
}

/** Whether it is worth writing: other sizes or shapes are known, or what runs take has changed much. */
export function saysNews(now: LearnedFacts, before: LearnedFacts | undefined): boolean {
  if (before === undefined) return now.apart !== undefined || now.shapes.length > 0
  if (now.apart !== before.apart || now.shapes.length !== before.shapes.length) return true
  return now.shapes.some(({ shape, points }) => {
    const known = before.shapes.find((other) => other.shape === shape)
    if (known?.points.length !== points.length) return true
    return points.some(({ rows, ms }, at) => {
      const other = known.points[at]!
      return rows !== other.rows || Math.abs(ms - other.ms) > MUCH * other.ms
    })
  })
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const isListOf = <Of>(value: unknown, isOne: (one: unknown) => one is Of): value is Of[] =>
  Array.isArray(value) && value.every(isOne)

type Shape = LearnedFacts['shapes'][number]
type Point = Shape['points'][number]

const isShape = (value: unknown): value is Shape =>
  isRecord(value) && typeof value.shape === 'string' && isListOf(value.points, isPoint)

const isPoint = (value: unknown): value is Point =>
  isRecord(value) &&
  Number.isInteger(value.rows) &&
  Number(value.rows) >= 1 &&
  Number.isFinite(value.ms) &&
  Number(value.ms) >= 0

const FORMAT = 1
const MUCH = 0.2
