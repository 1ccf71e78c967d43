/** The admin API of a running server, as the command line calls it. */
import { type ClientRequest, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { unreachable } from '../predict/index.ts'

export interface AdminServer {
  /** With a slash at its end. */
  readonly base: string
  readonly token: string | undefined
}

export interface AdminQuestion {
  readonly method: 'GET' | 'POST'
  /** Below `/admin/v1/`. */
  readonly path: string
  readonly body?: object
  /** How long to wait; without an end where it is left out, since a model may take its time. */
  readonly timeoutMs?: number
}

export type JsonObject = Readonly<Record<string, unknown>>

/** There is no answer, or none that was asked for. */
export class AdminError extends Error {
  override readonly name = 'AdminError'
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

/** Fails with AdminError. */
export async function askAdmin(server: AdminServer, question: AdminQuestion): Promise<JsonObject> {
  const url = `${server.base}admin/v1/${question.path}`
  const { status, body } = await exchange(url, server, question)
  if (status === 200 && body !== undefined) return body
  if (typeof body?.detail === 'string') {
    throw new AdminError(body.detail, typeof body.hint === 'string' ? body.hint : undefined)
  }
  throw new AdminError(
    `${url} gave no answer of a Sluice server, but HTTP status ${status}`,
    'check the address, and that the server is no older than this command',
  )
}

/**
 * By Node's own client: `fetch` gives up when an answer takes five minutes to begin, and loading a
 * model may take longer.
 */
async function exchange(url: string, { base, token }: AdminServer, question: AdminQuestion) {
  const { method, body = {}, timeoutMs } = question
  const bytes = method === 'GET' ? undefined : Buffer.from(JSON.stringify(body))
  const signal = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  try {
    const send = url.startsWith('https:') ? secureRequest : plainRequest
    const sent = send(url, {
      ...{ method, agent: false, ...(signal && { signal }) },
      headers: {
        accept: 'application/json',
        ...(bytes && { 'content-type': 'application/json', 'content-length': bytes.byteLength }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    })
    const response = await answerTo(sent, bytes)
    return { status: response.statusCode ?? 0, body: objectOf(await text(response)) }
  } catch (thrown) {
    const cause = signal?.aborted ? { code: 'ETIMEDOUT' } : thrown
    const { message, hint } = unreachable(base, { cause })
    throw new AdminError(message, hint)
  }
}

function answerTo(sent: ClientRequest, bytes: Uint8Array | undefined) {
  return new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.end(bytes)
  })
}

function objectOf(answer: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(answer)
    return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}
