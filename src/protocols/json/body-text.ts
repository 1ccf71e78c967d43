/** The text of a body, and how deeply its JSON may nest. */
import { isUtf8 } from 'node:buffer'
import { fail } from '../../errors.ts'
import { backslash, closeBrace, closeBracket, openBrace, openBracket, quote } from './characters.ts'

export function textOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw fail('BODY_MALFORMED', { problem: 'the body is not text in UTF-8' })
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text
}

/**
 * Refuses what nests deeper than any tensor: parsing deep nesting costs far more time than its
 * bytes suggest. Small bodies cannot cost much and are not looked at.
 */
export function checkDepth(bytes: Uint8Array): void {
  if (bytes.byteLength < smallBody) return
  let depth = 0
  let inString = false
  for (let at = 0; at < bytes.byteLength; at++) {
    const byte = bytes[at]
    if (inString) {
      if (byte === backslash) at += 1
      else if (byte === quote) inString = false
    } else if (byte === quote) inString = true
    else if (byte === openBracket || byte === openBrace) {
      depth += 1
      if (depth > maxDepth) {
        throw fail('BODY_MALFORMED', { problem: `the JSON nests deeper than ${maxDepth} levels` })
      }
    } else if (byte === closeBracket || byte === closeBrace) depth -= 1
  }
}

const smallBody = 16_384
const maxDepth = 100
const byteOrderMark = 0xfeff
