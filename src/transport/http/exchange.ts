/** One request and the answer to it, as a protocol sees them. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Call } from '../../call.ts'
import type { Clock } from '../../clock.ts'
import { fail, type ServingError } from '../../errors.ts'
import { childTraceparent, type Tracer } from '../../trace.ts'
import { type Body, type BodyLimits, readBody } from './body.ts'
import type { BodyBuffers } from './body-buffers.ts'
import { encodeBody, worthwhile } from './compression.ts'
import type { RequestIds } from './request-ids.ts'

export interface ExchangeOptions {
  readonly clock: Clock
  readonly buffers: BodyBuffers
  readonly limits: BodyLimits
  readonly tracer: Tracer
  readonly ids: RequestIds
}

export type Headers = Readonly<Record<string, string>>

export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly call: Call
  readonly startedAt: number
  /** The path without the query. */
  readonly path: string
  /** What is wrong with the headers that every request may carry. */
  readonly malformed: ServingError | undefined
  params: Readonly<Record<string, string | undefined>> = {}
  /** The pattern of the route, for the log. */
  route = ''
  /** Who answered, once known. */
  model: string | undefined
  version: string | undefined
  bytesIn = 0
  bytesOut = 0
  /** Why there was no good answer. */
  error: ServingError | undefined
  readonly #options: ExchangeOptions
  /** Whether nothing of the body is still to come. */
  #isRead = false
  #answered = false

  constructor(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions) {
    this.request = request
    this.response = response
    this.#options = options
    const url = request.url ?? '/'
    const queryAt = url.indexOf('?')
    this.path = queryAt === -1 ? url : url.slice(0, queryAt)
    this.startedAt = options.clock.now()
    const timeoutMs = timeoutOf(this.header('x-request-timeout-ms'))
    this.malformed = typeof timeoutMs === 'object' ? timeoutMs : undefined
    this.call = new Call({
      requestId: requestIdOf(this.header('x-request-id'), options.ids),
      deadline: typeof timeoutMs === 'number' ? this.startedAt + timeoutMs : undefined,
      traceparent: this.#traceparent(),
    })
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name]
    return Array.isArray(value) ? value[0] : value
  }

  /** The byte at `alignAt` will lie on a boundary of 64 bytes, where the body's length is known. */
  readBody(alignAt?: number): Promise<Body> {
    const { call } = this
    const { limits, buffers } = this.#options
    const onAccepted = () => {
      if (this.header('expect')?.toLowerCase() === '100-continue') this.response.writeContinue()
    }
    const onRead = (bytes: number) => {
      this.bytesIn = bytes
      // behind what inflates something may still come
      this.#isRead = this.header('content-encoding') === undefined
    }
    return readBody(this.request, { call, limits, buffers, alignAt, onAccepted, onRead })
  }

  /** Tells the client and the log which version answered. */
  answeredBy(model: string, version: string): void {
    this.model = model
    this.version = version
  }

  json(status: number, text: string, headers?: Headers): Promise<void> | void {
    if (this.header('accept-encoding') === undefined || Buffer.byteLength(text) < worthwhile) {
      this.#write(status, 'application/json', text, headers)
      return
    }
    return this.send(status, 'application/json', Buffer.from(text), headers)
  }

  send(
    status: number,
    contentType: string,
    bytes: Uint8Array,
    headers: Headers = {},
  ): Promise<void> | void {
    const accepted = this.header('accept-encoding')
    if (accepted === undefined || bytes.byteLength < worthwhile) {
      this.#write(status, contentType, bytes, headers)
      return
    }
    return encodeBody(bytes, accepted).then((encoded) => {
      if (encoded.encoding === undefined) {
        this.#write(status, contentType, encoded.bytes, headers)
        return
      }
      // appended: what depends on the origin already must go on saying so
      this.response.appendHeader('vary', 'accept-encoding')
      const encoding = { 'content-encoding': encoded.encoding }
      this.#write(status, contentType, encoded.bytes, { ...headers, ...encoding })
    })
  }

  /** The headers that every answer begins with, names and values in turn. */
  head(): (string | number)[] {
    const { requestId, traceparent } = this.call
    const head = ['x-request-id', requestId]
    if (traceparent !== undefined) head.push('traceparent', traceparent)
    if (this.version !== undefined) head.push('x-sluice-version', this.version)
    return head
  }

  /** The identity of this request's own span, where there is a trace to belong to. */
  #traceparent(): string | undefined {
    const parent = this.header('traceparent')
    const { tracer } = this.#options
    return parent === undefined && !tracer.on
      ? undefined
      : childTraceparent(parent, randomBytes, tracer.on)
  }

  #write(
    status: number,
    contentType: string,
    body: Uint8Array | string,
    headers: Headers = {},
  ): void {
    const { response, request } = this
    if (this.#answered || response.headersSent || response.destroyed) return
    const length = Buffer.byteLength(body)
    const head = this.head()
    if (length > 0) head.push('content-type', contentType)
    head.push('content-length', length)
    for (const name in headers) head.push(name, headers[name]!)
    this.bytesOut = length
    this.#answered = true
    if (this.#isRead || request.complete || !hasBody(request)) {
      response.writeHead(status, head)
      endWith(response, body, length)
      return
    }
    // a body that came with its headers is there in a moment, and the connection can be kept
    request.resume()
    setImmediate(() => {
      if (response.destroyed) return
      const { readableEnded } = request.socket
      const isThere = request.complete || readableEnded
      // the rest will never come, or late
      if (readableEnded || !isThere) response.shouldKeepAlive = false
      response.writeHead(status, head)
      if (isThere) response.end(body)
      else this.#endLate(body)
    })
  }

  /**
   * The body was not read to its end. Closing at once would reset the connection, and the client
   * would lose the answer while it still writes: what comes is thrown away for a while first.
   */
  #endLate(body: Uint8Array | string): void {
    const { response, request } = this
    response.write(body)
    const end = () => {
      clearTimeout(pause)
      clearTimeout(patience)
      response.end()
      request.destroy()
    }
    const pause = setTimeout(end, lingerPauseMs)
    const patience = setTimeout(end, lingerMs)
    request.on('data', () => pause.refresh())
    request.once('end', end)
    request.once('close', () => {
      clearTimeout(pause)
      clearTimeout(patience)
    })
  }
}

