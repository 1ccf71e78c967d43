/**
 * Reads the body of a request, once, into memory that is used again.
 *
 * The limit holds before anything is kept, also for what a compressed body inflates to. A body
 * whose length is known is read into one buffer, in which the byte at `alignAt` lies on a boundary
 * of 64 bytes, so that a tensor that begins there can be used where it lies.
 */
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { constants, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { Call } from '../../call.ts'
import { fail, type ServingError } from '../../errors.ts'
import type { BodyBuffers } from './body-buffers.ts'

export interface BodyLimits {
  /** Of the body as it is used: after inflating. */
  readonly maxBytes: number
  /** The longest pause between two pieces of the body. */
  readonly pauseMs: number
}

export interface Body {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Gives the memory back. Nothing may refer to `bytes` any more. */
  recycle(): void
}

export interface BodyReading {
  readonly call: Call
  readonly limits: BodyLimits
  readonly buffers: BodyBuffers
  /** The byte that is to lie on a boundary; the first one if left out. */
  readonly alignAt?: number | undefined
  /** Called once nothing speaks against the body, before any of it is read. */
  readonly onAccepted?: () => void
  /** Called with its length once it is read. */
  readonly onRead?: (bytes: number) => void
}

export function readBody(request: IncomingMessage, reading: BodyReading): Promise<Body> {
  const { call, limits, buffers, alignAt = 0 } = reading
  return new Promise((resolve, reject) => {
    const length = declaredLength(request, limits)
    const inflate = inflaterOf(request)
    if (call.ended !== undefined) throw call.ended
    reading.onAccepted?.()
    const done = (body: Body) => {
      reading.onRead?.(body.bytes.byteLength)
      resolve(body)
    }
    if (inflate !== undefined) {
      const inflated = inflate()
      request.pipe(inflated)
      const sink = new Sink(buffers, limits.maxBytes, undefined, alignAt)
      fill(sink, inflated, request, call, limits).then(done, reject)
      return
    }
    // read by somebody from now on: what nobody reads, node throws away at some expense
    request.read(0)
    // what came with the headers is here by then
    process.nextTick(() => {
      if (call.ended !== undefined) {
        reject(call.ended)
        return
      }
      const whole = wholeBody(request, length)
      if (whole !== undefined) {
        done(whole)
        return
      }
      const sink = new Sink(buffers, limits.maxBytes, length, alignAt)
      fill(sink, request, request, call, limits).then(done, reject)
    })
  })
}

/** Undefined where the client does not say. */
function declaredLength({ headers }: IncomingMessage, { maxBytes }: BodyLimits) {
  const declared = headers['content-length']
  if (declared === undefined) return undefined
  const length = Number(declared)
  if (length > maxBytes) throw fail('BODY_TOO_LARGE', { limit: maxBytes })
  return length
}

/** Undefined for a body that comes as it is. */
function inflaterOf({ headers }: IncomingMessage) {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? ''
  if (encoding === '' || encoding === 'identity') return undefined
  const inflater = inflaters.get(encoding)
  if (inflater !== undefined) return inflater
  throw fail('MEDIA_TYPE_UNSUPPORTED', {
    what: 'content-encoding',
    got: encoding.slice(0, 40),
    expected: 'gzip, deflate, zstd or identity',
  })
}

/**
 * A small body that came with its headers, used where it lies: no listeners, no timer. Undefined
 * where something is still to come. The parser says only later that the request is complete, but
 * nothing can follow what it has announced.
 */
function wholeBody(request: IncomingMessage, length: number | undefined): Body | undefined {
  if (length === undefined || request.readableLength !== length) return undefined
  return { bytes: request.read() ?? new Uint8Array(0), recycle() {} }
}

/** A window of zstd takes no more than 8 MiB: RFC 9659, 3. */
const inflaters: ReadonlyMap<string, () => Readable & NodeJS.WritableStream> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['zstd', () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: 23 } })],
])

