/** Requests on connections that are kept, with bytes both ways. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface Sent {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** POST where there is one. */
  readonly body?: Uint8Array
  /** Ends the request, and its connection with it. */
  readonly signal?: AbortSignal
  /** Of the body, so much is sent and no more; the rest is left to `signal`. */
  readonly sendBytes?: number
}

export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
}

export class Client {
  readonly #port: number
  readonly #agent: Agent

  constructor(port: number, connections: number) {
    this.#port = port
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  send({ path, headers = {}, body, signal, sendBytes }: Sent): Promise<Got> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          ...{ host: '127.0.0.1', port: this.#port, agent: this.#agent, path },
          method: body === undefined ? 'GET' : 'POST',
          headers: {
            'content-type': 'application/json',
            ...(body && { 'content-length': body.byteLength }),
            ...headers,
          },
          ...(signal && { signal }),
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const { statusCode, headers: told } = response
            resolve({ status: statusCode!, headers: told, bytes: Buffer.concat(chunks) })
          })
        },
      )
      sent.on('error', reject)
      if (sendBytes === undefined) sent.end(body)
      else sent.write(body!.subarray(0, sendBytes))
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
