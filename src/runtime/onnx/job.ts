/**
 * How a run is handed to a thread: as addresses, in memory that both sides see.
 *
 * A thread has a few places for jobs and takes them in turn. The main thread fills a place, counts
 * `posted` up and wakes the thread; the thread runs what is there, writes status and time back and
 * sends the number of the place. A job that waits in its place starts without the main thread.
 */
export const PLACES = 2 // one run under way and one ahead of it

/** Words of 64 bits in a place. */
export const WORD = {
  session: 0,
  runOptions: 1,
  inputNames: 2,
  inputValues: 3,
  inputCount: 4,
  outputNames: 5,
  outputCount: 6,
  outputValues: 7,
  status: 8,
  nanoseconds: 9,
} as const
const wordCount = 10

/** Words of 32 bits that both sides watch. */
export const CONTROL = { posted: 0, stopped: 1 } as const

export interface Mailbox {
  readonly control: Int32Array<SharedArrayBuffer>
  readonly places: readonly BigUint64Array<SharedArrayBuffer>[]
}

export interface ThreadData {
  readonly library: string
  readonly control: SharedArrayBuffer
  readonly jobs: SharedArrayBuffer
}

export const controlBytes = Object.keys(CONTROL).length * Int32Array.BYTES_PER_ELEMENT
export const jobBytes = PLACES * wordCount * BigUint64Array.BYTES_PER_ELEMENT

export function openMailbox({ control, jobs }: Omit<ThreadData, 'library'>): Mailbox {
  return {
    control: new Int32Array(control),
    places: Array.from(
      { length: PLACES },
      (_, place) =>
        new BigUint64Array(jobs, place * wordCount * BigUint64Array.BYTES_PER_ELEMENT, wordCount),
    ),
  }
}
