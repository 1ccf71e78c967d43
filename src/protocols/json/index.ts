/** JSON bodies, for the protocols that have them. */
import { fail, ServingError } from '../../errors.ts'
import { parseJson } from '../../tensor/index.ts'
import { checkDepth, textOf } from './body-text.ts'
import { duplicateKey } from './duplicate-key.ts'

export { textOf } from './body-text.ts'
export { closeBrace, closeBracket, openBrace, openBracket, quote } from './characters.ts'
export { type CutBody, cutLongStrings } from './long-strings.ts'
export { quotedName } from './quoted-name.ts'

/** Parses a body and decodes it, keeping every digit of large integers. */
export function decodeJsonBody<T>(bytes: Uint8Array, decode: (body: unknown) => T): T {
  return decodeText(jsonText(bytes), decode)
}

/** The same, and refuses a key that is given twice where inputs have their names from keys. */
export function decodeNamedJsonBody<T>(bytes: Uint8Array, decode: (body: unknown) => T): T {
  const text = jsonText(bytes)
  const decoded = decodeText(text, decode)
  const key = duplicateKey(text)
  if (key === undefined) return decoded
  throw fail('BODY_MALFORMED', { problem: `"${key.slice(0, 100)}" is given twice` })
}

function jsonText(bytes: Uint8Array): string {
  if (bytes.byteLength === 0) {
    throw fail('BODY_MALFORMED', { problem: 'the body is empty, expected JSON' })
  }
  checkDepth(bytes)
  return textOf(bytes)
}

function decodeText<T>(text: string, decode: (body: unknown) => T): T {
  try {
    return parseJson(text, decode)
  } catch (thrown) {
    if (thrown instanceof ServingError || !(thrown instanceof SyntaxError)) throw thrown
    throw fail('BODY_MALFORMED', {
      problem: `the body is not JSON: ${whereOf(thrown, text)}`,
      ...(pythonFloat.test(text) && { hint: floatsHint }),
    })
  }
}

/** The parser's words without the excerpt of the body that it quotes. */
function whereOf({ message }: SyntaxError, text: string): string {
  if (text.trim() === '') return 'it is blank'
  if (/^Unexpected end|^Unterminated string/.test(message)) return 'it ends too early'
  const position = /position (\d+)/.exec(message)?.[1]
  if (position === undefined) {
    const token = /^Unexpected token '(.+)', /su.exec(message)?.[1]
    return token === undefined ? 'it is no value' : `unexpected ${JSON.stringify(token)}`
  }
  const before = text.slice(0, Number(position))
  const line = before.split('\n').length
  const column = before.length - before.lastIndexOf('\n')
  return `unexpected character at line ${line}, column ${column}`
}

/** What Python's json.dumps writes for floats that are not finite. */
const pythonFloat = /(?:^|[[,:\s])-?(?:NaN|Infinity)(?:$|[\],}\s])/
const floatsHint = 'a float that is not finite is the string "NaN", "Infinity" or "-Infinity"'