function fill(
  sink: Sink,
  source: Readable,
  request: IncomingMessage,
  call: Call,
  { pauseMs }: BodyLimits,
): Promise<Body> {
  return new Promise((resolve, reject) => {
    const pause = setTimeout(() => settle(fail('BODY_TIMEOUT', { ms: pauseMs })), pauseMs)
    let isSettled = false
    const settle = (error: ServingError | undefined) => {
      if (isSettled) return // the rest of a refused body may still come, to its end
      isSettled = true
      clearTimeout(pause)
      stopListening()
      source.removeAllListeners('data')
      if (error === undefined) {
        resolve(sink.body())
        return
      }
      if (source !== request) {
        request.unpipe()
        source.destroy() // what it holds would be inflated for nobody
      }
      sink.recycle()
      reject(error)
    }
    const stopListening = call.onEnd((why) => settle(why))
    source.on('data', (chunk: Buffer) => {
      pause.refresh()
      let problem: ServingError | undefined
      try {
        problem = sink.write(chunk)
      } catch (thrown) {
        problem = fail('MEMORY_SHORT', {}, thrown) // there was none to be had
      }
      if (problem !== undefined) settle(problem)
    })
    source.on('end', () => settle(sink.missing()))
    source.on('error', (cause) => {
      settle(
        source === request
          ? fail('CANCELLED', {}, cause)
          : fail('BODY_MALFORMED', { problem: 'the compressed body is damaged' }, cause),
      )
    })
    if (source !== request) request.on('error', (cause) => settle(fail('CANCELLED', {}, cause)))
  })
}

/** Where the pieces of one body go. */
class Sink {
  readonly #buffers: BodyBuffers
  readonly #maxBytes: number
  readonly #length: number | undefined
  readonly #alignAt: number
  #only: Buffer<ArrayBuffer> | undefined
  #buffer: ArrayBuffer | undefined
  #start = 0
  #size = 0
  #pieces = 0

  constructor(buffers: BodyBuffers, maxBytes: number, length: number | undefined, alignAt: number) {
    this.#buffers = buffers
    this.#maxBytes = maxBytes
    this.#length = length
    this.#alignAt = alignAt
  }

  /** What is wrong with the body so far. */
  write(piece: Buffer): ServingError | undefined {
    this.#pieces += 1
    const size = this.#size + piece.byteLength
    if (size > this.#maxBytes) return fail('BODY_TOO_LARGE', { limit: this.#maxBytes })
    if (this.#length === undefined && this.#pieces > maxPieces) {
      return fail('BODY_MALFORMED', { problem: `the body comes in more than ${maxPieces} chunks` })
    }
    if (size === this.#length && this.#size === 0) {
      // a small body comes whole: it is used where it lies
      this.#only = piece as Buffer<ArrayBuffer>
      this.#size = size
      return undefined
    }
    this.#makeRoom(size)
    new Uint8Array(this.#buffer!, this.#start + this.#size, piece.byteLength).set(piece)
    this.#size = size
    release(piece)
    return undefined
  }

  missing(): ServingError | undefined {
    if (this.#length === undefined || this.#size === this.#length) return undefined
    return fail('BODY_MALFORMED', {
      problem: `the body ends after ${this.#size} bytes, expected ${this.#length}`,
    })
  }

  body(): Body {
    const bytes =
      this.#only ?? new Uint8Array(this.#buffer ?? new ArrayBuffer(0), this.#start, this.#size)
    return { bytes, recycle: () => this.recycle() }
  }

  recycle(): void {
    if (this.#buffer !== undefined) this.#buffers.give(this.#buffer)
    this.#buffer = undefined
  }

  #makeRoom(size: number): void {
    const room = this.#buffer === undefined ? 0 : this.#buffer.byteLength - this.#start
    if (size <= room) return
    const start = (boundary - (this.#alignAt % boundary)) % boundary
    // no more for a length that is only announced than for what has come
    const ahead = Math.max(smallRoom, growth * size)
    const grown = this.#buffers.take(start + Math.max(size, Math.min(this.#length ?? ahead, ahead)))
    if (this.#buffer !== undefined) {
      new Uint8Array(grown, start).set(new Uint8Array(this.#buffer, this.#start, this.#size))
      this.#buffers.give(this.#buffer)
    }
    this.#buffer = grown
    this.#start = start
  }
}

/**
 * Gives the memory of a piece back at once, where it is the piece's own. Left to be collected, the
 * pieces of large bodies would make the collector run for most of the time.
 */
function release({ buffer, byteLength }: Buffer): void {
  if (byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

const boundary = 64
const smallRoom = 2 ** 20
const growth = 4
const maxPieces = 65_536
