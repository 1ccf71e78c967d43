/**
 * A Predictor that gives an answer again to whoever asks the same of the same version.
 *
 * An answer is kept when the model has given it, and given again until it expires or has to make
 * room. Requests that ask the same at the same time, at the same priority, share one run. Never kept
 * are failures, the answers of a stream, and those to a request of a sequence.
 *
 * Whoever is given a kept answer shares its memory with others. As of every answer, nobody writes
 * to it; what JavaScript can freeze is frozen.
 */
import { type Call, whileWaited } from '../call.ts'
import type { Clock } from '../clock.ts'
import { fail, type ServingError } from '../errors.ts'
import type { Events } from '../events.ts'
import {
  bytesOf,
  type InferenceRequest,
  type InferenceResponse,
  type Predictor,
  type Timing,
} from '../predictor.ts'
import type { Signature } from '../signature.ts'
import type { NamedTensor } from '../tensor/index.ts'
import { Flights, type FlightsOptions } from './flights.ts'
import { keptCopy, weightOf } from './kept-outputs.ts'
import type { Shelf } from './local-store.ts'
import type { FarAnswer, FarShelf } from './remote/far-store.ts'
import { type RequestKey, requestKeyOf } from './request-key.ts'
import { TurnEnd } from './turn-end.ts'

/** What is in use while it answers, and can be ended. */
export interface InUse extends Predictor {
  /** Whether nothing is under way or waits. */
  readonly idle: boolean
  /** The moment of the last request, or of its making. */
  readonly lastUsed: number
  whenIdle(): Promise<void>
  /** Refuses what comes from now on; resolves when nothing is under way or waits any more. */
  drain(): Promise<void>
  /** Nobody waits any longer for what is under way. */
  endAll(why: ServingError): void
}

export interface CachedOptions extends FlightsOptions {
  readonly model: string
  readonly version: string
  readonly shelf: Shelf<InferenceResponse>
  readonly far?: FarShelf | undefined
  /** How long an answer is given again; for as long as there is room where left out. */
  readonly ttlMs?: number | undefined
  readonly clock: Clock
  /** Calls back once, at the end of this turn of the event loop. */
  readonly atTurnEnd?: (callback: () => void) => void
  readonly events: Events
}

export class Cached implements InUse {
  readonly signature: Signature
  readonly #inner: InUse
  readonly #options: CachedOptions
  readonly #keyOf: RequestKey
  readonly #flights: Flights<InferenceResponse>
  readonly #outputNames: readonly string[]
  readonly #turnEnd: TurnEnd
  /** Requests that are not answered yet, and were not handed on as they are. */
  readonly #open = new Set<Open>()
  #whenEmpty: (() => void)[] = []
  #lastUsed: number
  #draining = false

  constructor(inner: InUse, options: CachedOptions) {
    this.signature = inner.signature
    this.#inner = inner
    this.#options = options
    this.#keyOf = requestKeyOf(inner.signature)
    this.#flights = new Flights(options)
    this.#turnEnd = new TurnEnd(options.atTurnEnd)
    this.#outputNames = inner.signature.outputs.map(({ name }) => name)
    this.#lastUsed = options.clock.now()
  }

  get idle(): boolean {
    return this.#open.size === 0 && this.#inner.idle
  }

