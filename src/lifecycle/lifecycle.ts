/**
 * Keeps what is served equal to what is wanted: the one owner of every version's life.
 *
 * Loads go on a few at a time, off the event loop, each with a deadline. A version that fails any
 * step never takes traffic and keeps no other from it; what served before goes on serving.
 */
import type { ResponseCache } from '../cache/index.ts'
import { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import { fail, type ServingError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Log } from '../log.ts'
import type { FoundModel } from '../model-spec.ts'
import { type Registry, readWarmUpSamples } from '../repository/index.ts'
import type { Runtime } from '../runtime/index.ts'
import type { Autoscaler, Scheduler } from '../scheduler/index.ts'
import { SequenceHomes } from '../sequences/index.ts'
import type { Learned } from '../state/index.ts'
import { compareVersions } from '../version-order.ts'
import type { Attempt } from './attempt.ts'
import { LoadQueue } from './load-queue.ts'
import { ModelLife, type WantOptions } from './model-life.ts'
import { ModelMemory, type ModelMemoryOptions } from './model-memory.ts'
import { narrowing } from './narrowing.ts'
import { openVersion, sourceOf } from './open-version.ts'
import { synthesize } from './sample.ts'
import { settleJoining } from './settle-joining.ts'
import { warmUp } from './warm-up.ts'
import { configuredSamples } from './warm-up-samples.ts'

export interface LifecycleOptions {
  readonly registry: Registry
  readonly runtime: Runtime
  readonly scheduler: Scheduler
  readonly fleet?: Autoscaler | undefined
  readonly cache?: ResponseCache | undefined
  /** Whether config.pbtxt is completed from the model's file. */
  readonly autoComplete: boolean
  readonly loadsAtOnce: number
  /** The time in which a version must be ready, from its turn on. */
  readonly loadTimeoutMs: number
  /** The time for which a version that is replaced may finish what it took. */
  readonly drainTimeoutMs: number
  readonly memory: ModelMemoryOptions
  /** Where it is remembered how models run; nowhere where left out. */
  readonly learned?: Learned | undefined
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
}

export class Lifecycle {
  readonly #options: LifecycleOptions
  readonly #queue: LoadQueue
  readonly #memory: ModelMemory
  readonly #homes = new SequenceHomes()
  readonly #lives = new Map<string, ModelLife>()
  /** Attempts on their way, and those that came to nothing whose memory is not free yet. */
  readonly #unfinished = new Set<Promise<void>>()
  #stopping = false

  constructor(options: LifecycleOptions) {
    this.#options = options
    this.#queue = new LoadQueue(options.loadsAtOnce)
    this.#memory = new ModelMemory(options.memory)
  }

  /** These models are wanted, and no others. */
  apply(found: readonly FoundModel[]): void {
    const wanted = new Set(found.map(({ name }) => name))
    for (const [name, life] of this.#lives) {
      if (!wanted.has(name)) life.unwant(false)
    }
    for (const model of found) this.want(model)
  }

  /** This model is wanted as it was found. Nothing is begun any more once it stops. */
  want(model: FoundModel, options: WantOptions = {}): void {
    if (!this.#stopping) this.#lifeOf(model.name).want(model, options)
  }

  /** No longer wanted, and told of as unloaded. */
  unwant(name: string): void {
    this.#lives.get(name)?.unwant(true)
  }

  /** Resolves when nothing is on its way: of one model, or of all. */
  async whenSettled(name?: string): Promise<void> {
    const lives = name === undefined ? [...this.#lives.values()] : [this.#lives.get(name)]
    await Promise.all(lives.map((life) => life?.whenSettled()))
  }

  /** Why something that is wanted of a model is not served; undefined where all of it is. */
  failureOf(name: string): ServingError | undefined {
    return this.#lives.get(name)?.failure
  }

  /**
   * Resolves when every request that was accepted is answered and every version is gone. No more
   * requests come, so that sequences end with those that came.
   */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#homes.leaveAll()
    const lives = [...this.#lives.values()]
    for (const life of lives) life.unwant(true)
    await Promise.all(lives.map((life) => life.whenEnded()))
    // what was cancelled may have been opened, and is closed only now
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished)
  }

  #lifeOf(name: string): ModelLife {
    const known = this.#lives.get(name)
    if (known !== undefined) return known
    const { registry, drainTimeoutMs, clock, events, log } = this.#options
    const life: ModelLife = new ModelLife({
      name,
      bring: (attempt) => this.#awaited(this.#bring(attempt, life)),
      close: (attempt) => this.#close(attempt),
      publish: (rows) => {
        registry.publish(name, rows)
        this.#memory.changed()
        if (life.empty) this.#lives.delete(name)
      },
      drainTimeoutMs,
      clock,
      events,
      log,
    })
    this.#lives.set(name, life)
    return life
  }

  async #bring(attempt: Attempt, life: ModelLife): Promise<'arrived' | 'asleep'> {
    const leave = await this.#queue.enter(attempt.woken)
    const { clock, loadTimeoutMs } = this.#options
    const stopWatching = clock.wakeAt(clock.now() + loadTimeoutMs, () =>
      attempt.interrupt(fail('LOAD_TIMEOUT', { ms: loadTimeoutMs })),
    )
    try {
      return await this.#load(attempt, life)
    } catch (thrown) {
      // told at once, though a run that does not stop may hold its memory for longer
      this.#closeLater(attempt)
      throw thrown
    } finally {
      stopWatching()
      leave()
    }
  }

  async #load(attempt: Attempt, life: ModelLife): Promise<'arrived' | 'asleep'> {
    const { runtime, clock, log, events } = this.#options
    const { spec, giveUp } = attempt
    giveUp.throwIfAborted()
    const began = clock.now()
    this.#move(attempt, life, 'begin')
    const source = sourceOf(spec, attempt.version)
    if (this.#memory.limited) {
      const bytes = await runtime.estimate(source, giveUp)
      const tenants = () => [...this.#lives.values()].flatMap((one) => one.tenants())
      const { urgent } = attempt
      const admission = await this.#memory.enter(attempt, bytes, urgent, tenants, giveUp)
      if (admission === 'asleep') return 'asleep'
    }
    const options = { ...this.#options, homes: this.#homes }
    const opened = await openVersion(spec, source, giveUp, options)
    attempt.opened = opened
    this.#memory.hold(attempt, opened.executable.memoryBytes)
    giveUp.throwIfAborted()
    this.#move(attempt, life, 'loaded')
    this.#verify(attempt, life)
    const warnings = [...opened.warnings, ...(await this.#warmUp(attempt))]
    giveUp.throwIfAborted()

    const { name, version, provider, digest } = opened.served
    const ms = clock.now() - began
    const { memoryBytes } = opened.executable
    events.emit({ kind: 'loaded', model: name, version, ms, digest, memoryBytes })
    log.info('model ready', { model: name, version, provider, ms: Math.round(ms), digest })
    for (const warning of warnings) log.warn('model warning', { model: name, version, warning })
    return 'arrived'
  }

  /** Whoever is answered now must be answered by it as well, where it would answer them. */
  #verify(attempt: Attempt, life: ModelLife): void {
    if (attempt.force || attempt.replaces === undefined) return
    // what has made room for it in the meantime has clients all the same
    const { version, signature } = life.stable?.opened?.served ?? attempt.replaces
    if (compareVersions(attempt.version.version, version) < 0) return
    const problem = narrowing(signature, attempt.opened!.served.signature)
    if (problem === undefined) return
    throw fail('SIGNATURE_NARROWED', { model: life.name, version, problem })
  }

  async #warmUp(attempt: Attempt): Promise<readonly string[]> {
    const { spec, giveUp } = attempt
    const { served, trial } = attempt.opened!
    const { runs, nonFinite } = spec.config.warmUp
    const call = new Call({ requestId: `warm-up of ${served.name} ${served.version}` })
    const end = () => call.end(giveUp.reason)
    giveUp.addEventListener('abort', end, { once: true })
    try {
      const samples = [
        ...configuredSamples(spec.config.warmUp.samples, served.signature),
        ...(await readWarmUpSamples(spec, served.signature)),
      ]
      const synthesized = synthesize(served.signature)
      const warnings = await warmUp({
        predictor: trial,
        samples,
        synthesized,
        runs,
        nonFinite,
        call,
      })
      const { clock, learned } = this.#options
      attempt.stopKeeping = await settleJoining(attempt.opened!, {
        config: spec.config,
        samples: samples.map(({ request }) => request),
        synthesized,
        learned,
        clock,
        call,
      })
      return warnings
    } finally {
      giveUp.removeEventListener('abort', end)
    }
  }

  #closeLater(attempt: Attempt): void {
    const { log } = this.#options
    void this.#awaited(
      this.#close(attempt).catch((cause: unknown) =>
        log.error('version not released', { model: attempt.spec.name, cause }),
      ),
    )
  }

  /** The same, which is waited for when it stops, however it ends. */
  #awaited<Result>(work: Promise<Result>): Promise<Result> {
    const over = () => void this.#unfinished.delete(ended)
    const ended: Promise<void> = work.then(over, over)
    this.#unfinished.add(ended)
    return work
  }

  async #close(attempt: Attempt): Promise<void> {
    await Promise.all([attempt.stopKeeping?.(), attempt.opened?.close()])
    this.#memory.release(attempt)
  }

  #move(attempt: Attempt, life: ModelLife, event: 'begin' | 'loaded'): void {
    attempt.move(event)
    life.tell()
  }
}
