/**
 * Loads the versions that were found and ends them again: what becomes of a version is written in
 * the registry, and only a ready one can be found by requests.
 */
import { checked } from './checked.ts'
import type { Clock } from './clock.ts'
import { ServingError } from './errors.ts'
import type { Events } from './events.ts'
import type { Log } from './log.ts'
import type { ModelSource } from './model-source.ts'
import type { ServedModel } from './models.ts'
import { applyConfig, type FoundModel, type Registry } from './repository/index.ts'
import type { Executable, Runtime } from './runtime/index.ts'
import { Executors, type Slots } from './scheduler/index.ts'
import { observed, refusals } from './telemetry/index.ts'

export interface LifecycleOptions {
  readonly registry: Registry
  readonly runtime: Runtime
  readonly slots: Slots
  /** Requests that may wait for a model that does not say. */
  readonly maxWaiting: number
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
}

interface LoadedVersion {
  readonly served: ServedModel
  readonly executors: Executors
  readonly executable: Executable
}

export class Lifecycle {
  readonly #options: LifecycleOptions
  readonly #loaded: LoadedVersion[] = []

  constructor(options: LifecycleOptions) {
    this.#options = options
  }

  /**
   * Loads a few at a time; one that fails keeps nobody else from being served. Begins no more once
   * `stopping` is aborted.
   */
  async loadAll(found: readonly FoundModel[], stopping: AbortSignal): Promise<void> {
    const { registry } = this.#options
    for (const { name, version } of found) registry.set({ name, version, state: 'queued' })
    const waiting = [...found]
    const loadInTurn = async () => {
      while (!stopping.aborted) {
        const next = waiting.shift()
        if (next === undefined) return
        await this.#load(next)
      }
    }
    await Promise.all(Array.from({ length: LOADS_AT_ONCE }, loadInTurn))
  }

  /** Resolves when every request that was accepted is answered and every version is gone. */
  async unloadAll(): Promise<void> {
    const { registry } = this.#options
    await Promise.all(
      this.#loaded.map(async ({ served, executors, executable }) => {
        const { name, version } = served
        registry.set({ name, version, state: 'draining' })
        await executors.drain()
        await executable.dispose()
        registry.set({ name, version, state: 'unloaded' })
      }),
    )
  }

  async #load({ name, version, source }: FoundModel): Promise<void> {
    const { registry, log, clock } = this.#options
    const began = clock.now()
    try {
      if (source instanceof ServingError) throw source
      registry.set({ name, version, state: 'loading' })
      const loaded = await this.#open(source)
      this.#loaded.push(loaded)
      registry.set({ name, version, state: 'ready', served: loaded.served })
      const { provider } = loaded.served
      const ms = Math.round(clock.now() - began)
      log.info('model ready', { model: name, version, provider, ms })
      for (const warning of loaded.executable.warnings) {
        log.warn('model warning', { model: name, version, warning })
      }
    } catch (thrown) {
      const error = ServingError.from(thrown)
      const why = error.hint === undefined ? error.message : `${error.message} (${error.hint})`
      registry.set({ name, version, state: 'failed', why })
      log.error('model failed', { model: name, version, why, cause: causeOf(error) })
    }
  }

  async #open(source: ModelSource): Promise<LoadedVersion> {
    const { runtime, slots, maxWaiting, clock, events } = this.#options
    const { name, version, config } = source
    const executable = await runtime.load(source)
    try {
      const signature = applyConfig(executable.signature, config)
      const executors = new Executors({
        model: name,
        version,
        executable,
        signature,
        slots,
        maxWaiting: config.queue.maxWaiting ?? maxWaiting,
        clock,
        events,
      })
      const observation = { model: name, version, events, clock }
      const served = {
        name,
        version,
        platform: executable.platform,
        provider: executable.provider,
        signature,
        digest: '',
        files: executable.files,
        configuration: {},
        predictor: observed(checked(name, executors), observation),
        refused: refusals(observation),
      }
      return { served, executors, executable }
    } catch (thrown) {
      await executable.dispose()
      throw thrown
    }
  }
}

/** What is wrong with a model is no fault of ours, and a stack tells nothing of it. */
function causeOf({ code, cause }: ServingError): unknown {
  return code !== 'internal' && cause instanceof Error ? cause.message : cause
}

const LOADS_AT_ONCE = 2
