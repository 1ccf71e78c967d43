/**
 * Every open connection, and the requests under way on it in the order they came: what may be
 * closed, and what still waits for its answer.
 */
import type { Socket } from 'node:net'
import type { Exchange } from './exchange.ts'

export class Connections {
  readonly #open = new Map<Socket, Exchange[]>()
  #closing = false

  add(socket: Socket): void {
    this.#open.set(socket, [])
    socket.once('close', () => this.#open.delete(socket))
  }

  begin(exchange: Exchange): void {
    const { socket } = exchange.request
    const exchanges = this.#open.get(socket)
    exchanges?.push(exchange)
    if (this.#closing) this.#closeAfterLast(exchanges)
  }

  end(exchange: Exchange): void {
    const exchanges = this.#open.get(exchange.request.socket)
    const at = exchanges?.indexOf(exchange) ?? -1
    if (at !== -1) exchanges?.splice(at, 1)
  }

  /** The newest request of a connection, if it is not answered. */
  newest(socket: Socket): Exchange | undefined {
    return this.#open.get(socket)?.at(-1)
  }

  /** Requests that are not answered. */
  get underWay(): number {
    return [...this.#open.values()].reduce((sum, { length }) => sum + length, 0)
  }

  /** From now on the last answer of each connection ends it. */
  closeAfterAnswers(): void {
    this.#closing = true
    for (const exchanges of this.#open.values()) this.#closeAfterLast(exchanges)
  }

  /** Ends the connections on which nothing is under way. */
  closeIdle(): void {
    for (const [socket, exchanges] of this.#open) if (exchanges.length === 0) socket.destroy()
  }

  /** Ends a connection on which nothing moves, if that is because its client does not read. */
  closeStuck(socket: Socket): void {
    const isStuck = ({ response }: Exchange) => response.writableEnded && !response.writableFinished
    if (this.#open.get(socket)?.some(isStuck)) socket.destroy()
  }

  /** Only the last, since nothing is sent after an answer that says `close`. */
  #closeAfterLast(exchanges: readonly Exchange[] = []): void {
    for (const [index, { response }] of exchanges.entries()) {
      if (response.headersSent) continue
      if (index === exchanges.length - 1) response.setHeader('connection', 'close')
      else response.removeHeader('connection')
    }
  }
}
