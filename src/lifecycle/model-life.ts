/**
 * The life of one model: what is wanted of it, and what becomes of each of its versions.
 *
 * Everything here happens in turns of the event loop and ends with one publication to the registry,
 * so that requests see the state before or the state after. What takes longer (loading, warming up,
 * draining) goes on in an `Attempt` and comes back as an event.
 */
import type { Clock } from '../clock.ts'
import { fail, ServingError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Log } from '../log.ts'
import type { FoundModel, ModelSpec, VersionSpec } from '../model-spec.ts'
import type { ServedModel } from '../models.ts'
import type { VersionRow } from '../repository/index.ts'
import { Attempt } from './attempt.ts'
import { type Tenant, tenantOf } from './model-memory.ts'
import { reconcile } from './reconcile.ts'
import { rowsOf } from './rows.ts'
import { ASLEEP, forgetPast, type Slot, wordsOf } from './slot.ts'
import { Telling } from './telling.ts'
import { labelsOf, problemOf, wantedVersions } from './version-policy.ts'
import { VersionTable } from './version-table.ts'

export interface ModelLifeOptions {
  readonly name: string
  /** Takes an attempt from the queue to `warmed`, unless it gives up; frees what it has opened then. */
  readonly bring: (attempt: Attempt, life: ModelLife) => Promise<'arrived' | 'asleep'>
  /** Frees the memory of one that was opened. */
  readonly close: (attempt: Attempt) => Promise<void>
  readonly publish: (rows: readonly VersionRow[]) => void
  /** The time for which a version that is not wanted any more may finish what it took. */
  readonly drainTimeoutMs: number
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
}

export interface WantOptions {
  readonly force?: boolean
  /** Tries again what has failed before. */
  readonly retry?: boolean
  /** Others that are idle make room for it. */
  readonly urgent?: boolean
  /** A request waits for it. */
  readonly woken?: boolean
}

export class ModelLife {
  readonly name: string
  readonly #options: ModelLifeOptions
  readonly #telling: Telling
  readonly #table = new VersionTable()
  #spec: ModelSpec | undefined
  #wanted: readonly VersionSpec[] = []
  /** What answered last that named no version, and sleeps: it has clients all the same. */
  #rested: ServedModel | undefined
  /** What is wrong with the model as a whole. */
  #problem: ServingError | undefined
  /** Versions that were unloaded by wish, to be told of until the model is wanted again. */
  #unloaded: readonly string[] = []

  constructor(options: ModelLifeOptions) {
    this.name = options.name
    this.#options = options
    const { name: model, events, log } = options
    this.#telling = new Telling({ model, events, log })
  }

