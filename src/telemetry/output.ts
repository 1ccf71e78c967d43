/**
 * Where log lines go: gathered, and written by the thread pool, so that a slow reader of stderr
 * never stops the event loop.
 *
 * Invariants
 * - Text is written in the order it came, and waits at most `flushEveryMs` before its write begins,
 *   or for the write before it. While lines come fast, more of them are gathered for each write: it
 *   costs as much as a request does.
 * - No more than `maxPending` bytes wait: what comes on top is lost, and counted.
 * - A destination that is gone (a closed pipe) loses the lines and nothing else.
 */
import { write, writeSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { GatheredText } from './gathered-text.ts'

export interface Output {
  write(text: string): void
  /** Resolves when all that came before is written, or is lost. Never fails. */
  flush(): Promise<void>
  /**
   * Writes what waits at once, blocking: for the last words of a process that dies. What the thread
   * pool is writing just then may come out behind it.
   */
  flushSync(): void
  /** As `flush`. What comes later is written at once. */
  close(): Promise<void>
}

export class BufferedOutput implements Output {
  readonly #fd: number
  readonly #clock: Clock
  readonly #onLost: (lines: number) => void
  readonly #pending = new GatheredText()
  #writeAt = leastWrite
  #inFlight = false
  #cancelTimer: (() => void) | undefined
  #accepted = 0
  #settled = 0
  #waiters: { readonly until: number; readonly resolve: () => void }[] = []
  #lost = 0
  #broken = false
  #closed = false

  /** `onLost` is told how many writes were lost, once there is room again. */
  constructor(fd: number, clock: Clock, onLost: (lines: number) => void) {
    this.#fd = fd
    this.#clock = clock
    this.#onLost = onLost
  }

  write(text: string): void {
    if (this.#broken) return
    if (this.#pending.length + text.length > maxPending) {
      this.#lost += 1
      return
    }
    this.#accepted += this.#pending.add(text)
    if (this.#closed) this.flushSync()
    else if (this.#inFlight) return
    else this.#beginSoon()
  }

  flush(): Promise<void> {
    if (this.#settled === this.#accepted) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiters.push({ until: this.#accepted, resolve })
    this.#begin()
    return promise
  }

  flushSync(): void {
    const bytes = this.#take()
    const giveUpAt = this.#clock.now() + longestBlockMs
    let at = 0
    while (at < bytes.length && !this.#broken) {
      try {
        at += writeSync(this.#fd, bytes, at)
      } catch (error) {
        if (!isBusy(error) || this.#clock.now() > giveUpAt) this.#break()
        else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs)
      }
    }
    if (!this.#inFlight) this.#settle(this.#accepted)
  }

  async close(): Promise<void> {
    await this.flush()
    this.#closed = true
    this.flushSync()
  }

  /** Now, where enough is there for a write. */
  #beginSoon(): void {
    if (this.#pending.length >= this.#writeAt) {
      this.#writeAt = Math.min(2 * this.#writeAt, mostWrite)
      this.#begin()
    } else {
      this.#cancelTimer ??= this.#wake(flushEveryMs, () => {
        this.#writeAt = leastWrite
        this.#begin()
      })
    }
  }

  #begin(): void {
    if (this.#inFlight || this.#pending.length === 0) return
    this.#inFlight = true
    this.#write(this.#take(), 0, this.#accepted)
  }

  #write(bytes: Buffer, at: number, settles: number): void {
    write(this.#fd, bytes, at, bytes.length - at, null, (error, written) => {
      if (error !== null) {
        if (isBusy(error)) this.#wake(retryMs, () => this.#write(bytes, at, settles))
        else this.#break()
        return
      }
      if (at + written < bytes.length) this.#write(bytes, at + written, settles)
      else {
        this.#pending.give(bytes)
        this.#written(settles)
      }
    })
  }

  #written(settles: number): void {
    this.#inFlight = false
    const lost = this.#lost
    this.#lost = 0
    if (lost > 0) this.#onLost(lost)
    // what flushSync wrote meanwhile is done too
    this.#settle(this.#pending.length === 0 ? this.#accepted : settles)
    if (this.#waiters.length > 0) this.#begin()
    else if (this.#pending.length > 0) this.#beginSoon()
  }

  #settle(until: number): void {
    this.#settled = Math.max(this.#settled, until)
    const done = this.#waiters.filter((waiter) => waiter.until <= this.#settled)
    this.#waiters = this.#waiters.filter((waiter) => waiter.until > this.#settled)
    for (const { resolve } of done) resolve()
  }

  #take(): Buffer {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    return this.#pending.take()
  }

  #break(): void {
    this.#broken = true
    this.#inFlight = false
    this.#take()
    this.#settle(this.#accepted)
  }

  #wake(ms: number, callback: () => void): () => void {
    return this.#clock.wakeAt(this.#clock.now() + ms, callback)
  }
}

/** Text that is handed over as it comes, to whoever wants it. */
export function directOutput(destination: { write(text: string): void }): Output {
  return {
    write: (text) => destination.write(text),
    flush: () => Promise.resolve(),
    flushSync() {},
    close: () => Promise.resolve(),
  }
}

const leastWrite = 4096
const mostWrite = 65_536
const flushEveryMs = 100
const retryMs = 10
const longestBlockMs = 1000
const maxPending = 8 * 1024 * 1024

const isBusy = (error: unknown) => {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EAGAIN' || code === 'EBUSY' || code === 'EINTR'
}
