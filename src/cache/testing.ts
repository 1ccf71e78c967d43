/** A Predictor that answers when a test says so, and what stands before it. */
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import { fail, type ServingError } from '../errors.ts'
import type { Event } from '../events.ts'
import type { InferenceRequest, InferenceResponse } from '../predictor.ts'
import type { Signature } from '../signature.ts'
import type { NamedTensor } from '../tensor/index.ts'
import { Cached, type CachedOptions, type InUse } from './cached.ts'
import { LocalStore } from './local-store.ts'

export const signature: Signature = {
  inputs: [{ name: 'x', datatype: 'INT32', shape: [-1] }],
  outputs: [
    { name: 'y', datatype: 'INT32', shape: [-1] },
    { name: 'z', datatype: 'INT32', shape: [-1] },
  ],
}

/** One request that reached the model. */
export interface Asked {
  readonly request: InferenceRequest
  readonly call: Call
  /** With the answer that every model here gives. */
  succeed(): void
  fail(why: ServingError): void
}

/** `y` is the input and 1, `z` twice the input; the same for the same request at any time. */
export function answerTo({ inputs, outputs = ['y', 'z'] }: InferenceRequest): InferenceResponse {
  const x = inputs[0]!.tensor.data as Int32Array
  return {
    model: 'm',
    version: '3',
    outputs: outputs.map((name) =>
      int32(name, ...x.map((one) => (name === 'y' ? one + 1 : one * 2))),
    ),
    timing: { queueMs: 1, inputMs: 2, runMs: 3, outputMs: 4 },
  }
}

export class HandModel implements InUse {
  readonly signature: Signature
  readonly asked: Asked[] = []
  readonly lastUsed = 0
  #open = 0
  #whenIdle: (() => void)[] = []
  #draining = false

  constructor(itsSignature: Signature) {
    this.signature = itsSignature
  }

  get idle(): boolean {
    return this.#open === 0
  }

  predict(request: InferenceRequest, call: Call): Promise<InferenceResponse> {
    if (this.#draining) return Promise.reject(fail('DRAINING'))
    if (call.ended !== undefined) return Promise.reject(call.ended)
    this.#open += 1
    const { promise, resolve, reject } = Promise.withResolvers<InferenceResponse>()
    let open = true
    const leave = () => {
      if (open) this.#leave()
      open = false
    }
    const end = (why: ServingError) => {
      leave()
      reject(why)
    }
    call.onEnd(end)
    const succeed = () => {
      leave()
      resolve(answerTo(request))
    }
    this.asked.push({ request, call, succeed, fail: end })
    return promise
  }

  async *stream(request: InferenceRequest, call: Call): AsyncGenerator<InferenceResponse> {
    yield await this.predict(request, call)
  }

  async whenIdle(): Promise<void> {
    if (!this.idle) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
  }

  drain(): Promise<void> {
    this.#draining = true
    return this.whenIdle()
  }

  endAll(why: ServingError): void {
    for (const { call } of this.asked) call.end(why)
  }

  #leave(): void {
    this.#open -= 1
    if (this.idle) for (const resolve of this.#whenIdle.splice(0)) resolve()
  }
}

export interface SetUp extends Partial<CachedOptions> {
  readonly maxBytes?: number
  readonly its?: Signature
}

export function setUp({ maxBytes = 1e6, its = signature, ...options }: SetUp = {}) {
  const clock = new HandClock()
  const events: Event[] = []
  const emit = (event: Event) => void events.push(event)
  const store = new LocalStore<InferenceResponse>({
    maxBytes,
    onChange: (held) => emit({ kind: 'cache-held', ...held }),
  })
  const model = new HandModel(its)
  const cached = new Cached(model, {
    model: 'm',
    version: '3',
    shelf: store.shelf(),
    maxWaiting: 100,
    maxWaitingBytes: 1e6,
    clock,
    events: { emit },
    ...options,
  })
  const ask = (request: InferenceRequest, call = aCall()) => cached.predict(request, call)
  /** `true` for each hit, `false` for each miss, in their order. */
  const looked = () => events.flatMap((event) => (event.kind === 'cache' ? [event.hit] : []))
  return { clock, events, store, model, cached, ask, looked }
}

export const aCall = (): Call => new Call({ requestId: 'r' })

/** A request for these elements of `x`. */
export const asking = (x: readonly number[], outputs?: readonly string[]): InferenceRequest => ({
  inputs: [int32('x', ...x)],
  ...(outputs && { outputs }),
})

export const int32 = (name: string, ...data: number[]): NamedTensor => ({
  name,
  tensor: { datatype: 'INT32', shape: [data.length], data: Int32Array.from(data) },
})

/** The outputs of an answer as plain values: `[['y', 2], ['z', 2]]`. */
export const told = ({ outputs }: InferenceResponse): readonly (readonly unknown[])[] =>
  outputs.map(({ name, tensor }) => [name, ...(tensor.data as Int32Array)])
