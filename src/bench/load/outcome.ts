/** What comes of a request. */

/** Whatever is no right answer in time is a miss, and says why. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly why: string }

/** Asks one of the target's questions; `done` is called once, and may be called at once. */
export type Ask = (request: number, done: (outcome: Outcome) => void) => void

export interface Sample {
  /** When it was to be sent: the latency counts from here. Moments of the clock, in milliseconds. */
  readonly due: number
  readonly sent: number
  readonly done: number
  readonly outcome: Outcome
  /** Whether it was sent after the warm-up. */
  readonly counted: boolean
}

export const answered: Outcome = { ok: true }
