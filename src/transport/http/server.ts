/**
 * The HTTP server: sockets, limits, access, and one answer to every request.
 *
 * It knows nothing of inference. A request is matched to a route, let in or refused, and handed to
 * the protocol; whatever that throws comes back in the protocol's own words. A client that leaves
 * ends the call.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { watchDeadline } from '../../call.ts'
import type { Clock } from '../../clock.ts'
import { fail, ServingError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { noTracer, type Tracer } from '../../trace.ts'
import { Access, type AccessPolicy } from './access.ts'
import { BodyBuffers } from './body-buffers.ts'
import { answerClientError } from './client-error.ts'
import { Connections } from './connections.ts'
import { allowOrigin, answerOptions } from './cors.ts'
import { Exchange, type ExchangeOptions } from './exchange.ts'
import { RequestIds } from './request-ids.ts'
import type { HttpProtocol } from './route.ts'
import { type Match, Router } from './router.ts'

export interface HttpServerOptions {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly protocols: readonly HttpProtocol[]
  readonly access: AccessPolicy
  readonly maxBodyBytes: number
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
  readonly idleTimeoutMs: number
  /** How long nothing may move on a connection whose client does not read its answer. */
  readonly silenceTimeoutMs?: number
  readonly clock: Clock
  readonly log: Log
  readonly tracer?: Tracer
  /** Told of every request once it is answered, or its client has left. */
  readonly onAnswered: (exchange: Exchange, error: ServingError | undefined) => void
}

export class HttpServer {
  readonly host: string
  readonly port: number
  readonly #server: Server
  readonly #options: HttpServerOptions
  readonly #router: Router
  readonly #exchangeOptions: ExchangeOptions
  readonly #access: Access
  readonly #connections = new Connections()
  #draining = false

  private constructor(server: Server, options: HttpServerOptions) {
    this.#server = server
    this.#options = options
    this.#router = new Router(options.protocols)
    this.#exchangeOptions = {
      clock: options.clock,
      buffers: new BodyBuffers(keptBodies * options.maxBodyBytes),
      limits: { maxBytes: options.maxBodyBytes, pauseMs: options.bodyTimeoutMs },
      tracer: options.tracer ?? noTracer,
      ids: new RequestIds(randomBytes),
    }
    const { address, port } = server.address() as AddressInfo
    this.host = address
    this.port = port
    // the address as the system says it, whatever its spelling in the configuration
    this.#access = new Access({ ...options.access, boundTo: address })
    const onRequest = (request: IncomingMessage, response: ServerResponse) =>
      this.#answer(request, response)
    server.on('request', onRequest)
    server.on('checkContinue', onRequest)
    server.on('connection', (socket: Socket) => this.#connections.add(socket))
    server.timeout = options.silenceTimeoutMs ?? silenceMs
    server.on('timeout', (socket: Socket) => this.#connections.closeStuck(socket))
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
      this.#answerClientError(error, socket),
    )
  }

