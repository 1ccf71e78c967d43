/** One attempt to serve a version, from its turn in the queue to the memory it leaves. */
import type { ServingError } from '../errors.ts'
import type { ModelSpec, VersionSpec } from '../model-spec.ts'
import type { ModelState, ServedModel } from '../models.ts'
import type { OpenVersion } from './open-version.ts'
import type { StopKeeping } from './settle-joining.ts'
import { after, type VersionEvent } from './version-machine.ts'

export interface AttemptOptions {
  readonly spec: ModelSpec
  readonly version: VersionSpec
  /** Serves it although clients of the version that is served now could not be answered by it. */
  readonly force: boolean
  /** Others that are idle make room for it. */
  readonly urgent: boolean
  /** A request waits for it, and others may as well. */
  readonly woken: boolean
  /** What served when it was asked for, whose clients it is not to disappoint. */
  readonly replaces: ServedModel | undefined
}

export class Attempt {
  readonly spec: ModelSpec
  readonly version: VersionSpec
  readonly force: boolean
  readonly urgent: boolean
  readonly woken: boolean
  readonly replaces: ServedModel | undefined
  /** Resolves when it takes requests; rejects when it never will. */
  readonly arrived: Promise<void>
  opened: OpenVersion | undefined
  /** Set once it is known how it runs, which is kept for the next time. */
  stopKeeping: StopKeeping | undefined
  #state: ModelState = 'queued'
  readonly #giveUp = new AbortController()
  readonly #arrival = Promise.withResolvers<void>()

  constructor(options: AttemptOptions) {
    this.spec = options.spec
    this.version = options.version
    this.force = options.force
    this.urgent = options.urgent
    this.woken = options.woken
    this.replaces = options.replaces
    this.arrived = this.#arrival.promise
    this.arrived.catch(() => {}) // whoever waits is told; nobody may
  }

  get state(): ModelState {
    return this.#state
  }

  /** Aborted with the reason why it is not to go on. */
  get giveUp(): AbortSignal {
    return this.#giveUp.signal
  }

  get over(): boolean {
    return this.#state === 'unloaded' || this.#state === 'failed'
  }

  move(event: Exclude<VersionEvent, 'fail'>): void {
    this.#state = after(this.#state, event)
    if (event === 'warmed') this.#arrival.resolve()
  }

  fail(why: ServingError): void {
    this.#state = after(this.#state, 'fail')
    this.#arrival.reject(why)
  }

  /** What it is doing is stopped where it stands. */
  interrupt(why: ServingError): void {
    this.#giveUp.abort(why)
  }

  /** It is not wanted any more before it arrived. */
  cancel(why: ServingError): void {
    this.#state = after(this.#state, 'retire')
    this.#arrival.reject(why)
    this.#giveUp.abort(why)
  }
}
