/**
 * The Predictor of one loaded version: a queue, and runs of it on the slots it shares.
 *
 * Every request is answered once. One that ends while it waits leaves the queue and never runs;
 * one that ends while it runs is answered at once, and its run is stopped. What was accepted before
 * `drain` is finished, what comes after is refused.
 */
import type { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import { fail, type ServingError } from '../errors.ts'
import type { Events } from '../events.ts'
import {
  type InferenceRequest,
  type InferenceResponse,
  type Predictor,
  refusePredict,
  streamOfOne,
} from '../predictor.ts'
import type { Executable, RunRequest } from '../runtime/index.ts'
import type { Signature } from '../signature.ts'
import { formatShape, type NamedTensor } from '../tensor/index.ts'
import type { Lane, Slots } from './slots.ts'

export interface ExecutorsOptions {
  readonly model: string
  readonly version: string
  readonly executable: Executable
  /** The executable's own, with what the model's configuration adds to it. */
  readonly signature: Signature
  readonly slots: Slots
  /** Requests that may wait for a slot. */
  readonly maxWaiting: number
  readonly clock: Clock
  readonly events: Events
}

export class Executors implements Predictor {
  readonly signature: Signature
  readonly #options: ExecutorsOptions
  readonly #lane: Lane
  readonly #outputNames: readonly string[]
  readonly #calls = new Set<Call>()
  #lastUsed: number
  #underWay = 0
  #toldWaiting = 0
  #meanRunMs: number | undefined
  #whenIdle: (() => void)[] = []
  #draining = false

  constructor(options: ExecutorsOptions) {
    this.signature = options.signature
    this.#options = options
    this.#lane = options.slots.lane(options.maxWaiting)
    this.#outputNames = this.signature.outputs.map(({ name }) => name)
    this.#lastUsed = options.clock.now()
  }

  /** Whether nothing is under way or waits. */
  get idle(): boolean {
    return this.#underWay === 0
  }

  /** The moment of the last request, or of its making. */
  get lastUsed(): number {
    return this.#lastUsed
  }

  predict(request: InferenceRequest, call: Call): Promise<InferenceResponse> {
    if (this.signature.streams === true) return refusePredict(this.#options.model)
    const refusal = this.#refusal(call)
    if (refusal !== undefined) return Promise.reject(refusal)

    return new Promise((resolve, reject) => {
      const arrived = this.#options.clock.now()
      this.#enter(call, arrived)
      const place = this.#lane.enter((thread) =>
        this.#run(request, call, arrived, thread).then(
          (response) => {
            this.#leave(call)
            stopListening()
            afterSlot(() => resolve(response))
          },
          (thrown: unknown) => {
            this.#leave(call)
            stopListening()
            afterSlot(() => reject(thrown))
          },
        ),
      )
      this.#tellQueue()
      if (place === undefined) {
        this.#leave(call)
        reject(this.#queueFull())
        return
      }
      const stopListening = call.onEnd((why) => {
        if (place.leave()) {
          this.#leave(call)
          this.#tellQueue()
        }
        reject(why)
      })
    })
  }

  async *stream(request: InferenceRequest, call: Call): AsyncGenerator<InferenceResponse> {
    const { executable } = this.#options
    if (executable.stream === undefined) {
      yield* streamOfOne(this, request, call)
      return
    }
    const refusal = this.#refusal(call)
    if (refusal !== undefined) throw refusal
    const source = executable.stream(this.#runRequest(request), call)[Symbol.asyncIterator]()
    this.#enter(call, this.#options.clock.now())
    try {
      for (;;) {
        if (call.ended !== undefined) throw call.ended
        const { done, value } = await unlessEnded(source.next(), call)
        if (done === true) return
        const { outputs, inputMs, runMs, outputMs } = value
        yield this.#response(outputs, { queueMs: 0, inputMs, runMs, outputMs })
      }
    } finally {
      // a source that is busy ends later; only then is nothing under way
      const over = Promise.resolve(source.return?.()).catch(() => {})
      const left = over.then(() => this.#leave(call))
      if (call.ended === undefined) await left
    }
  }

  /** Refuses what comes from now on; resolves when nothing is under way or waits any more. */
  drain(): Promise<void> {
    this.#draining = true
    return this.whenIdle()
  }

  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.idle) resolve()
      else this.#whenIdle.push(resolve)
    })
  }

  /** Nobody waits any longer for what is under way: requests are refused, runs are stopped. */
  endAll(why: ServingError): void {
    for (const call of this.#calls) call.end(why)
  }

  async #run(
    request: InferenceRequest,
    call: Call,
    arrived: number,
    thread: number,
  ): Promise<InferenceResponse> {
    const { executable, clock, events, model, version } = this.#options
    this.#tellQueue()
    const late = this.#late(call)
    if (late !== undefined) throw late
    const rows = request.inputs[0]?.tensor.shape[0] ?? 1
    const result = await executable.run(this.#runRequest(request), call, thread)
    const { inputMs, runMs, outputMs } = result
    checkRows(result.outputs, request, this.signature)
    this.#meanRunMs = mean(this.#meanRunMs, runMs)
    const timing = { inputMs, runMs, outputMs }
    const how = { requests: 1, left: 'alone', where: 'thread' } as const
    events.emit({ kind: 'executed', model, version, rows, ...how, ...timing })
    const queueMs = Math.max(0, clock.now() - arrived - inputMs - runMs - outputMs)
    return this.#response(result.outputs, { queueMs, inputMs, runMs, outputMs })
  }

  #response(
    outputs: readonly NamedTensor[],
    timing: InferenceResponse['timing'],
  ): InferenceResponse {
    const { model, version } = this.#options
    return { model, version, outputs, timing }
  }

  #runRequest({ inputs, outputs }: InferenceRequest): RunRequest {
    return { inputs, outputs: outputs ?? this.#outputNames }
  }

  #refusal(call: Call) {
    return this.#draining ? fail('DRAINING') : this.#late(call)
  }

  /** Why this call is not worth beginning any more. */
  #late(call: Call) {
    if (call.ended !== undefined) return call.ended
    if (call.deadline === undefined || this.#options.clock.now() < call.deadline) return undefined
    return fail('DEADLINE_EXCEEDED', { where: 'waiting' })
  }

  #queueFull() {
    const { model, slots } = this.#options
    const { waiting, maxWaiting } = this.#lane
    const facts = { model, limit: maxWaiting }
    if (this.#meanRunMs === undefined) return fail('QUEUE_FULL', facts)
    const retryAfterMs = (this.#meanRunMs * Math.max(1, waiting)) / Math.max(1, slots.busy)
    return fail('QUEUE_FULL', { ...facts, retryAfterMs })
  }

  #enter(call: Call, now: number): void {
    this.#lastUsed = now
    this.#calls.add(call)
    this.#underWay += 1
  }

  #leave(call: Call): void {
    this.#calls.delete(call)
    this.#underWay -= 1
    if (this.#underWay > 0) return
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  #tellQueue(): void {
    const { waiting } = this.#lane
    if (waiting === this.#toldWaiting) return
    this.#toldWaiting = waiting
    const { events, model, version } = this.#options
    events.emit({ kind: 'queue', model, version, waiting })
  }
}

