/** Files that come as base64 in JSON, decoded a piece a turn of the event loop. */
import { setImmediate as aTurn } from 'node:timers/promises'

/**
 * The bytes, or undefined where the text is no base64: Node leaves out what it does not understand,
 * and half a file would be taken for a whole one. `text` is the inside of a JSON string, with its
 * escapes: some encoders write `\/` and `\u003d`, or break their lines.
 */
export async function decodeBase64(text: Buffer): Promise<Uint8Array | undefined> {
  const bytes = Buffer.allocUnsafeSlow(Math.ceil((text.byteLength * 3) / 4))
  let written = 0
  let left = ''
  for (let at = 0; at < text.byteLength; ) {
    if (at > 0) await aTurn()
    const end = endOfPiece(text, at)
    const piece = unescaped(text.toString('latin1', at, end))
    if (piece === undefined) return undefined
    const digits = left + piece
    at = end
    const whole =
      at === text.byteLength ? withoutPadding(digits) : digits.length - (digits.length % 4)
    if (whole === undefined) return undefined
    const got = bytes.write(digits.slice(0, whole), written, 'base64')
    if (got !== Math.floor((whole * 3) / 4)) return undefined
    written += got
    left = digits.slice(whole)
  }
  return bytes.subarray(0, written)
}

/** Never in the middle of an escape. */
function endOfPiece(text: Buffer, from: number): number {
  const end = from + pieceBytes
  // what ends it, a padding and a line's end, stays together
  if (end + 4 * longestEscape >= text.byteLength) return text.byteLength
  const started = text.subarray(end - longestEscape, end).lastIndexOf(backslash)
  return started === -1 ? end : end - longestEscape + started
}

function unescaped(text: string): string | undefined {
  if (!text.includes('\\') && !text.includes(' ')) return text
  try {
    return (JSON.parse(`"${text}"`) as string).replace(/\s+/g, '')
  } catch {
    return undefined
  }
}

/** How many digits there are before any `=`; undefined where these are not as many as they must be. */
function withoutPadding(text: string): number | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const digits = text.length - padding
  if (digits % 4 === 1 || (padding > 0 && text.length % 4 !== 0)) return undefined
  return digits
}

const backslash = 0x5c
const longestEscape = 6

/** A few milliseconds' work. */
const pieceBytes = 2 ** 22
