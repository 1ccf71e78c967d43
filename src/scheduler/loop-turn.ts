/**
 * Runs on the event loop: what came in one turn of it is run at the turn's end, so that requests
 * that arrive together share a run without anybody waiting.
 */
export interface LoopTurnOptions {
  readonly now: () => number
  /** Calls back once, at the end of this turn of the event loop. */
  readonly atTurnEnd: (callback: () => void) => void
}

export class LoopTurn {
  readonly #options: LoopTurnOptions
  readonly #due = new Set<() => void>()
  #began = 0
  #usualMs = 0
  #ended = 0
  /** The longest run, as it was reckoned in this turn. */
  #longestMs: number | undefined

  constructor(options: LoopTurnOptions) {
    this.#options = options
  }

  /** Runs it at the end of this turn, once, however often it is asked for. */
  add(work: () => void): void {
    if (this.#due.size === 0) {
      this.#began = this.#options.now()
      this.#options.atTurnEnd(() => this.#run())
    }
    this.#due.add(work)
  }

  /** The longest run that the loop may be held up by now, in milliseconds. */
  get longestRunMs(): number {
    // every request asks
    if (this.#due.size === 0) return longestRunOnLoop(this.#usualNow)
    this.#longestMs ??= longestRunOnLoop(this.#usualNow)
    return this.#longestMs
  }

  #run(): void {
    const work = [...this.#due]
    this.#due.clear()
    this.#longestMs = undefined
    for (const one of work) one()
    const usual = this.#usualNow
    this.#ended = this.#options.now()
    this.#usualMs = usual + (this.#ended - this.#began - usual) * weightOfLast
  }

  /** What turns take, half forgotten with every half second in which there was none. */
  get #usualNow(): number {
    return this.#usualMs * 2 ** ((this.#ended - this.#options.now()) / forgottenMs)
  }
}

/**
 * A run that is shorter than handing it to a thread and back (about 0.1 ms) costs the loop less where
 * it is; a loop that is late already is given half of that at most.
 */
export function longestRunOnLoop(turnMs: number): number {
  return turnMs > lateTurnMs ? hopMs / 2 : hopMs
}

const hopMs = 0.1
const lateTurnMs = 5
const forgottenMs = 500
const weightOfLast = 0.1