/** The last ten or so count for most. */
const mean = (before: number | undefined, runMs: number): number =>
  before === undefined ? runMs : before + (runMs - before) * 0.1

/** Once the slot is free, so that the next run does not wait for what is done with an answer. */
const afterSlot = queueMicrotask

/** The next step of a stream; rejects at once when the call ends before it comes. */
function unlessEnded<Step>(next: Promise<Step>, call: Call): Promise<Step> {
  return new Promise((resolve, reject) => {
    const stopListening = call.onEnd(reject)
    next.then(resolve, reject).finally(stopListening)
  })
}

/** An output whose first axis bears the name of the batch must have as many rows as came in. */
function checkRows(
  outputs: readonly NamedTensor[],
  request: InferenceRequest,
  signature: Signature,
): void {
  const axis = signature.inputs[0]?.axes?.[0]
  const rows = request.inputs[0]?.tensor.shape[0]
  if (axis === undefined || rows === undefined) return
  for (const { name, tensor } of outputs) {
    const declared = signature.outputs.find((output) => output.name === name)
    if (declared?.axes?.[0] !== axis || tensor.shape[0] === rows) continue
    const got = formatShape(tensor.shape)
    throw fail('RUN_FAILED', {}, new Error(`output "${name}" has shape ${got} for ${rows} rows`))
  }
}
