/**
 * Rows for sequences, and one run of them at a time.
 *
 * Invariants
 * - No sequence has two requests in runs at once.
 * - With `direct` a request runs in the row of its sequence.
 */
import { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import { fail, type Reason, ServingError } from '../errors.ts'
import type { Predictor } from '../predictor.ts'
import { type ChoiceRules, choose, type Head } from './choose.ts'
import type { SequenceRequest } from './request.ts'
import { joinRows, type Parts, type Piece, type Rows, splitRows } from './rows.ts'
import type { Sequence } from './sequence.ts'

export interface BatchOptions {
  /** Runs the rows as they are. */
  readonly inner: Predictor
  readonly parts: Parts
  readonly rules: ChoiceRules
  readonly clock: Clock
  /** Told what becomes of requests. */
  readonly host: BatchHost
}

export interface BatchHost {
  /** The same for requests that may be rows of one run. */
  keyOf(one: SequenceRequest): string
  /** Nothing is worth waiting for. */
  readonly hurry: boolean
  /** Its time is over before it began. */
  expire(one: SequenceRequest): void
  started(one: SequenceRequest): void
  /** It is to be run again, alone. */
  again(one: SequenceRequest): void
  ended(one: SequenceRequest, outcome: Piece | ServingError): void
}

interface RequestHead extends Head {
  readonly one: SequenceRequest
}

export class Batch {
  /** By their rows. */
  readonly seated: (Sequence | undefined)[] = []
  readonly #options: BatchOptions
  #busy = false
  #call: Call | undefined
  #cancelAlarm: (() => void) | undefined

  constructor(options: BatchOptions) {
    this.#options = options
  }

  /** Whether a request that comes now need not wait for a run to end. */
  get free(): boolean {
    return !this.#busy
  }

  /** Something has changed: runs what may run now. */
  poke(): void {
    if (this.#busy) return
    this.#busy = true
    this.#cancelAlarm?.()
    this.#cancelAlarm = undefined
    this.#expire()
    const { rules, clock, host } = this.#options
    const choice = choose(this.#heads(), rules, clock.now(), host.hurry)
    if (choice?.kind === 'run') {
      void this.#run(choice.heads.map(({ one }) => one))
      return
    }
    this.#busy = false
    if (choice?.kind !== 'wait') return
    this.#cancelAlarm = clock.wakeAt(choice.until, () => {
      this.#cancelAlarm = undefined
      this.poke()
    })
  }

  /** Nobody waits for what is under way any more. */
  stop(why: ServingError): void {
    this.#call?.end(why)
  }

  /** One may take the row of another that has gone, so it looks until there is none. */
  #expire(): void {
    const { clock, host } = this.#options
    for (;;) {
      const now = clock.now()
      const late = this.#heads().filter(({ deadline = Infinity }) => deadline <= now)
      if (late.length === 0) return
      for (const { one } of late) host.expire(one)
    }
  }

  #heads(): readonly RequestHead[] {
    const { host } = this.#options
    return this.seated.flatMap((sequence): readonly RequestHead[] => {
      const one = sequence?.waiting[0]
      if (one === undefined) return []
      const { order, arrived, alone } = one
      const { deadline } = one.call
      return [{ one, order, arrived, alone, key: host.keyOf(one), deadline }]
    })
  }

  /** Never rejects. */
  async #run(members: readonly SequenceRequest[]): Promise<void> {
    const { inner, parts, host } = this.#options
    for (const one of members) host.started(one)
    const rows = this.#rowsOf(members)
    const { call, release } = sharedCall(members)
    this.#call = call
    let outcomes: ReadonlyMap<SequenceRequest, Piece> | ServingError
    try {
      outcomes = splitRows(rows, await inner.predict(joinRows(rows, parts), call), parts)
    } catch (thrown) {
      outcomes = ServingError.from(thrown)
    }
    release()
    this.#call = undefined
    const again = outcomes instanceof ServingError && this.#mayTryAgain(members, outcomes)
    for (const one of members) {
      if (again && !one.settled) host.again(one)
      else host.ended(one, outcomes instanceof ServingError ? outcomes : outcomes.get(one)!)
    }
    this.#busy = false
    this.poke()
  }

  #rowsOf(members: readonly SequenceRequest[]): Rows {
    if (this.#options.rules.strategy === 'oldest') return members
    const rows: (SequenceRequest | undefined)[] = []
    for (const one of members) rows[one.sequence.seat!.row] = one
    return Array.from(rows)
  }

  /**
   * One of them may have spoiled the run for the others. What keeps its state to itself may have
   * changed it already, so only what is kept here is tried again.
   */
  #mayTryAgain(members: readonly SequenceRequest[], { reason }: ServingError): boolean {
    const { plan } = this.#options.parts
    return members.length > 1 && plan.states.length > 0 && faultsOfRuns.includes(reason)
  }
}

const faultsOfRuns: readonly Reason[] = ['RUN_REFUSED', 'RUN_FAILED', 'INTERNAL']

/** Ends when nobody waits for any of them any more, and lasts as long as the last of them may. */
function sharedCall(members: readonly SequenceRequest[]): { call: Call; release(): void } {
  const { requestId, traceparent } = members[0]!.call
  const deadline = Math.max(...members.map(({ call }) => call.deadline ?? Infinity))
  const call = new Call({
    requestId,
    traceparent,
    deadline: deadline === Infinity ? undefined : deadline,
  })
  let open = members.length
  const stops = members.map((one) =>
    one.call.onEnd((why) => {
      open -= 1
      if (open === 0) call.end(why)
    }),
  )
  return {
    call,
    release() {
      for (const stop of stops) stop()
    },
  }
}

export const expired = () => fail('DEADLINE_EXCEEDED', { where: 'waiting' })
