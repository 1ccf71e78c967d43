/** "Did you mean": the known word nearest to one that is not known. */

/**
 * The candidate that differs least, or undefined where none is near. Capitals, hyphens and
 * underscores do not count: `max_body_bytes` is `maxBodyBytes`. Of equals, the first.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(plain(word).length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(plain(word), plain(candidate))
    if (distance < least) {
      best = candidate
      least = distance
    }
  }
  return best
}

/**
 * How many letters are inserted, removed, replaced or swapped with their neighbour between two
 * words (optimal string alignment).
 */
export function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i]
    const above = rows[i - 1]!
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = above[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      let least = Math.min(replaced, above[j]! + 1, row[j - 1]! + 1)
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        least = Math.min(least, rows[i - 2]![j - 2]! + 1)
      }
      row.push(least)
    }
    rows.push(row)
  }
  return rows[from.length]![to.length]!
}

const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, '')
