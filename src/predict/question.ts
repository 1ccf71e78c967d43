/** What is asked, from the command line: JSON, `@file` (CSV by its ending), or `-` for the input. */
import { extname } from 'node:path'
import { whyUnreadable } from '../config/index.ts'
import { fail, ServingError } from '../errors.ts'

/** A request to the plain API. */
export interface Question {
  readonly contentType: 'application/json' | 'text/csv'
  readonly bytes: Uint8Array
}

export interface QuestionSources {
  readonly readFile: (path: string) => Promise<Uint8Array>
  readonly readStdin: () => Promise<Uint8Array>
}

/** Fails with BODY_MALFORMED for what cannot be read, or is no JSON. */
export async function readQuestion(input: string, sources: QuestionSources): Promise<Question> {
  if (input === '-') return jsonQuestion('the standard input', await sources.readStdin())
  if (!input.startsWith('@')) return jsonQuestion('--input', Buffer.from(input), hintFor(input))
  const path = input.slice(1)
  const bytes = await readFile(path, sources)
  if (extname(path).toLowerCase() === '.csv') return { contentType: 'text/csv', bytes }
  return jsonQuestion(path, bytes, 'CSV is read from files whose names end in .csv')
}

/**
 * A whole body as it is; anything else is the value of its `features`. It is put there as text, so
 * that no digit is lost.
 */
function jsonQuestion(origin: string, bytes: Uint8Array, hint?: string): Question {
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\ufeff/, '')
  const value = parse(origin, text, hint)
  const isBody =
    typeof value === 'object' && value !== null && ('features' in value || 'inputs' in value)
  const body = isBody ? text : `{"features":${text}}`
  return { contentType: 'application/json', bytes: Buffer.from(body) }
}

function parse(origin: string, text: string, hint?: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    const { message } = thrown as SyntaxError
    const why = text.trim() === '' ? 'it is empty' : message.replace(/^U/, 'u')
    throw fail('BODY_MALFORMED', {
      problem: `${origin} is not JSON: ${why}`,
      hint: hint ?? 'for instance [5.1, 3.5] or {"features": [5.1, 3.5]}',
    })
  }
}

async function readFile(path: string, sources: QuestionSources): Promise<Uint8Array> {
  try {
    return await sources.readFile(path)
  } catch (thrown) {
    if (thrown instanceof ServingError) throw thrown
    throw fail('BODY_MALFORMED', { problem: `${path}: ${whyUnreadable(thrown)}` }, thrown)
  }
}

const hintFor = (input: string): string =>
  /\.(?:json|csv)$/i.test(input)
    ? `for the content of a file: --input @${input}`
    : `quote it for the shell: --input '[5.1, 3.5]'`
