/**
 * The lives of sequences, from the first request to the end, and what becomes of each request on the
 * way. Told by batches what has run, by clients who has left, and by the clock whose time is over.
 */
import { fail, ServingError } from '../errors.ts'
import type { WhyShed } from '../events.ts'
import { sizeOf } from '../tensor/index.ts'
import { type Batch, type BatchHost, expired } from './batch.ts'
import { IdleWatch } from './idle-watch.ts'
import { Limits } from './limits.ts'
import { notStarted } from './refusal.ts'
import type { SequenceRequest } from './request.ts'
import type { Piece } from './rows.ts'
import { Seats } from './seats.ts'
import { Sequence, type SequenceId } from './sequence.ts'
import type { SequencesOptions } from './sequences.ts'
import { shapesOf } from './shapes.ts'

export class Lives implements BatchHost {
  readonly limits: Limits
  /** Nothing is worth waiting for any more. */
  hurry = false
  readonly #options: SequencesOptions
  readonly #idle: IdleWatch<Sequence>
  readonly #active = new Set<Sequence>()
  /** Those of which more may come. */
  readonly #known = new Map<SequenceId, Sequence>()
  #seats = new Seats([], 0)
  #told = ''
  #whenNone: (() => void)[] = []

  constructor(options: SequencesOptions) {
    const { clock, idleTimeoutMs } = options
    this.#options = options
    this.limits = new Limits(options)
    this.#idle = new IdleWatch(clock, idleTimeoutMs, (sequence) => this.#timeOut(sequence))
  }

  /** Where sequences have their rows, so many in each. Once, before the first of them. */
  seat(batches: readonly Batch[], rows: number): void {
    this.#seats = new Seats(batches, rows)
  }

  /** Whether no sequence is under way. */
  get none(): boolean {
    return this.#active.size === 0
  }

  /** Resolves when no sequence is under way. */
  whenNone(): Promise<void> {
    return new Promise((resolve) => {
      if (this.none) resolve()
      else this.#whenNone.push(resolve)
    })
  }

  /** One of which more may come. */
  known(id: SequenceId): Sequence | undefined {
    return this.#known.get(id)
  }

  /** Whether a request that comes now would run at once. */
  startsAtOnce(sequence: Sequence | undefined): boolean {
    const batch = sequence === undefined ? this.#seats.next : sequence.seat?.batch
    return batch?.free === true && (sequence?.waiting.length ?? 0) === 0
  }

  begin(id: SequenceId): Sequence {
    const sequence = new Sequence(id)
    this.#active.add(sequence)
    this.#known.set(id, sequence)
    this.#seats.enter(sequence)
    return sequence
  }