  get lastUsed(): number {
    return Math.max(this.#lastUsed, this.#inner.lastUsed)
  }

  predict(request: InferenceRequest, call: Call): Promise<InferenceResponse> {
    if (this.#draining) return Promise.reject(fail('DRAINING'))
    if (call.ended !== undefined) return Promise.reject(call.ended)
    const { shelf, clock } = this.#options
    const began = clock.now()
    const key = this.#keeps(call) ? this.#keyOf(request) : undefined
    if (key === undefined) return this.#inner.predict(request, call)
    const kept = shelf.get(key, began)
    const ms = clock.now() - began
    if (kept === undefined) return this.#ask({ request, call, key, began, ms })
    this.#lastUsed = began
    this.#tell(true, ms)
    return this.#turnEnd.answer(this.#inOrder(kept, request))
  }

  async *stream(request: InferenceRequest, call: Call): AsyncGenerator<InferenceResponse> {
    if (this.#draining) throw fail('DRAINING')
    yield* this.#inner.stream(request, call)
  }

  async whenIdle(): Promise<void> {
    while (!this.idle) {
      if (this.#open.size === 0) await this.#inner.whenIdle()
      else await new Promise<void>((resolve) => this.#whenEmpty.push(resolve))
    }
  }

  /** Those that wait for the run of another may have to run yet, and were accepted. */
  async drain(): Promise<void> {
    this.#draining = true
    while (this.#open.size > 0) {
      await new Promise<void>((resolve) => this.#whenEmpty.push(resolve))
    }
    this.#options.shelf.close()
    await this.#inner.drain()
  }

  endAll(why: ServingError): void {
    for (const { call } of this.#open) call.end(why)
    this.#inner.endAll(why)
  }

  #keeps({ scheduling }: Call): boolean {
    return scheduling.sequence === undefined && this.signature.streams !== true
  }

  async #ask(open: Open): Promise<InferenceResponse> {
    const { request, call } = open
    const passenger = { call, bytes: bytesOf(request), work: () => this.#work(open) }
    let hit = false
    this.#open.add(open)
    try {
      const { value, shared } = await this.#flights.board(flightOf(open), passenger)
      hit = shared || value.cached === true
      return shared ? this.#shared(value, open) : value
    } finally {
      this.#tell(hit, open.ms)
      this.#leave(open)
    }
  }

  async #work(open: Open): Promise<InferenceResponse> {
    const { clock, far } = this.#options
    const { request, call, key } = open
    if (far !== undefined) {
      const began = clock.now()
      const found = await whileWaited(far.get(key, this.#canonical(request)), call)
      open.ms += clock.now() - began
      if (found !== undefined) return this.#inOrder(this.#keepFound(key, found), request)
    }
    const response = await this.#inner.predict(request, call)
    const began = clock.now()
    this.#keep(open, response)
    open.ms += clock.now() - began
    return response
  }

  #keep({ key, request }: Open, response: InferenceResponse): void {
    const { shelf, far, ttlMs = Infinity, clock } = this.#options
    const outputs = arranged(response.outputs, this.#canonical(request))
    if (outputs === undefined) return
    const now = clock.now()
    const copy = keptCopy(outputs)
    const kept = asKept(response, copy)
    if (shelf.set(key, kept, weightOf(copy), now + ttlMs, now)) far?.set(key, copy)
  }

  #keepFound(key: string, { outputs, ttlMs = Infinity }: FarAnswer): InferenceResponse {
    const { shelf, model, version, clock } = this.#options
    const now = clock.now()
    const kept = asKept({ model, version, outputs, timing: noTime }, Object.freeze(outputs))
    shelf.set(key, kept, weightOf(outputs), now + ttlMs, now)
    return kept
  }

  /** The answer to another's request, for which this one has waited. */
  #shared(response: InferenceResponse, { request, began }: Open): InferenceResponse {
    const queueMs = this.#options.clock.now() - began
    return { ...this.#inOrder(response, request), timing: { ...noTime, queueMs }, cached: true }
  }

  /** The outputs in the order asked for. */
  #inOrder(
    response: InferenceResponse,
    { outputs: asked = this.#outputNames }: InferenceRequest,
  ): InferenceResponse {
    const { outputs } = response
    if (asked.every((name, place) => outputs[place]?.name === name)) return response
    return { ...response, outputs: arranged(outputs, asked) ?? outputs }
  }

  /** The outputs asked for, in the order in which they are kept. */
  #canonical({ outputs }: InferenceRequest): readonly string[] {
    if (outputs === undefined) return this.#outputNames
    return this.#outputNames.filter((name) => outputs.includes(name))
  }

  #leave(open: Open): void {
    this.#open.delete(open)
    if (this.#open.size > 0) return
    for (const resolve of this.#whenEmpty.splice(0)) resolve()
  }

  #tell(hit: boolean, ms: number): void {
    const { model, version, events } = this.#options
    events.emit({ kind: 'cache', model, version, hit, ms })
  }
}

/** A request whose answer was not there. */
interface Open {
  readonly request: InferenceRequest
  readonly call: Call
  readonly key: string
  /** A moment of the clock. */
  readonly began: number
  /** Spent on looking for it and on keeping it. */
  ms: number
}

/** An urgent request does not wait for the run of one that is not. */
const flightOf = ({ key, call }: Open): string => {
  const { priority = 0 } = call.scheduling
  return priority === 0 ? key : `${priority}!${key}`
}

const asKept = (response: InferenceResponse, outputs: readonly NamedTensor[]): InferenceResponse =>
  Object.freeze({ ...response, outputs, timing: noTime, cached: true })

/** Undefined where these are not the outputs that there are. */
function arranged(
  outputs: readonly NamedTensor[],
  names: readonly string[],
): readonly NamedTensor[] | undefined {
  if (outputs.length !== names.length) return undefined
  const found = names.map((name) => outputs.find((output) => output.name === name))
  return found.includes(undefined) ? undefined : (found as NamedTensor[])
}

const noTime: Timing = Object.freeze({ queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 })
