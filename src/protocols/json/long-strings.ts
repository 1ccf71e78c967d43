/**
 * Takes the long strings out of a JSON body before the rest of it is parsed. Parsing 64 MiB of base64
 * keeps the event loop for half a second; finding the two quotation marks around it, for milliseconds.
 */
import { randomUUID } from 'node:crypto'
import { fail } from '../../errors.ts'
import { backslash, quote } from './characters.ts'

export interface CutBody {
  /** The JSON, with a mark in place of each long string. Not known to be JSON. */
  readonly rest: Uint8Array
  /** What lay between the quotation marks, escapes and all, by its mark. Not known to be text. */
  readonly strings: ReadonlyMap<string, Buffer>
}

/** Nothing is copied but the rest: the strings lie in the memory of the body. */
export function cutLongStrings(bytes: Uint8Array): CutBody {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const strings = new Map<string, Buffer>()
  const kept: Buffer[] = []
  const quotes = new Quotes(buffer)
  // nobody can write this mark into a body of their own
  const mark = randomUUID()
  let copied = 0
  for (let open = quotes.next(0); open !== -1; ) {
    const close = quotes.end(open + 1)
    if (close === -1) break // parsing tells that it does not end
    if (close - open > long) {
      const name = `${mark} ${strings.size}`
      strings.set(name, buffer.subarray(open + 1, close))
      kept.push(buffer.subarray(copied, open + 1), Buffer.from(name))
      copied = close
    }
    open = quotes.next(close + 1)
  }
  kept.push(buffer.subarray(copied))
  return { rest: Buffer.concat(kept), strings }
}

/** Quotation marks of a body, so many and no more: each costs a native call. */
class Quotes {
  readonly #buffer: Buffer
  #found = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  next(from: number): number {
    this.#found += 1
    if (this.#found > mostQuotes) {
      throw fail('BODY_MALFORMED', { problem: `the JSON has more than ${mostQuotes} strings` })
    }
    return this.#buffer.indexOf(quote, from)
  }

  /** The mark that ends the string. */
  end(from: number): number {
    for (let at = from; ; ) {
      const found = this.next(at)
      if (found === -1 || !this.#isEscaped(found, from)) return found
      at = found + 1
    }
  }

  #isEscaped(at: number, from: number): boolean {
    let before = at
    while (before > from && this.#buffer[before - 1] === backslash) before -= 1
    return (at - before) % 2 === 1
  }
}

const long = 2 ** 16
const mostQuotes = 500_000