  add(one: SequenceRequest): void {
    const { sequence } = one
    sequence.waiting.push(one)
    this.#idle.rouse(sequence)
    this.limits.enter(one)
    one.until(one.call.onEnd((why) => this.#callEnded(one, why)))
    const ms = this.limits.timeoutMs(one.call)
    if (ms !== Infinity) {
      const { clock } = this.#options
      one.until(clock.wakeAt(one.arrived + ms, () => this.#timeOutWaiting(one, ms)))
    }
    this.#goOn(sequence)
  }

  /** A request was to start it and was refused: what follows belongs to nothing. */
  notBegun(id: SequenceId): void {
    const sequence = this.#known.get(id)
    if (sequence === undefined) return
    this.#cutAfter(sequence, sequence.waiting.at(-1) ?? sequence.running)
    this.#goOn(sequence)
  }

  /** No more requests of it come here: it is over when those that came are answered. */
  leave(id: SequenceId): void {
    const sequence = this.#known.get(id)
    if (sequence === undefined) return
    this.#known.delete(id)
    sequence.left = true
    this.#goOn(sequence)
  }

  /** No more requests come at all. */
  leaveAll(): void {
    for (const id of [...this.#known.keys()]) this.leave(id)
  }

  /** All are forgotten, and nobody waits any more. Runs that are under way are to be stopped. */
  endAll(why: ServingError): void {
    this.leaveAll()
    for (const sequence of [...this.#active]) {
      for (const one of sequence.waiting.splice(0)) {
        this.limits.leave(one)
        one.refuse(why)
      }
      sequence.running?.refuse(why)
      this.#forget(sequence)
      this.#goOn(sequence)
    }
  }

  keyOf({ shapes, sequence, place }: SequenceRequest): string {
    const { plan } = this.#options
    const states = place.start ? plan.states.map(({ initial }) => initial) : sequence.states
    const named = states.map((tensor, at) => ({ name: plan.states[at]!.input, tensor }))
    return shapes + shapesOf(named, plan)
  }

  expire(one: SequenceRequest): void {
    this.#drop(one, expired(), 'expired')
  }

  started(one: SequenceRequest): void {
    one.sequence.waiting.shift()
    one.sequence.running = one
    this.limits.leave(one)
  }

  again(one: SequenceRequest): void {
    one.alone = true
    one.sequence.running = undefined
    one.sequence.waiting.unshift(one)
    this.limits.enter(one)
  }

  ended(one: SequenceRequest, outcome: Piece | ServingError): void {
    const { sequence, place } = one
    sequence.running = undefined
    const failure = outcome instanceof ServingError ? outcome : this.#keep(one, outcome)
    if (failure !== undefined) {
      one.refuse(failure)
      if (place.start) this.#refuseUnstarted(sequence, 0)
      if (place.start || one.cut) this.#forget(sequence)
    } else if (place.end || one.cut) {
      this.#forget(sequence)
      this.#giveWay(sequence)
    }
    this.#goOn(sequence)
  }

  /** Answers it, and keeps the state that its sequence has then; or says why it cannot. */
  #keep(one: SequenceRequest, { response, states }: Piece): ServingError | undefined {
    const { sequence, call, arrived } = one
    if (one.settled) return call.ended ?? fail('CANCELLED')
    const bytes = states.reduce((sum, state) => sum + sizeOf(state), 0)
    const refusal = this.limits.holdState(sequence, one.place.end ? 0 : bytes)
    if (refusal !== undefined) return refusal
    sequence.begun = true
    sequence.states = states
    const { inputMs, runMs, outputMs } = response.timing
    this.limits.ran(runMs)
    const since = this.#options.clock.now() - arrived
    const queueMs = Math.max(0, since - inputMs - runMs - outputMs)
    one.answer({ ...response, timing: { queueMs, inputMs, runMs, outputMs } })
    return undefined
  }

  /** Before it runs: it leaves no trace, and no sequence where it was to start one. */
  #drop(one: SequenceRequest, why: ServingError, shed: WhyShed): void {
    const { sequence, place } = one
    const at = sequence.waiting.indexOf(one)
    const before = sequence.waiting[at - 1] ?? sequence.running
    sequence.waiting.splice(at, 1)
    this.limits.leave(one)
    this.limits.shed(shed)
    one.refuse(why)
    if (place.start) this.#refuseUnstarted(sequence, at)
    if (place.start || one.cut) this.#cutAfter(sequence, before)
    this.#goOn(sequence)
  }

  /** It is over after this request, or at once where there is none. */
  #cutAfter(sequence: Sequence, last: SequenceRequest | undefined): void {
    if (last === undefined) this.#forget(sequence)
    else last.cut = true
  }

  /** What waits from there on, up to the next that starts the sequence. */
  #refuseUnstarted(sequence: Sequence, from: number): void {
    const { model } = this.#options
    const next = sequence.waiting.findIndex(({ place }, at) => at >= from && place.start)
    const count = (next === -1 ? sequence.waiting.length : next) - from
    for (const one of sequence.waiting.splice(from, count)) {
      this.limits.leave(one)
      one.refuse(notStarted(model, sequence.id))
    }
  }

  /** Another one waits longer than the next sequence of this id. */
  #giveWay(sequence: Sequence): void {
    if (sequence.waiting.length === 0 || this.#seats.backlog === 0) return
    const next = this.#seats.leave(sequence)
    this.#seats.enter(sequence)
    next?.seat?.batch.poke()
  }

  /** It has no state any more, and nothing to go on from. */
  #forget(sequence: Sequence): void {
    sequence.begun = false
    sequence.states = []
    this.limits.holdState(sequence, 0)
  }

  /** Whatever is next for it: to run, to rest, or to be gone. */
  #goOn(sequence: Sequence): void {
    if (sequence.left && sequence.idle) this.#forget(sequence)
    if (sequence.over) this.#remove(sequence)
    else if (sequence.idle) this.#idle.rest(sequence)
    else sequence.seat?.batch.poke()
    this.#tell()
  }

  #remove(sequence: Sequence): void {
    if (!this.#active.delete(sequence)) return
    this.#idle.rouse(sequence)
    if (this.#known.get(sequence.id) === sequence) this.#known.delete(sequence.id)
    this.#seats.leave(sequence)?.seat?.batch.poke()
    if (!this.none) return
    this.#idle.close()
    for (const resolve of this.#whenNone.splice(0)) resolve()
  }

  #timeOut(sequence: Sequence): void {
    const { events, model, version } = this.#options
    events.emit({ kind: 'sequence-timed-out', model, version })
    this.#forget(sequence)
    this.#goOn(sequence)
  }

  #callEnded(one: SequenceRequest, why: ServingError): void {
    // its run goes on for the others, or is stopped by the batch
    if (one.sequence.running === one) one.refuse(why)
    else this.#drop(one, why, why.code === 'deadline_exceeded' ? 'expired' : 'cancelled')
  }

  #timeOutWaiting(one: SequenceRequest, ms: number): void {
    const { model } = this.#options
    if (one.sequence.running === one) return
    this.#drop(one, fail('QUEUE_TIMEOUT', { model, ms }), 'timeout')
  }

  #tell(): void {
    const { events, model, version } = this.#options
    const { waiting, stateBytes } = this.limits
    const active = this.#active.size
    const { backlog } = this.#seats
    const told = `${active} ${backlog} ${waiting} ${stateBytes}`
    if (told === this.#told) return
    this.#told = told
    events.emit({ kind: 'sequences', model, version, active, backlog, waiting, stateBytes })
  }
}
