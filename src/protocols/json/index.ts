/** JSON bodies, for the protocols that have them. */
import { fail, ServingError } from '../../errors.ts'
import { parseJson } from '../../tensor/index.ts'
import { checkDepth, textOf } from './body-text.ts'

export { textOf } from './body-text.ts'

/** Parses a body and decodes it, keeping every digit of large integers. */
export function decodeJsonBody<T>(bytes: Uint8Array, decode: (body: unknown) => T): T {
  if (bytes.byteLength === 0) {
    throw fail('BODY_MALFORMED', { problem: 'the body is empty, expected JSON' })
  }
  checkDepth(bytes)
  const text = textOf(bytes)
  try {
    return parseJson(text, decode)
  } catch (thrown) {
    if (thrown instanceof ServingError || !(thrown instanceof SyntaxError)) throw thrown
    throw fail('BODY_MALFORMED', { problem: `the body is not JSON: ${whereOf(thrown, text)}` })
  }
}

/** The parser's words without the excerpt of the body that it quotes. */
function whereOf({ message }: SyntaxError, text: string): string {
  const position = /position (\d+)/.exec(message)?.[1]
  if (position === undefined) return text.trim() === '' ? 'it is blank' : 'it ends too early'
  const before = text.slice(0, Number(position))
  const line = before.split('\n').length
  const column = before.length - before.lastIndexOf('\n')
  return `unexpected character at line ${line}, column ${column}`
}
