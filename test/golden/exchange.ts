/** Golden exchanges as text: see `README.md`. */
import { type IncomingHttpHeaders, request } from 'node:http'

export interface Golden {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** The request and the dashes, as they are written. */
  readonly asked: string
  readonly response: Expected
}

export interface Expected {
  /** Undefined in a file that has no response yet. */
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>
  /** With its escapes and placeholders. */
  readonly body: string
}

export interface Came {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export function parseGolden(text: string): Golden {
  const [dashes] = /^-{5,}\n/m.exec(text) ?? []
  if (dashes === undefined) throw new Error('there is no line of dashes')
  const at = text.indexOf(dashes)
  const asked = text.slice(0, at + dashes.length)
  const question = parseMessage(text.slice(0, at))
  const response = parseMessage(text.slice(at + dashes.length))
  const [method = '', path = ''] = question.first.split(' ')
  const status = response.first === '' ? undefined : Number(response.first)
  const body = fromEscaped(question.body)
  return { method, path, headers: question.headers, body, asked, response: { ...response, status } }
}

export function send(port: number, { method, path, headers, body }: Golden): Promise<Came> {
  const length = method === 'GET' ? {} : { 'content-length': `${body.byteLength}` }
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, agent: false }
    const sent = request({ ...options, headers: { ...length, ...headers } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0, headers } = response
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks) })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** What is not as it should be, a line each. */
export function differences(expected: Expected, came: Came): readonly string[] {
  const told = [...[['status', `${expected.status}`] as const], ...Object.entries(expected.headers)]
  const got = (name: string) => `${name === 'status' ? came.status : came.headers[name]}`
  return [
    ...told
      .filter(([name, value]) => !patternOf(value).test(got(name)))
      .map(([name, value]) => `${name}: expected ${value}, got ${got(name)}`),
    ...(patternOf(expected.body).test(toEscaped(came.body))
      ? []
      : [`body: expected\n${expected.body}\n  got\n${toEscaped(came.body)}`]),
  ]
}

/** The whole file with the response that came, and placeholders for what changes. */
export function rewritten({ asked, response }: Golden, came: Came): string {
  const names = Object.keys(response.headers)
  const usual = came.body.byteLength === 0 ? 'content-length' : 'content-type'
  const headers = (names.length === 0 ? [usual] : names)
    .map(
      (name) =>
        `${name}: ${response.headers[name]?.includes('{{') ? response.headers[name] : came.headers[name]}\n`,
    )
    .join('')
  const body = toEscaped(came.body)
    .replace(/"latency_ms":[\d.e-]+/, '"latency_ms":{{number}}')
    .replace(/"request_id":"[^"]+"/, '"request_id":"{{uuid}}"')
  return `${asked}${came.status}\n${headers}\n${body}\n`
}

function parseMessage(text: string) {
  const [head = '', ...rest] = text.split('\n\n')
  const [first = '', ...lines] = head.trimEnd().split('\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const body = rest.join('\n\n').replace(/\n$/, '')
  return { first, headers: Object.fromEntries(headers), body }
}

const placeholders: Readonly<Record<string, string>> = {
  number: '-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?',
  uuid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  text: '[^"]*',
}

function patternOf(text: string): RegExp {
  const parts = text.split(/\{\{(\w+)\}\}/)
  const source = parts.map((part, index) => {
    if (index % 2 === 0) return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    const pattern = placeholders[part]
    if (pattern === undefined) throw new Error(`{{${part}}} is no placeholder`)
    return pattern
  })
  return new RegExp(`^${source.join('')}$`)
}

function fromEscaped(text: string): Uint8Array {
  const parts = text.split(/\\x([0-9a-f]{2})/)
  return Buffer.concat(parts.map((part, at) => Buffer.from(part, at % 2 === 0 ? 'utf8' : 'hex')))
}

/** Everything but text in ASCII and line ends as escapes. */
function toEscaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte === 0x0a || (byte >= 0x20 && byte < 0x7f)
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('')
}
