/**
 * Work that several ask for at once is done once: the first one does it, the others wait for what
 * comes of it, each no longer than its own call lasts.
 *
 * It is done for the first one, within its deadline and at its priority. Where it fails for a reason
 * that concerns that one alone, the next in line begins anew, so that nobody fails with the call of
 * another. For any other reason all of them fail: their work would have been the same.
 */
import type { Call } from '../call.ts'
import { type ErrorCode, ServingError } from '../errors.ts'

export interface FlightsOptions {
  /** Those that wait for others; whoever comes then does the work apart. */
  readonly maxWaiting: number
  /** What these may hold, in bytes. */
  readonly maxWaitingBytes: number
}

export interface Passenger<T> {
  readonly call: Call
  /** What it holds while it waits. */
  readonly bytes: number
  /** Settles when the call ends, at the latest. */
  readonly work: () => Promise<T>
}

/** What came of it, and whether somebody else's work it was. */
export interface Arrival<T> {
  readonly value: T
  readonly shared: boolean
}

export class Flights<T> {
  readonly #options: FlightsOptions
  /** Who waits, for each piece of work under way, in the order they came. */
  readonly #lines = new Map<string, Set<Waiting<T>>>()
  #waiting = 0
  #waitingBytes = 0

  constructor(options: FlightsOptions) {
    this.#options = options
  }

  /** `key`: what the work is. */
  board(key: string, passenger: Passenger<T>): Promise<Arrival<T>> {
    const line = this.#lines.get(key)
    if (line === undefined) {
      this.#lines.set(key, new Set())
      return this.#fly(key, passenger)
    }
    return this.#mayWait(passenger) ? this.#wait(line, passenger) : apart(passenger)
  }

  async #fly(key: string, { work }: Passenger<T>): Promise<Arrival<T>> {
    try {
      const value = await work()
      for (const waiting of this.#land(key)) waiting.resolve({ value, shared: true })
      return { value, shared: false }
    } catch (thrown) {
      if (isOwnMatter(ServingError.from(thrown).code)) this.#flyNext(key)
      else for (const waiting of this.#land(key)) waiting.reject(thrown)
      throw thrown
    }
  }

  #flyNext(key: string): void {
    const [next] = this.#lines.get(key)!
    if (next === undefined) {
      this.#lines.delete(key)
      return
    }
    next.leave()
    next.resolve(this.#fly(key, next.passenger))
  }

  /** Whoever waited. */
  #land(key: string): readonly Waiting<T>[] {
    const line = [...this.#lines.get(key)!]
    this.#lines.delete(key)
    for (const waiting of line) waiting.leave()
    return line
  }

  #mayWait({ bytes }: Passenger<T>): boolean {
    const { maxWaiting, maxWaitingBytes } = this.#options
    return this.#waiting < maxWaiting && this.#waitingBytes + bytes <= maxWaitingBytes
  }

  #wait(line: Set<Waiting<T>>, passenger: Passenger<T>): Promise<Arrival<T>> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        stopListening()
        line.delete(waiting)
        this.#waiting -= 1
        this.#waitingBytes -= passenger.bytes
      }
      const waiting = { passenger, resolve, reject, leave }
      line.add(waiting)
      this.#waiting += 1
      this.#waitingBytes += passenger.bytes
      let stopListening = () => {}
      stopListening = passenger.call.onEnd((why) => {
        leave()
        reject(why)
      })
    })
  }
}

interface Waiting<T> {
  readonly passenger: Passenger<T>
  readonly resolve: (arrival: Arrival<T> | Promise<Arrival<T>>) => void
  readonly reject: (why: unknown) => void
  readonly leave: () => void
}

async function apart<T>({ work }: Passenger<T>): Promise<Arrival<T>> {
  return { value: await work(), shared: false }
}

/** Whether it was the place of one in the queue, or its client, that the work failed for. */
const isOwnMatter = (code: ErrorCode): boolean => ownMatters.includes(code)

const ownMatters: readonly ErrorCode[] = [
  'deadline_exceeded',
  'cancelled',
  'overloaded',
  'unavailable',
]
