/** Asks over HTTP, by connections that stay open. */
import { buffer } from 'node:stream/consumers'
import type { Dispatcher, Pool } from 'undici'
import type { Driver, HttpForm, Reply } from './driver.ts'
import { ownFailure } from './own-failure.ts'
import type { Question } from './question.ts'
import { readCounts, splitBetween } from './server-split.ts'

export interface HttpDriverOptions {
  /** Of the server, with a slash at its end. */
  readonly base: string
  readonly form: HttpForm
  readonly questions: readonly Question[]
  readonly headers: readonly (readonly [string, string])[]
  readonly connections: number
  /** The answers are wanted, and not only whether there are some. */
  readonly keepAnswers: boolean
  /** Below `base`, where the server tells of itself: `v2/models/m/stats`. */
  readonly statisticsPath: string
}

export async function openHttpDriver(options: HttpDriverOptions): Promise<Driver> {
  const { base, form, questions, headers, connections, keepAnswers, statisticsPath } = options
  // not `node:http`: it takes almost twice the CPU time for a request
  const { Pool } = await import('undici')
  const { origin, pathname } = new URL(base)
  // how long a request may take is the caller's to say
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
  const path = `${pathname}${form.path}`
  const prepared = questions.map((question) => {
    const encoded = form.encode(question)
    const { body } = encoded
    return { path, method: 'POST' as const, headers: flat(encoded.headers, headers), body }
  })
  const counts = () =>
    readCounts(() => getJson(pool, `${pathname}${statisticsPath}`, flat(headers)))
  return {
    protocol: form.protocol,
    send(question, timeoutMs, done) {
      pool.dispatch(prepared[question]!, new Exchange(form, keepAnswers, timeoutMs, done))
    },
    read: (answer) => {
      const { body, headerLength } = answer as Kept
      return form.read(body, headerLength)
    },
    async split() {
      const before = await counts()
      return async () => splitBetween(before, await counts())
    },
    close: () => pool.destroy(),
  }
}

interface Kept {
  readonly body: Uint8Array
  readonly headerLength: number | undefined
}

/** One request and its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #form: HttpForm
  readonly #keepAnswers: boolean
  readonly #done: (reply: Reply) => void
  readonly #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headerLength: number | undefined
  #chunks: Buffer[] = []
  #isOver = false

  constructor(
    form: HttpForm,
    keepAnswers: boolean,
    timeoutMs: number,
    done: (reply: Reply) => void,
  ) {
    this.#form = form
    this.#keepAnswers = keepAnswers
    this.#done = done
    this.#timer = setTimeout(() => this.#timeOut(timeoutMs), timeoutMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isOver) controller.abort(new Error('too late'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#status = status
    const length = headers['inference-header-content-length']
    if (length !== undefined) this.#headerLength = Number(length)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#keepAnswers || this.#status !== 200) this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#status === 200) {
      const answer: Kept | undefined = this.#keepAnswers
        ? { body: Buffer.concat(this.#chunks), headerLength: this.#headerLength }
        : undefined
      this.#end({ ok: true, answer })
      return
    }
    const reason = this.#form.reason(Buffer.concat(this.#chunks))
    this.#end({
      ok: false,
      why: `HTTP ${this.#status}${reason === undefined ? '' : `: ${reason}`}`,
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end({ ok: false, why: connectionProblem(error) })
  }

  #timeOut(timeoutMs: number): void {
    this.#end({ ok: false, why: `no answer within ${timeoutMs} ms` })
    this.#controller?.abort(new Error('too late'))
  }

  #end(reply: Reply): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#done(reply)
  }
}

function connectionProblem(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (/ECONNRESET|EPIPE|UND_ERR_SOCKET/.test(code)) return 'the connection was closed'
  if (code === 'EMFILE' || code === 'ENFILE') return `${ownFailure} file descriptors (ulimit -n)`
  if (code === 'EADDRNOTAVAIL') return `${ownFailure} ports for connections`
  if (code === 'ECONNREFUSED') return 'the connection was refused'
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return 'no connection in time'
  if (code.startsWith('HPE_') || error.name === 'HTTPParserError') return 'the answer is no HTTP'
  return `the connection failed (${code || error.message.slice(0, 80)})`
}

async function getJson(pool: Pool, path: string, headers: string[]): Promise<unknown> {
  const { statusCode, body } = await pool.request({
    path,
    method: 'GET',
    headers,
    headersTimeout: patienceMs,
    bodyTimeout: patienceMs,
  })
  const bytes = await buffer(body)
  return statusCode === 200 ? JSON.parse(bytes.toString()) : undefined
}

const flat = (...lists: readonly (readonly (readonly [string, string])[])[]): string[] =>
  lists.flat(2)

const patienceMs = 5000