/** Little ones as text, which leaves in one piece with the headers; bytes take a second one. */
function endWith(response: ServerResponse, body: Uint8Array | string, length: number): void {
  if (typeof body === 'string') {
    // what has as many bytes as characters is ASCII, which needs no look at each
    response.end(body, body.length === length ? 'latin1' : 'utf8')
  } else if (body.byteLength > little) response.end(body)
  else {
    const { buffer, byteOffset, byteLength } = body
    response.end(Buffer.from(buffer, byteOffset, byteLength).toString('latin1'), 'latin1')
  }
}

const little = 4096

/** How long a client may pause, and send on at all, once it is answered. */
const lingerPauseMs = 1000
const lingerMs = 10_000

/** RFC 9112, 6: a request has a body if one of these headers says so. */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** The client's own id where it is fit to be logged and sent back, else a new one. */
function requestIdOf(given: string | undefined, ids: RequestIds): string {
  return given !== undefined && /^[\x21-\x7e]{1,128}$/.test(given) ? given : ids.next()
}

function timeoutOf(header: string | undefined): number | ServingError | undefined {
  if (header === undefined) return undefined
  const ms = Number(header)
  if (header.trim() !== '' && ms > 0 && Number.isFinite(ms)) return ms
  return fail('PARAMETER_INVALID', {
    parameter: 'x-request-timeout-ms',
    expected: 'a number of milliseconds above 0',
    got: JSON.stringify(header.slice(0, 40)),
  })
}
