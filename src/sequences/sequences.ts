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
import type { ServingError } from '../errors.ts'
import type { Events } from '../events.ts'
import {
  bytesOf,
  type InferenceRequest,
  type InferenceResponse,
  type Predictor,
  streamOfOne,
} from '../predictor.ts'
import type { Signature } from '../signature.ts'
import { Batch, expired } from './batch.ts'
import type { ChoiceRules } from './choose.ts'
import type { QueueLimits } from './limits.ts'
import { Lives } from './lives.ts'
import type { SequencePlan } from './plan.ts'
import { refusalOf } from './refusal.ts'
import { SequenceRequest } from './request.ts'
import type { SequenceId } from './sequence.ts'
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
  readonly #lives: Lives
  #order = 0
  #lastUsed: number
  #draining = false

  constructor(options: SequencesOptions) {
    const { inner, plan, rules, clock, signature } = options
    this.signature = signature
    this.#options = options
    this.#lastUsed = clock.now()
    this.#lives = new Lives(options)
    const outputNames = signature.outputs.map(({ name }) => name)
    const parts = { plan, model: inner.signature, outputNames }
    const batch = { inner, parts, rules, clock, host: this.#lives }
    this.#batches = Array.from({ length: options.batches }, () => new Batch(batch))
    this.#lives.seat(this.#batches, options.seats)
  }

  /** Whether no sequence is under way. */
  get idle(): boolean {
    return this.#lives.none
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
    return this.#lives.known(id) !== undefined
  }

  predict(request: InferenceRequest, call: Call): Promise<InferenceResponse> {
    const refusal = this.#refusal(request, call)
    if (refusal !== undefined) {
      const place = call.scheduling.sequence
      if (place?.start === true) this.#lives.notBegun(place.id)
      return Promise.reject(refusal)
    }
    return new Promise((resolve, reject) => this.#enter(request, call, resolve, reject))
  }

  stream(request: InferenceRequest, call: Call): AsyncIterable<InferenceResponse> {
    return streamOfOne(this, request, call)
  }

  /** Takes no new sequences; resolves when those that are under way have ended or timed out. */
  drain(): Promise<void> {
    this.#draining = true
    this.#lives.hurry = true
    for (const batch of this.#batches) batch.poke()
    return this.whenIdle()
  }

  /** Resolves when no sequence is under way. */
  whenIdle(): Promise<void> {
    return this.#lives.whenNone()
  }

  /** No more requests of it come here: it is over when those that came are answered. */
  leave(id: SequenceId): void {
    this.#lives.leave(id)
  }

  /** No more requests come at all. */
  leaveAll(): void {
    this.#lives.leaveAll()
  }

  /** Sequences are forgotten, their requests refused, and runs stopped. */
  endAll(why: ServingError): void {
    this.#lives.endAll(why)
    for (const batch of this.#batches) batch.stop(why)
  }

  #refusal(request: InferenceRequest, call: Call): ServingError | undefined {
    const { model, plan, clock } = this.#options
    const known = (id: SequenceId) => this.#lives.known(id)
    const refusal = refusalOf({ model, plan, request, call, draining: this.#draining, known })
    if (refusal !== undefined) return refusal
    if (call.deadline !== undefined && clock.now() >= call.deadline) return expired()
    const sequence = known(call.scheduling.sequence!.id)
    return this.#lives.limits.refusal(request, this.#lives.startsAtOnce(sequence))
  }

  #enter(
    request: InferenceRequest,
    call: Call,
    resolve: (response: InferenceResponse) => void,
    reject: (why: ServingError) => void,
  ): void {
    const { clock, plan } = this.#options
    const place = call.scheduling.sequence!
    const sequence = this.#lives.known(place.id) ?? this.#lives.begin(place.id)
    const arrived = clock.now()
    this.#lastUsed = arrived
    this.#order += 1
    const bytes = bytesOf(request)
    const shapes = shapesOf(request.inputs, plan)
    const facts = { sequence, request, call, place, order: this.#order, arrived, bytes, shapes }
    this.#lives.add(new SequenceRequest(facts, resolve, reject))
  }
}
