/** A connection on which bytes are sent as a test wants them, and answers are read one by one. */
import { connect, type Socket } from 'node:net'
import { parsed } from './ask.ts'

export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly json: Readonly<Record<string, unknown>> | undefined
}

export class Wire {
  /** Resolves when the server has closed the connection, or reset it. */
  readonly closed: Promise<void>
  readonly #socket: Socket
  #heard = Buffer.alloc(0)
  #listeners: (() => void)[] = []
  #ended = false

  private constructor(socket: Socket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.#ended = true
        this.#wake()
        resolve()
      }
      socket.on('end', end)
      socket.on('close', end)
    })
    socket.on('error', () => {}) // a reset is an end like any other
    socket.on('data', (chunk: Buffer) => {
      this.#heard = Buffer.concat([this.#heard, chunk])
      this.#wake()
    })
  }

  static open(port: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => resolve(new Wire(socket)))
      socket.once('error', reject)
    })
  }

  /** Resolves when the system has taken the bytes, or the connection is gone. */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, () => resolve())
    })
  }

  /** Sends no more, and still reads. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** The next answer. `hasBody` is false for what is asked by HEAD. Fails where there is none. */
  async answer(hasBody = true): Promise<WireAnswer> {
    const head = await this.#take(() => {
      const end = this.#heard.indexOf('\r\n\r\n')
      return end === -1 ? undefined : end + 4
    })
    const [first = '', ...lines] = head.toString('latin1').trimEnd().split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      }),
    )
    const status = Number(first.split(' ')[1])
    const length = hasBody && status >= 200 ? Number(headers['content-length'] ?? 0) : 0
    const body = await this.#take(() => (this.#heard.length >= length ? length : undefined))
    const text = body.toString()
    return { status, headers, text, json: parsed(text) }
  }

  /** So many bytes from the front, once it is known how many and they are there. */
  #take(size: () => number | undefined): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`no answer; heard ${this.#heard}`)), 20_000)
      const look = () => {
        const bytes = size()
        if (bytes !== undefined) {
          const taken = this.#heard.subarray(0, bytes)
          this.#heard = this.#heard.subarray(bytes)
          clearTimeout(limit)
          resolve(taken)
        } else if (this.#ended) {
          clearTimeout(limit)
          reject(new Error(`closed without an answer; heard ${this.#heard}`))
        } else this.#listeners.push(look)
      }
      look()
    })
  }

  #wake(): void {
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}
