/**
 * Identities for requests that bring none: what they begin with is random for each process, and a
 * count follows, since randomness for each costs more than all the rest of an identity. They look
 * as UUIDs do, and are as unlikely to meet again; they can be guessed, and are no secrets.
 * Source: RFC 9562, 5.8 (version 8: the layout is one's own).
 */
export class RequestIds {
  readonly #prefix: string
  #count = 0

  constructor(randomBytes: (count: number) => Uint8Array) {
    const random = Buffer.from(randomBytes(10)).toString('hex')
    const [first, second] = [random.slice(0, 8), random.slice(8, 12)]
    this.#prefix = `${first}-${second}-8${random.slice(12, 15)}-a${random.slice(15, 18)}-`
  }

  next(): string {
    this.#count += 1
    return this.#prefix + this.#count.toString(16).padStart(12, '0')
  }
}
