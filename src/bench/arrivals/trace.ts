/** A trace: the moments at which requests came, one a line, in seconds. */
import { WrongUsage } from '../../predict/index.ts'

/**
 * Milliseconds since the first one. Empty lines and what follows a `#` are left out. Fails with
 * WrongUsage where a line is no number, or earlier than the one before.
 */
export function parseTrace(text: string): readonly number[] {
  const moments: number[] = []
  let first: number | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const word = line.replace(/#.*/, '').trim()
    if (word === '') continue
    const at = Number(word) * 1000
    if (!Number.isFinite(at)) throw wrong(index, 'expected seconds', word)
    first ??= at
    if (at - first < (moments.at(-1) ?? 0)) {
      throw wrong(index, 'expected no earlier moment than the one before', word)
    }
    moments.push(at - first)
  }
  if (moments.length === 0) throw new WrongUsage('the trace is empty, expected seconds, one a line')
  return moments
}

const wrong = (index: number, expected: string, got: string) =>
  new WrongUsage(`line ${index + 1} of the trace: ${expected}, got ${got.slice(0, 40)}`)
