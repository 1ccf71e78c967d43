/** Answers what is no HTTP request: there is no response object, so the words go to the socket. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  headersTimeoutMs: number,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, detail } = problemOf(error.code, headersTimeoutMs)
  const body = JSON.stringify({ detail })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

function problemOf(code: string | undefined, headersTimeoutMs: number) {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, detail: 'the headers are larger than the limit of 16 KiB' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, detail: 'the chunk extensions are too large' }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        detail: `the request did not arrive in time: the headers have ${headersTimeoutMs} ms`,
      }
    default:
      return { status: 400, detail: 'this is not an HTTP request' }
  }
}
