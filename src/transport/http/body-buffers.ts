/**
 * Memory for request bodies, used again: fresh memory is mapped page by page as it is filled, which
 * costs as much as copying a large tensor. Buffers come in sizes of powers of two, and a bounded
 * number of bytes is kept.
 */
export class BodyBuffers {
  readonly #kept = new Map<number, ArrayBuffer[]>()
  readonly #maxKeptBytes: number
  #keptBytes = 0

  constructor(maxKeptBytes: number) {
    this.#maxKeptBytes = maxKeptBytes
  }

  /** A buffer of at least so many bytes, with whatever was in it before. */
  take(bytes: number): ArrayBuffer {
    const size = sizeClass(bytes)
    const buffer = this.#kept.get(size)?.pop()
    if (buffer === undefined) return new ArrayBuffer(size)
    this.#keptBytes -= size
    return buffer
  }

  /** Only for a buffer that nobody reads or writes any more. */
  give(buffer: ArrayBuffer): void {
    const size = buffer.byteLength
    if (this.#keptBytes + size > this.#maxKeptBytes) return
    const kept = this.#kept.get(size)
    if (kept === undefined) this.#kept.set(size, [buffer])
    else kept.push(buffer)
    this.#keptBytes += size
  }

  get keptBytes(): number {
    return this.#keptBytes
  }
}

const smallest = 4096

function sizeClass(bytes: number): number {
  return Math.max(smallest, 2 ** Math.ceil(Math.log2(Math.max(1, bytes))))
}
