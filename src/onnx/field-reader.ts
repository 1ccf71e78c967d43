/** Walking over the protobuf fields of a file, of which only what is looked at is read. */
import { readSync } from 'node:fs'
import { WireType } from '@bufbuild/protobuf/wire'

export interface Field {
  readonly number: number
  readonly wireType: number
  /** Where what it holds begins and ends in the file. */
  readonly from: number
  readonly to: number
}

export class FieldReader {
  readonly #descriptor: number
  readonly #window = new Uint8Array(windowBytes)
  #windowStart = 0
  #windowEnd = 0

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** The fields of a message that lies there. Ends early where the message is damaged. */
  *fields(from: number, to: number): Generator<Field> {
    for (let at = from; at < to; ) {
      const tag = this.#varint(at)
      if (tag === undefined) return
      const number = Math.floor(tag.value / 8)
      const wireType = tag.value % 8
      let start = tag.end
      let end: number | undefined
      if (wireType === WireType.Varint) end = this.#varint(start)?.end
      else if (wireType === WireType.Bit32) end = start + 4
      else if (wireType === WireType.Bit64) end = start + 8
      else if (wireType === WireType.LengthDelimited) {
        const length = this.#varint(start)
        start = length?.end ?? start
        end = length && start + length.value
      }
      if (end === undefined || end > to) return
      yield { number, wireType, from: start, to: end }
      at = end
    }
  }

  /** The numbers of a field, packed or not. Exact up to 2^53. */
  *numbers({ from, to }: Field): Generator<number> {
    for (let at = from; at < to; ) {
      const number = this.#varint(at)
      if (number === undefined) return
      yield number.value
      at = number.end
    }
  }

  /** Of a string that is short. */
  text({ from, to }: Field): string {
    const length = Math.min(to - from, longestText)
    return Buffer.from(Array.from({ length }, (_, index) => this.#byte(from + index))).toString()
  }

  #varint(from: number): { readonly value: number; readonly end: number } | undefined {
    let value = 0
    for (let index = 0; index < longestVarint; index++) {
      const byte = this.#byte(from + index)
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte < 0x80) return { value, end: from + index + 1 }
    }
    return undefined
  }

  /** 0 beyond the end of the file. */
  #byte(at: number): number {
    if (at < this.#windowStart || at >= this.#windowEnd) {
      this.#windowStart = at
      this.#windowEnd = at + readSync(this.#descriptor, this.#window, 0, windowBytes, at)
    }
    return at < this.#windowEnd ? this.#window[at - this.#windowStart]! : 0
  }
}

/** A node or a small weight is in it whole; more would be read in vain where weights are large. */
const windowBytes = 2 ** 12
const longestVarint = 10
const longestText = 2 ** 12
