/**
 * Finds a key that is given twice in the body's object or in one right inside it. `JSON.parse` keeps
 * the last of them without a word, and a request that gives an input twice would be half lost.
 * For text that was parsed already, so that it is known to be JSON.
 */
import { backslash, closeBrace, closeBracket, openBrace, openBracket, quote } from './characters.ts'

export function duplicateKey(text: string): string | undefined {
  const keys: (Set<string> | undefined)[] = []
  let at = 0
  while (at < text.length) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = endOfString(text, at)
        const seen = keys.length <= deepest ? keys.at(-1) : undefined
        if (seen !== undefined && isKey(text, end)) {
          const key = JSON.parse(text.slice(at, end)) as string
          if (seen.has(key)) return key
          seen.add(key)
        }
        at = end
        continue
      }
      case openBrace:
        keys.push(new Set())
        break
      case openBracket:
        keys.push(undefined)
        break
      case closeBrace:
      case closeBracket:
        keys.pop()
    }
    at += 1
  }
  return undefined
}

/** The place behind the closing quote. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; ; at++) {
    const character = text.charCodeAt(at)
    if (character === quote || Number.isNaN(character)) return at + 1
    if (character === backslash) at += 1
  }
}

function isKey(text: string, from: number): boolean {
  let at = from
  while (text.charCodeAt(at) <= space) at += 1
  return text.charCodeAt(at) === colon
}

const deepest = 2
const colon = 0x3a
const space = 0x20
