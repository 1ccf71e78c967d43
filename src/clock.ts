/** Time that never jumps. Whatever waits or measures is given a `Clock`, so that tests can move it. */
export interface Clock {
  /** Milliseconds since some fixed moment of this process, with fractions. */
  now(): number
  /** Calls back once that moment has come, unless cancelled before by the function returned. */
  wakeAt(moment: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wakeAt(moment, callback) {
    const wait = () => setTimeout(ring, Math.min(Math.ceil(moment - performance.now()), longest))
    // a timer counts from the beginning of its turn of the loop, so it may be early
    const ring = () => {
      if (performance.now() >= moment) callback()
      else timer = wait()
    }
    let timer = wait()
    return () => clearTimeout(timer)
  },
}

/** A clock that stands still until it is moved. */
export class HandClock implements Clock {
  #now = 0
  #alarms: { readonly moment: number; readonly callback: () => void }[] = []

  now(): number {
    return this.#now
  }

  wakeAt(moment: number, callback: () => void): () => void {
    const alarm = { moment, callback }
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm)
    }
  }

  /** Moves on, and rings what is due, in the order of its moments. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = this.#alarms
        .filter(({ moment }) => moment <= end)
        .sort((a, b) => a.moment - b.moment)[0]
      if (due === undefined) break
      this.#alarms = this.#alarms.filter((other) => other !== due)
      this.#now = Math.max(this.#now, due.moment)
      due.callback()
    }
    this.#now = end
  }
}

const longest = 2 ** 31 - 1 // setTimeout takes no more
