/** One timer for the soonest of several moments. */
import type { Clock } from '../clock.ts'

export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #moment = Infinity
  #callOff: () => void = () => {}

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Rings at this moment or before; Infinity asks for nothing. What was asked for later is forgotten then. */
  at(moment: number): void {
    if (moment >= this.#moment) return
    this.#callOff()
    this.#moment = moment
    this.#callOff = this.#clock.wakeAt(moment, () => {
      this.#moment = Infinity
      this.#ring()
    })
  }

  /** Nothing rings any more until it is asked to. */
  off(): void {
    this.#callOff()
    this.#moment = Infinity
  }
}
