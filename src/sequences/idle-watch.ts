/** Tells of what has been idle for too long. One alarm for all: who rests first is first in line. */
import type { Clock } from '../clock.ts'

export class IdleWatch<T> {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #onIdle: (one: T) => void
  /** Since when, the longest first. */
  readonly #resting = new Map<T, number>()
  #cancelAlarm: (() => void) | undefined

  constructor(clock: Clock, timeoutMs: number, onIdle: (one: T) => void) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#onIdle = onIdle
  }

  /** From now on it is idle. */
  rest(one: T): void {
    this.#resting.delete(one)
    this.#resting.set(one, this.#clock.now())
    this.#cancelAlarm ??= this.#setAlarm()
  }

  /** It is idle no more, or gone. */
  rouse(one: T): void {
    // the alarm stays: it rings in vain at most once in that time
    this.#resting.delete(one)
  }

  close(): void {
    this.#resting.clear()
    this.#cancelAlarm?.()
    this.#cancelAlarm = undefined
  }

  #setAlarm(): (() => void) | undefined {
    for (const since of this.#resting.values()) {
      return this.#clock.wakeAt(since + this.#timeoutMs, () => {
        this.#cancelAlarm = undefined
        this.#ring()
        this.#cancelAlarm ??= this.#setAlarm()
      })
    }
    return undefined
  }

  #ring(): void {
    const now = this.#clock.now()
    for (const [one, since] of this.#resting) {
      if (since + this.#timeoutMs > now) return
      this.#resting.delete(one)
      this.#onIdle(one)
    }
  }
}
