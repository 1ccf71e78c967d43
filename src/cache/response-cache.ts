/** Answers that are given again: one store for all models of a server. */
import type { Clock } from '../clock.ts'
import type { ModelConfig } from '../config/index.ts'
import type { Events } from '../events.ts'
import type { InferenceResponse } from '../predictor.ts'
import { Cached, type InUse } from './cached.ts'
import type { FlightsOptions } from './flights.ts'
import { LocalStore } from './local-store.ts'
import type { FarStore } from './remote/far-store.ts'
import { scopeOf } from './scope.ts'

export interface ResponseCacheOptions {
  /** Of answers, their keys and what is around them. */
  readonly maxBytes: number
  /** Requests that may wait for the run of another, for models that do not say. */
  readonly queue: FlightsOptions
  /** What other servers may share, behind the memory of this one. */
  readonly far?: FarStore | undefined
  readonly clock: Clock
  readonly events: Events
}

/** A loaded version. */
export interface CachedVersion {
  readonly model: string
  readonly version: string
  /** Of its files. */
  readonly digest: string
  /** The execution provider in use. */
  readonly provider: string
  readonly config: ModelConfig
}

export class ResponseCache {
  readonly #options: ResponseCacheOptions
  readonly #store: LocalStore<InferenceResponse>

  constructor(options: ResponseCacheOptions) {
    const { maxBytes, events } = options
    this.#options = options
    this.#store = new LocalStore({
      maxBytes,
      onChange: (held) => events.emit({ kind: 'cache-held', ...held }),
    })
  }

  /**
   * The same, with its answers kept where its model asks for that. What is kept belongs to this
   * Predictor alone, and is dropped when it drains: no version is ever given the answer of another.
   */
  cached(inner: InUse, about: CachedVersion): InUse {
    const { config, model, version } = about
    if (config.cache === 'off') return inner
    const { queue, far, clock, events } = this.#options
    const { ttlMs } = config.cache
    return new Cached(inner, {
      model,
      version,
      shelf: this.#store.shelf(),
      far: far?.shelf({ model, version, scope: scopeOf(about), signature: inner.signature, ttlMs }),
      ttlMs,
      maxWaiting: config.queue.maxWaiting ?? queue.maxWaiting,
      maxWaitingBytes: config.queue.maxWaitingBytes ?? queue.maxWaitingBytes,
      clock,
      events,
    })
  }

  async close(): Promise<void> {
    await this.#options.far?.close()
  }
}