  /** From now on this is wanted. What serves goes on serving until something wanted can. */
  want({ spec }: FoundModel, options: WantOptions = {}): void {
    this.#unloaded = []
    if (spec instanceof ServingError) {
      if (this.#problem?.message !== spec.message) this.#telling.failed(spec)
      this.#problem = spec
      this.#step(options)
      return
    }
    for (const slot of this.#table.all()) {
      const files = spec.versions.find(({ version }) => version === slot.version)?.fingerprint
      if (options.retry === true || slot.failed?.fingerprint !== files) slot.failed = undefined
      if (slot.asleep !== undefined && files !== undefined) slot.asleep = files
    }
    const { wanted, missing } = wantedVersions(spec, this.#table.failed())
    this.#problem = problemOf({ wanted, missing })
    this.#telling.warnings(spec, wanted)
    // where there is nothing to take its place, what serves goes on
    if (wanted.length > 0 || this.#spec === undefined) {
      this.#spec = spec
      this.#wanted = wanted
    }
    this.#step(options)
  }

  /** Nothing of it is wanted any more. `tell`: the registry keeps saying that it was unloaded. */
  unwant(tell: boolean): void {
    this.#unloaded = tell ? this.#table.serving() : []
    this.#problem = undefined
    this.#spec = undefined
    this.#rested = undefined
    this.#wanted = []
    for (const slot of this.#table.all()) slot.failed = undefined
    this.#step({})
  }

  /** Resolves when nothing is on its way. */
  whenSettled(): Promise<void> {
    return this.#table.whenSettled()
  }

  /** Resolves when nothing of it is in memory. */
  whenEnded(): Promise<void> {
    return this.#table.whenEnded()
  }

  /** Why something that is wanted is not served. */
  get failure(): ServingError | undefined {
    if (this.#problem !== undefined) return this.#problem
    return this.#wanted
      .map(({ version }) => this.#table.get(version)?.failed?.error)
      .findLast((error) => error !== undefined)
  }

  /** Nothing is known of it that anybody could ask for. */
  get empty(): boolean {
    const known = [this.#spec, this.#problem].some((one) => one !== undefined)
    return this.#table.size === 0 && this.#unloaded.length === 0 && !known
  }

  /** The version that requests reach that name none. */
  get stable(): Attempt | undefined {
    return this.#table.stable
  }

  /** Versions that may leave memory to make room for others. */
  tenants(): readonly Tenant[] {
    return this.#table.all().flatMap((slot) => {
      const { serving, coming } = slot
      if (serving?.opened === undefined || coming !== undefined) return []
      return tenantOf(serving.opened, () => this.#sleep(slot, serving))
    })
  }

  #step(options: WantOptions): void {
    const { load, cancel, retire, forget } = reconcile(this.#wanted, this.#table.held())
    for (const version of cancel) this.#cancel(this.#table.of(version))
    for (const version of retire) void this.#retire(this.#table.of(version))
    for (const version of forget) forgetPast(this.#table.of(version))
    for (const version of load) this.#begin(version, options)
    this.tell()
  }

  #begin(version: VersionSpec, options: WantOptions): void {
    const slot = this.#table.of(version.version)
    const { force = false, urgent = false, woken = false } = options
    // of the same number, its files are gone: nothing could be served in their place
    const rested = this.#rested?.version === version.version ? undefined : this.#rested
    const attempt = new Attempt({
      spec: this.#spec!,
      version,
      force,
      // what replaces something that serves may ask others to make room
      urgent: urgent || woken || this.stable !== undefined,
      woken,
      replaces: this.stable?.opened?.served ?? rested,
    })
    slot.coming = attempt
    forgetPast(slot)
    void this.#options.bring(attempt, this).then(
      (outcome) => {
        if (attempt.over) return
        if (outcome === 'arrived') this.#arrive(slot, attempt)
        else this.#fallAsleep(slot, attempt)
      },
      (thrown: unknown) => {
        if (!attempt.over) this.#fail(slot, attempt, ServingError.from(thrown))
      },
    )
  }

  /** The switch: in this turn of the event loop, for every request that comes after it. */
  #arrive(slot: Slot, attempt: Attempt): void {
    attempt.move('warmed')
    const before = slot.serving
    slot.coming = undefined
    slot.serving = attempt
    this.#rested = undefined
    if (before !== undefined) void this.#drain(slot, before)
    this.#step({})
  }

  #fallAsleep(slot: Slot, attempt: Attempt): void {
    slot.coming = undefined
    slot.asleep = attempt.version.fingerprint
    attempt.cancel(fail('MODEL_NOT_READY', { model: this.name, state: 'unloaded', why: ASLEEP }))
    this.tell()
  }

  #fail(slot: Slot, attempt: Attempt, error: ServingError): void {
    const { fingerprint } = attempt.version
    attempt.fail(this.#notReady(error))
    slot.coming = undefined
    // want of memory is no fault of its own: who asks next may be luckier
    if (error.reason === 'MODEL_MEMORY_SHORT' && attempt.woken) slot.asleep = fingerprint
    else slot.failed = { fingerprint, error }
    this.#telling.failed(error, slot.version)
    // the one before is wanted in its place, where the policy says so
    const failed = this.#table.failed()
    if (this.#spec !== undefined) this.#wanted = wantedVersions(this.#spec, failed).wanted
    this.#step({})
  }

  /** Makes room for others; resolves when its memory is free. */
  #sleep(slot: Slot, serving: Attempt): Promise<void> {
    slot.asleep = serving.version.fingerprint
    if (serving === this.stable) this.#rested = serving.opened?.served
    this.#telling.evicted(slot.version)
    const gone = this.#retire(slot)
    this.tell()
    return gone
  }

  #cancel(slot: Slot): void {
    const attempt = slot.coming!
    slot.coming = undefined
    attempt.cancel(fail('MODEL_NOT_READY', { model: this.name, state: 'unloaded' }))
  }

  #retire(slot: Slot): Promise<void> {
    const attempt = slot.serving!
    slot.serving = undefined
    return this.#drain(slot, attempt)
  }

  async #drain(slot: Slot, attempt: Attempt): Promise<void> {
    const { clock, drainTimeoutMs, close } = this.#options
    const { inUse } = attempt.opened!
    const { version } = slot
    attempt.move('retire')
    slot.draining.add(attempt)
    const patienceEnds = clock.wakeAt(clock.now() + drainTimeoutMs, () => {
      this.#telling.gaveUp(version)
      inUse.endAll(fail('MODEL_NOT_READY', { model: this.name, state: 'unloaded' }))
    })
    await inUse.drain()
    patienceEnds()
    await close(attempt).catch((thrown: unknown) => this.#telling.notReleased(version, thrown))
    attempt.move('drained')
    slot.draining.delete(attempt)
    this.#telling.unloaded(version)
    this.tell()
  }

  /** Loads a version that is asleep; the same promise for everybody who waits. */
  #wake(slot: Slot): Promise<void> {
    if (slot.serving !== undefined) return Promise.resolve()
    if (slot.coming === undefined) {
      const version = this.#wanted.find((one) => one.version === slot.version)
      if (version === undefined) return this.#wakeAnother(this.#notReady())
      this.#begin(version, { woken: true })
      this.#telling.woken(slot.version)
      this.tell()
    }
    const { arrived, woken } = slot.coming!
    return arrived.catch((thrown) => {
      // for want of memory, or by wish: there is no other that would do
      if (woken && slot.failed === undefined) throw thrown
      return this.#wakeAnother(thrown)
    })
  }

  /** What is wanted now, and on its way or asleep. */
  #wakeAnother(none: unknown): Promise<void> {
    const slot = this.#wanted
      .map(({ version }) => this.#table.get(version))
      .findLast((one) => one?.coming !== undefined || one?.asleep !== undefined)
    return slot === undefined ? Promise.reject(none) : this.#wake(slot)
  }

  /** Tells the registry what is known now. */
  tell(): void {
    this.#table.prune()
    const rows = rowsOf({
      name: this.name,
      table: this.#table,
      labels: labelsOf(this.#spec?.config.versionLabels ?? {}),
      unloaded: this.#unloaded,
      problem: this.#problem,
      wake: (slot) => this.#wake(slot),
    })
    this.#options.publish(rows)
    this.#table.notify()
  }

  #notReady(cause?: ServingError): ServingError {
    const why = cause === undefined ? {} : { why: wordsOf(cause) }
    return fail('MODEL_NOT_READY', { model: this.name, state: 'failed', ...why }, cause)
  }
}
