/** Where in a text its reader gives up, for readers that do not tell. */
import { endsTooSoon } from './explain-protobuf.ts'

/**
 * The first line, counted from 1, up to which the text is refused for the reason for which all of
 * it is: what is cut off before that is refused for its end alone, or not at all. Reads the text as
 * often as its number of lines can be halved. No token may span lines.
 */
export function lineOfError(text: string, read: (part: string) => unknown): number {
  const lines = text.split('\n')
  const reason = reasonOf(text, read)
  if (reason === undefined || endsTooSoon(reason)) return lastLine(lines)
  let good = 0
  let bad = lines.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (reasonOf(`${lines.slice(0, middle).join('\n')}\n`, read) === reason) bad = middle
    else good = middle
  }
  return bad
}

const lastLine = (lines: readonly string[]): number =>
  Math.max(1, lines.findLastIndex((line) => line.trim() !== '') + 1)

function reasonOf(part: string, read: (part: string) => unknown): string | undefined {
  try {
    read(part)
    return undefined
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}
