/**
 * The traffic envelope of the last while: how many rows came in the last quarter of a second, the
 * last half, and so on, each twice as long as the one before. A burst shows in the short ones long
 * before a mean would tell of it. Pure.
 * Source: InferLine (Crankshaw et al., SoCC 2020), whose tuner goes by such an envelope.
 */

/** Looks at a counter of rows, the oldest first. */
export type Envelope = readonly Look[]

export interface Look {
  readonly now: number
  readonly rows: number
}

/** With a further look; what is older than the longest window is forgotten. */
export function look(envelope: Envelope, next: Look): Envelope {
  const oldest = next.now - longestMs
  const from = envelope.findLastIndex(({ now }) => now <= oldest)
  return [...envelope.slice(Math.max(0, from)), next]
}

/**
 * Executors that would have kept up with the worst of the windows, if each row takes `rowMs` of one
 * and may wait for `budgetMs` beyond the window in which it came.
 */
export function neededForBursts(envelope: Envelope, rowMs: number, budgetMs: number): number {
  const last = envelope.at(-1)
  if (last === undefined) return 0
  let needed = 0
  for (let windowMs = shortestMs; windowMs <= longestMs; windowMs *= 2) {
    const first = envelope.findLast(({ now }) => now <= last.now - windowMs)
    if (first === undefined) break
    const rows = last.rows - first.rows
    needed = Math.max(needed, (rows * rowMs) / (last.now - first.now + budgetMs))
  }
  return needed
}

const shortestMs = 250
const longestMs = 32_000
