/**
 * One connection of the load driver: HTTP/1.1 over a socket, one request at a time, and no more of it
 * than a driver needs that must not take the processor from what it measures.
 */
import { connect, type Socket } from 'node:net'

export interface Reply {
  readonly status: number
  readonly body: Buffer
  /** Of binary tensors: where they begin. */
  readonly headerLength: number
}

export class Connection {
  readonly #socket: Socket
  #chunks: Buffer[] = []
  #length = 0
  #settle: { resolve(reply: Reply): void; reject(error: Error): void } | undefined
  #broken: Error | undefined

  constructor(url: URL) {
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('error', (error) => this.#end(error))
    this.#socket.on('close', () => this.#end(new Error('the server closed the connection')))
  }

  get usable(): boolean {
    return this.#broken === undefined
  }

  /** `message`: a whole request as it goes over the wire. */
  ask(message: Buffer): Promise<Reply> {
    if (this.#broken) return Promise.reject(this.#broken)
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#socket.write(message)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#length)
    this.#chunks = [bytes]
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = bytes.toString('latin1', 0, end)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    if (bytes.length < end + 4 + length) return
    this.#chunks = []
    this.#length = 0
    const settle = this.#settle
    this.#settle = undefined
    settle?.resolve({
      status: Number(head.slice(9, 12)),
      body: bytes.subarray(end + 4),
      headerLength: Number(/\r\ninference-header-content-length: *(\d+)/i.exec(head)?.[1] ?? 0),
    })
  }

  #end(error: Error): void {
    this.#broken ??= error
    this.#settle?.reject(error)
    this.#settle = undefined
  }
}

/** What goes over the wire for a request. */
export function messageOf(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Buffer {
  const lines = Object.entries({ host: url.host, ...headers, 'content-length': `${body.length}` })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${head}\r\n`), body])
}
