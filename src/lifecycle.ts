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
import { observed } from './telemetry/index.ts'

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
    const { runtime } = this.#options
    const { name, version, config } = source
    const loaded = await runtime.load(source)
    try {
      const executable = { ...bound(loaded), signature: applyConfig(loaded.signature, config) }
      const executors = this.#executorsOf(source, executable)
      const { platform, provider, signature } = executable
      const predictor = observed(checked(name, executors), {
        model: name,
        version,
        events: this.#options.events,
        clock: this.#options.clock,
      })
      const refused = (error: ServingError) => {
        const { events } = this.#options
        const timing = undefined
        events.emit({
          kind: 'request',
          model: name,
          version,
          error: error.code,
          rows: 0,
          durationMs: 0,
          timing,
        })
      }
      const served = { name, version, platform, provider, signature, predictor, refused }
      return { served, executors, executable }
    } catch (thrown) {
      await loaded.dispose()
      throw thrown
    }
  }

  #executorsOf({ name, version, config }: ModelSource, executable: Executable): Executors {
    const { slots, clock, events, maxWaiting } = this.#options
    return new Executors({
      model: name,
      version,
      executable,
      slots,
      maxWaiting: config.queue.maxWaiting ?? maxWaiting,
      clock,
      events,
    })
  }
}

/** What is wrong with a model is no fault of ours, and a stack tells nothing of it. */
function causeOf({ code, cause }: ServingError): unknown {
  return code !== 'internal' && cause instanceof Error ? cause.message : cause
}

const LOADS_AT_ONCE = 2

/** The same executable as a plain object, so that its signature can be laid over. */
function bound(executable: Executable): Executable {
  const { platform, provider, warnings, signature } = executable
  return {
    platform,
    provider,
    warnings,
    signature,
    run: (request, call) => executable.run(request, call),
    ...(executable.stream && { stream: executable.stream.bind(executable) }),
    dispose: () => executable.dispose(),
  }
}
