/**
 * The Predictor of a model that answers by what came before: it keeps the order of each sequence,
 * gives each its row and its state, and runs rows of several on the model as it is.
 *
 * The state of a sequence is what the requests that were answered have made of it. One that was not
 * (it failed, was refused, or its client left) leaves no trace, and the sequence goes on; one that
 * was to start it leaves no sequence, and what came after it is refused.
 *
 * Invariants
 * - Requests of a sequence run in the order in which they came, and never two at once.
 * - Every request is answered once.
 */
import type { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import { fail, ServingError } from '../errors.ts'
import type { Events, WhyShed } from '../events.ts'
import {
  type InferenceRequest,
  type InferenceResponse,
  type Predictor,
  streamOfOne,
} from '../predictor.ts'
import type { Signature } from '../signature.ts'
import { sizeOf } from '../tensor/index.ts'
import { Batch, type BatchHost, expired } from './batch.ts'
import type { ChoiceRules } from './choose.ts'
import { IdleWatch } from './idle-watch.ts'
import { Limits, type QueueLimits } from './limits.ts'
import type { SequencePlan } from './plan.ts'
import { notStarted, refusalOf } from './refusal.ts'
import { SequenceRequest } from './request.ts'
import type { Piece } from './rows.ts'
import { Seats } from './seats.ts'
import { Sequence, type SequenceId } from './sequence.ts'
import { shapesOf } from './shapes.ts'

export interface SequencesOptions {
  readonly model: string
  readonly version: string
  /** Runs one request of several rows on the model as it is, which no other request joins. */
  readonly inner: Predictor
  /** What clients see: of the plan, with what the configuration adds to it. */
  readonly signature: Signature
  readonly plan: SequencePlan
  readonly rules: ChoiceRules
  /** Batches that run beside each other. */
  readonly batches: number
  /** Sequences that have a row in each of them. */
  readonly seats: number
  readonly idleTimeoutMs: number
  readonly limits: QueueLimits
  readonly clock: Clock
  readonly events: Events
}

export class Sequences implements Predictor {
  readonly signature: Signature
  readonly #options: SequencesOptions
  readonly #batches: readonly Batch[]
  readonly #seats: Seats
  readonly #idle: IdleWatch<Sequence>
  readonly #limits: Limits
  readonly #active = new Set<Sequence>()
  /** Those of which more may come. */
  readonly #known = new Map<SequenceId, Sequence>()
  #order = 0
  #told = ''
  #lastUsed: number
  #draining = false
  #whenIdle: (() => void)[] = []

  constructor(options: SequencesOptions) {
    const { inner, plan, rules, clock, signature, seats } = options
    this.signature = signature
    this.#options = options
    this.#lastUsed = clock.now()
    const outputNames = signature.outputs.map(({ name }) => name)
    const parts = { plan, model: inner.signature, outputNames }
    const batch = { inner, parts, rules, clock, host: this.#host() }
    this.#batches = Array.from({ length: options.batches }, () => new Batch(batch))
    this.#seats = new Seats(this.#batches, seats)
    this.#limits = new Limits(options)
    this.#idle = new IdleWatch(clock, options.idleTimeoutMs, (sequence) => this.#timeOut(sequence))
  }

  /** Whether no sequence is under way. */
  get idle(): boolean {
    return this.#active.size === 0
  }

  /** The moment of the last request, or of its making. */
  get lastUsed(): number {
    return this.#lastUsed
  }

  /** Whether it takes no new sequences. */
  get draining(): boolean {
    return this.#draining
  }

  /** Whether a sequence of this id is under way, of which more may come. */
  knows(id: SequenceId): boolean {
    return this.#known.has(id)
  }

  predict(request: InferenceRequest, call: Call): Promise<InferenceResponse> {
    const refusal = this.#refusal(request, call)
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => this.#enter(request, call, resolve, reject))
  }

  stream(request: InferenceRequest, call: Call): AsyncIterable<InferenceResponse> {
    return streamOfOne(this, request, call)
  }

  /** Takes no new sequences; resolves when those that are under way have ended or timed out. */
  drain(): Promise<void> {
    this.#draining = true
    for (const batch of this.#batches) batch.poke()
    return this.whenIdle()
  }

  /** Resolves when no sequence is under way. */
  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.idle) resolve()
      else this.#whenIdle.push(resolve)
    })
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

  /** Sequences are forgotten, their requests refused, and runs stopped. */
  endAll(why: ServingError): void {
    this.leaveAll()
    for (const sequence of [...this.#active]) {
      for (const one of sequence.waiting.splice(0)) {
        this.#limits.leave(one)
        one.refuse(why)
      }
      sequence.running?.refuse(why)
      this.#forget(sequence)
      this.#goOn(sequence)
    }
    for (const batch of this.#batches) batch.stop(why)
  }

  #refusal(request: InferenceRequest, call: Call): ServingError | undefined {
    const { model, plan, clock } = this.#options
    const known = (id: SequenceId) => this.#known.get(id)
    const refusal = refusalOf({ model, plan, request, call, draining: this.#draining, known })
    if (refusal !== undefined) return refusal
    if (call.deadline !== undefined && clock.now() >= call.deadline) return expired()
    const sequence = known(call.scheduling.sequence!.id)
    const next = sequence === undefined ? this.#seats.next : sequence.seat?.batch
    const atOnce = next?.free === true && (sequence?.waiting.length ?? 0) === 0
    return this.#limits.refusal(request, atOnce)
  }

  #enter(
    request: InferenceRequest,
    call: Call,
    resolve: (response: InferenceResponse) => void,
    reject: (why: ServingError) => void,
  ): void {
    const { clock, plan } = this.#options
    const place = call.scheduling.sequence!
    const sequence = this.#known.get(place.id) ?? this.#begin(place.id)
    const arrived = clock.now()
    this.#lastUsed = arrived
    this.#order += 1
    const bytes = this.#limits.bytesOf(request)
    const shapes = shapesOf(request.inputs, plan)
    const facts = { sequence, request, call, place, order: this.#order, arrived, bytes, shapes }
    const one = new SequenceRequest(facts, resolve, reject)
    sequence.waiting.push(one)
    this.#idle.rouse(sequence)
    this.#limits.enter(one)
    one.until(call.onEnd((why) => this.#callEnded(one, why)))
    const timeoutMs = this.#limits.timeoutMs(call)
    if (timeoutMs !== Infinity) {
      one.until(clock.wakeAt(arrived + timeoutMs, () => this.#timeOutWaiting(one, timeoutMs)))
    }
    sequence.seat?.batch.poke()
    this.#tell()
  }

  #begin(id: SequenceId): Sequence {
    const sequence = new Sequence(id)
    this.#active.add(sequence)
    this.#known.set(id, sequence)
    this.#seats.enter(sequence)
    return sequence
  }

  #host(): BatchHost {
    const sequences = this
    return {
      get hurry() {
        return sequences.#draining
      },
      keyOf: (one) => sequences.#keyOf(one),
      expire: (one) => sequences.#drop(one, expired(), 'expired'),
      begin(one) {
        one.sequence.waiting.shift()
        one.sequence.running = one
        sequences.#limits.leave(one)
      },
      again(one) {
        one.alone = true
        one.sequence.running = undefined
        one.sequence.waiting.unshift(one)
        sequences.#limits.enter(one)
      },
      end: (one, outcome) => sequences.#end(one, outcome),
    }
  }

  #end(one: SequenceRequest, outcome: Piece | ServingError): void {
    const { sequence } = one
    sequence.running = undefined
    const failure = outcome instanceof ServingError ? outcome : this.#keep(one, outcome)
    if (failure !== undefined) {
      one.refuse(failure)
      if (one.place.start) this.#refuseUnstarted(sequence, 0)
      if (one.place.start || one.cut) this.#forget(sequence)
    } else if (one.place.end || one.cut) {
      this.#forget(sequence)
      this.#giveWay(sequence)
    }
    this.#goOn(sequence)
  }

  /** Answers it, and keeps the state that its sequence has then; or says why it cannot. */
  #keep(one: SequenceRequest, { response, states }: Piece): ServingError | undefined {
    const { sequence, call } = one
    if (one.settled) return call.ended ?? fail('CANCELLED')
    const bytes = states.reduce((sum, state) => sum + sizeOf(state), 0)
    const refusal = this.#limits.holdState(sequence, one.place.end ? 0 : bytes)
    if (refusal !== undefined) return refusal
    sequence.begun = true
    sequence.states = states
    const { inputMs, runMs, outputMs } = response.timing
    this.#limits.ran(runMs)
    const since = this.#options.clock.now() - one.arrived
    const queueMs = Math.max(0, since - inputMs - runMs - outputMs)
    one.answer({ ...response, timing: { queueMs, inputMs, runMs, outputMs } })
    return undefined
  }

  /** Before it runs: it leaves no trace, and no sequence where it was to start one. */
  #drop(one: SequenceRequest, why: ServingError, shed: WhyShed): void {
    const { sequence } = one
    const at = sequence.waiting.indexOf(one)
    const before = sequence.waiting[at - 1] ?? sequence.running
    sequence.waiting.splice(at, 1)
    this.#limits.leave(one)
    this.#limits.shed(shed)
    one.refuse(why)
    if (one.place.start) this.#refuseUnstarted(sequence, at)
    if (one.place.start || one.cut) {
      if (before === undefined) this.#forget(sequence)
      else before.cut = true
    }
    this.#goOn(sequence)
  }

  /** What waits from there on, up to the next that starts the sequence. */
  #refuseUnstarted(sequence: Sequence, from: number): void {
    const { model } = this.#options
    const next = sequence.waiting.findIndex(({ place }, at) => at >= from && place.start)
    const count = (next === -1 ? sequence.waiting.length : next) - from
    for (const one of sequence.waiting.splice(from, count)) {
      this.#limits.leave(one)
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
    this.#limits.holdState(sequence, 0)
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
    if (!this.idle) return
    this.#idle.close()
    for (const resolve of this.#whenIdle.splice(0)) resolve()
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

  #keyOf({ shapes, sequence, place }: SequenceRequest): string {
    const { plan } = this.#options
    const states = place.start ? plan.states.map(({ initial }) => initial) : sequence.states
    const named = states.map((tensor, at) => ({ name: plan.states[at]!.input, tensor }))
    return shapes + shapesOf(named, plan)
  }

  #tell(): void {
    const { events, model, version } = this.#options
    const { waiting, stateBytes } = this.#limits
    const active = this.#active.size
    const { backlog } = this.#seats
    const told = `${active} ${backlog} ${waiting} ${stateBytes}`
    if (told === this.#told) return
    this.#told = told
    events.emit({ kind: 'sequences', model, version, active, backlog, waiting, stateBytes })
  }
}
