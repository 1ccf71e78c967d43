/**
 * A line through the last runs: what a run takes whatever its rows, and what each row adds. It says
 * what sizes take that were never run.
 *
 * Tukey's resistant line: the medians of the smallest third and of the largest third are joined, so
 * that a few wild runs do not turn it.
 */
export interface Line {
  /** In milliseconds. */
  readonly fixed: number
  readonly perRow: number
}

export interface Run {
  readonly rows: number
  readonly ms: number
}

/** Undefined where the runs are too few or too alike in size to tell the two apart. */
export function lineThrough(runs: readonly Run[]): Line | undefined {
  const bySize = [...runs].sort((a, b) => a.rows - b.rows)
  const third = Math.floor(bySize.length / 3)
  if (third === 0) return undefined
  const small = middleOf(bySize.slice(0, third))
  const large = middleOf(bySize.slice(-third))
  if (small.rows === large.rows) return undefined
  // more rows never take less: where it looks so, it is noise
  const perRow = Math.max(0, (large.ms - small.ms) / (large.rows - small.rows))
  return { fixed: medianOf(bySize.map(({ rows, ms }) => ms - perRow * rows)), perRow }
}

function middleOf(runs: readonly Run[]): Run {
  return { rows: medianOf(runs.map(({ rows }) => rows)), ms: medianOf(runs.map(({ ms }) => ms)) }
}

function medianOf(values: number[]): number {
  values.sort((a, b) => a - b)
  return values[values.length >> 1]!
}