  /** Fails with the system's error, such as EADDRINUSE. */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const server = createServer({
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: Math.max(wholeRequestMs, options.headersTimeoutMs),
      keepAliveTimeout: options.idleTimeoutMs,
      connectionsCheckingInterval: 1000,
      noDelay: true,
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.port, options.host, () => {
        server.off('error', reject)
        resolve()
      })
    })
    return new HttpServer(server, options)
  }

  get url(): string {
    const host = this.host.includes(':') ? `[${this.host}]` : this.host
    return `http://${host}:${this.port}`
  }

  /** Requests that are not answered. */
  get underWay(): number {
    return this.#connections.underWay
  }

  /**
   * Takes no more connections; resolves when every request is answered and all are closed. Node
   * leaves those open on which nothing was asked yet: they have a moment to send what is on its way.
   */
  async drain(): Promise<void> {
    this.#draining = true
    this.#connections.closeAfterAnswers()
    const { clock } = this.#options
    const closeIdle = () => this.#connections.closeIdle()
    const callOff = clock.wakeAt(clock.now() + silentMs, closeIdle)
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
    callOff()
  }

  /** Closes every connection at once. */
  abort(): void {
    this.#server.closeAllConnections()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const exchange = new Exchange(request, response, this.#exchangeOptions)
    this.#connections.begin(exchange)
    allowOrigin(exchange, this.#options.access.corsOrigins)
    response.on('close', () => this.#closed(exchange))
    const stopWatching = watchDeadline(exchange.call, this.#options.clock)
    const match = this.#router.match(request.method ?? 'GET', exchange.path)
    const failed = (thrown: unknown) => {
      stopWatching()
      this.#fail(exchange, match.protocol, ServingError.from(thrown))
    }
    try {
      const answering = this.#handle(exchange, match)
      if (answering === undefined) stopWatching()
      else answering.then(stopWatching, failed)
    } catch (thrown) {
      failed(thrown)
    }
  }

  #closed(exchange: Exchange): void {
    this.#connections.end(exchange)
    if (!exchange.response.writableFinished) {
      exchange.call.cancel()
      exchange.error ??= exchange.call.ended
    }
    this.#options.onAnswered(exchange, exchange.error)
    // a connection that was busy when draining began would be kept alive otherwise
    if (this.#draining) setImmediate(() => this.#server.closeIdleConnections())
  }

  #handle(exchange: Exchange, match: Match): Promise<void> | void {
    if ('problem' in match) {
      if (exchange.request.method === 'OPTIONS' && match.allowed.length > 0) {
        return answerOptions(exchange, match.allowed)
      }
      throw match.problem
    }
    exchange.params = match.params
    exchange.route = match.route.path
    const refused =
      this.#access.refusal({
        scope: match.route.scope,
        host: exchange.header('host'),
        origin: exchange.header('origin'),
        authorization: exchange.header('authorization'),
      }) ?? exchange.malformed
    if (refused !== undefined) throw refused
    return match.route.handle(exchange)
  }

  #fail(exchange: Exchange, protocol: HttpProtocol, error: ServingError): void {
    exchange.error = error
    this.#logFailure(exchange, error)
    if (exchange.response.headersSent) {
      // half an answer cannot be mended: let the client see that it is not whole
      exchange.response.destroy()
      return
    }
    try {
      protocol.fail(exchange, error)
    } catch (thrown) {
      this.#options.log.error('error could not be told', { cause: thrown })
      exchange.response.destroy()
    }
  }

  /** What is no HTTP: in the words of the request whose body it was to be, if there is one. */
  #answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const { headersTimeoutMs } = this.#options
    const newest = this.#connections.newest(socket)
    if (newest === undefined || error.code === 'ECONNRESET') {
      answerClientError(error, socket, headersTimeoutMs)
    } else if (newest.request.complete) {
      // it came behind a request that is still to be answered
      newest.response.shouldKeepAlive = false
    } else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      newest.call.end(fail('BODY_TIMEOUT', { ms: this.#server.requestTimeout }, error))
    } else {
      newest.call.end(fail('BODY_MALFORMED', { problem: bodyProblem(error.code) }, error))
    }
  }

  #logFailure(exchange: Exchange, error: ServingError): void {
    if (error.code !== 'internal') return
    this.#options.log.error('request failed', {
      requestId: exchange.call.requestId,
      route: exchange.route,
      reason: error.reason,
      cause: error.cause,
    })
  }
}

function bodyProblem(code: string | undefined): string {
  switch (code) {
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'the chunk extensions of the body are too large'
    case 'HPE_INVALID_EOF_STATE':
      return 'the body ends too early: the client closed the connection in the middle of it'
    default:
      return 'the body is damaged: expected chunks as HTTP/1.1 has them'
  }
}

/** How long a connection on which nothing was asked is left open by `drain`. */
const silentMs = 250

const silenceMs = 60_000

/** How many of the largest bodies' memory is kept for use again. */
const keptBodies = 2

/** However slowly a body trickles, a request is here by then. */
const wholeRequestMs = 300_000
