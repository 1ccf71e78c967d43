/**
 * Answers in Redis, shared by servers that serve the same version. One that is slow costs a few
 * milliseconds now and then, one that is gone costs nothing: it is then as if there were none.
 *
 * Keys are `sluice:MODEL:VERSION:HASH`; what they mean is in `envelope.ts`. Whoever can write to it
 * decides what is answered.
 */
import { hash } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import type { NamedTensor } from '../../tensor/index.ts'
import { Breaker } from './breaker.ts'
import { seal, unseal } from './envelope.ts'
import type { FarAnswer, FarShelf, FarStore, FarVersion } from './far-store.ts'

/** As much of a client as is needed. */
export interface RedisClient {
  /** Whether it is connected, and may be asked. */
  readonly ready: boolean
  /** `ttlMs`: what is left of it; undefined where it does not expire. */
  get(
    key: string,
  ): Promise<{ readonly value: Buffer; readonly ttlMs: number | undefined } | undefined>
  set(key: string, value: Buffer, ttlMs: number): Promise<void>
  /** In place of a connection that seems to hang. */
  reconnect(): void
  close(): void
}

export interface RedisStoreSetUp {
  readonly client: RedisClient
  /** Servers of another build give other bits: they share nothing. */
  readonly build: string
  readonly clock: Clock
  readonly log: Log
}

export class RedisStore implements FarStore {
  readonly #client: RedisClient
  readonly #build: string
  readonly #clock: Clock
  readonly #log: Log
  readonly #breaker = new Breaker()
  #sendingBytes = 0
  #refused = false

  constructor({ client, build, clock, log }: RedisStoreSetUp) {
    this.#client = client
    this.#build = build
    this.#clock = clock
    this.#log = log
  }

  shelf({ model, version, scope, signature, ttlMs = unlimitedMs }: FarVersion): FarShelf {
    const nameOf = (key: string) => {
      const id = hash('sha256', `${this.#build}\n${scope}\n${key}`, 'base64url')
      return `sluice:${model}:${version}:${id}`
    }
    return {
      get: async (key, outputs): Promise<FarAnswer | undefined> => {
        const name = nameOf(key)
        const found = await this.#get(name)
        const opened = found && unseal(name, found.value, outputs, signature)
        return opened && { outputs: opened, ttlMs: found.ttlMs }
      },
      set: (key, outputs) => void this.#set(nameOf(key), outputs, ttlMs),
    }
  }

  async close(): Promise<void> {
    this.#client.close()
  }

  async #get(name: string) {
    const wasOpen = this.#breaker.isOpen
    if (!this.#client.ready || !this.#breaker.mayAsk(this.#clock.now())) return undefined
    try {
      const found = await this.#inTime(this.#client.get(name))
      this.#breaker.succeeded()
      if (wasOpen) this.#log.info('cache: Redis is asked again')
      return found
    } catch (cause) {
      if (this.#breaker.failed(this.#clock.now())) {
        this.#log.warn('cache: Redis does not answer, and is not asked for a while', { cause })
      }
      if (wasOpen) this.#client.reconnect()
      return undefined
    }
  }

  async #set(name: string, outputs: readonly NamedTensor[], ttlMs: number): Promise<void> {
    // nobody waits for it, so nothing else bounds what piles up for one that is slow
    if (!this.#client.ready || this.#breaker.isOpen || this.#sendingBytes > mostSendingBytes) return
    const value = seal(name, outputs)
    this.#sendingBytes += value.byteLength
    try {
      await this.#client.set(name, value, ttlMs)
      this.#refused = false
    } catch (cause) {
      if (!this.#refused) this.#log.warn('cache: Redis keeps nothing', { cause })
      this.#refused = true
    } finally {
      this.#sendingBytes -= value.byteLength
    }
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`no answer in ${patienceMs} ms`))
      // where this process was busy itself, the answer may have come, and is read after timers
      const stop = this.#clock.wakeAt(this.#clock.now() + patienceMs, () => setImmediate(late))
      answer.then(resolve, reject).finally(stop)
    })
  }
}

/** How long a request waits for Redis before it runs. */
const patienceMs = 5
const mostSendingBytes = 16 * 2 ** 20
/** For answers that do not expire: nobody removes those of versions that are gone. */
const unlimitedMs = 24 * 3_600_000
