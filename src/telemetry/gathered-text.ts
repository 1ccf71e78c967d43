/**
 * Text that waits to be written, as bytes in memory that is used again. Strings that wait would be
 * moved by the collector again and again, and it would run for long.
 */
export class GatheredText {
  #bytes = Buffer.alloc(0)
  #length = 0
  #spare = Buffer.alloc(0)

  /** Bytes that wait. */
  get length(): number {
    return this.#length
  }

  /** How many bytes it has become. */
  add(text: string): number {
    const most = this.#length + text.length * bytesPerUnit
    if (most > this.#bytes.length) this.#grow(most)
    const written = this.#bytes.write(text, this.#length)
    this.#length += written
    return written
  }

  /** All that waits. It is not touched until it is given back. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = this.#spare
    this.#spare = nothing
    this.#length = 0
    return taken
  }

  /** Nobody reads it any more. */
  give({ buffer }: Buffer): void {
    if (buffer.byteLength <= mostKept) this.#spare = Buffer.from(buffer as ArrayBuffer)
  }

  #grow(most: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(least, 2 ** Math.ceil(Math.log2(most))))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

const nothing = Buffer.alloc(0)
/** Of UTF-8 for a unit of UTF-16. */
const bytesPerUnit = 3
const least = 4096
const mostKept = 262_144
