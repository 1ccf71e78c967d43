/**
 * The one place where requests are counted: metrics and statistics endpoints are read from here.
 *
 * Only versions that the rooms which load them have named are counted by name; everything else is
 * counted under `_unknown`, so that no client can make up labels. Totals only grow, and outlive
 * unloading for a while.
 */
import type { Event, Events } from '../events.ts'
import type { ModelState } from '../models.ts'
import type { Statistics, VersionStatistics } from '../statistics.ts'
import { Gone } from './gone.ts'
import { ModelTally } from './model-tally.ts'
import { statisticsOf } from './version-statistics.ts'
import { VersionTally } from './version-tally.ts'

export class Tally implements Events, Statistics {
  /** Repositories that could not be looked at, each time. */
  repositoryProblems = 0
  /** Of all answers that are kept. */
  readonly cache = { bytes: 0, entries: 0, evicted: 0 }
  readonly #models = new Map<string, ModelTally>()
  readonly #unknown = new VersionTally(unknown, unknown)
  readonly #gone = new Gone()
  readonly #wallNow: () => number

  /** `wallNow`: milliseconds since 1970, for the time of the last answer and nothing else. */
  constructor(wallNow: () => number) {
    this.#wallNow = wallNow
  }

  emit(event: Event): void {
    switch (event.kind) {
      case 'request':
        this.#asked(event).request(event, this.#wallNow)
        break
      case 'executed':
        this.#asked(event).executed(event)
        break
      case 'cache':
        this.#asked(event).looked(event)
        break
      case 'cache-held':
        this.cache.bytes = event.bytes
        this.cache.entries = event.entries
        this.cache.evicted += event.evicted
        break
      case 'queue':
        this.#asked(event).waiting = event.waiting
        break
      case 'shed':
        this.#asked(event).scheduling.shed(event.why)
        break
      case 'scaled':
        this.#asked(event).scheduling.scaled(event)
        break
      case 'watched':
        this.#registered(event).scheduling.watch(event.inFlight)
        break
      case 'sequences':
        this.#asked(event).heldSequences(event)
        break
      case 'sequence-timed-out':
        this.#asked(event).timedOutSequence()
        break
      case 'state':
        this.#setState(this.#registered(event), event.state)
        break
      default:
        this.#loading(event)
    }
  }

  /** In the order of names; what was asked of unknown versions last, if anything was. */
  versions(): readonly VersionTally[] {
    const known = [...this.#models.values()]
      .flatMap(({ versions }) => [...versions.values()])
      .sort(byName)
    return this.#unknown.untouched ? known : [...known, this.#unknown]
  }

  /** In the order of names. */
  models(): readonly ModelTally[] {
    return [...this.#models.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  isStable({ model, version }: VersionTally): boolean {
    return this.#models.get(model)?.stable === version
  }

  modelStatistics(name?: string, version?: string): readonly VersionStatistics[] {
    return this.versions()
      .filter((tally) => tally.state === 'ready' || tally.state === 'draining')
      .filter((tally) => name === undefined || tally.model === name)
      .filter((tally) => version === undefined || tally.version === version)
      .map(statisticsOf)
  }

  #loading(
    event: Exclude<
      Event,
      { kind: 'request' | 'executed' | 'cache' | 'cache-held' | 'queue' | 'state' }
    >,
  ): void {
    switch (event.kind) {
      case 'loaded':
        this.#registered(event).load.loaded(event)
        this.#models.get(event.model)?.loads.observe(event.ms / 1000)
        break
      case 'load-failed':
        this.#registered(event).load.failed(event.reason)
        break
      case 'stable':
        // the first word of a model may be which version of it is stable, and the last that none is
        if (event.version !== undefined) this.#model(event.model).stable = event.version
        else if (this.#models.has(event.model)) this.#model(event.model).stable = undefined
        break
      case 'evicted': {
        const model = this.#models.get(event.model)
        if (model !== undefined) model.evictions += 1
        break
      }
      case 'woken':
        this.#model(event.model).coldStarts += 1
        break
      case 'repository-problem':
        this.repositoryProblems += 1
    }
  }

  #asked({ model, version }: { readonly model: string; readonly version: string }): VersionTally {
    return this.#models.get(model)?.versions.get(version) ?? this.#unknown
  }

  #registered(named: { readonly model: string; readonly version: string }): VersionTally {
    const { versions } = this.#model(named.model)
    const tally = versions.get(named.version) ?? new VersionTally(named.model, named.version)
    versions.set(named.version, tally)
    return tally
  }

  #model(name: string): ModelTally {
    const tally = this.#models.get(name) ?? new ModelTally(name)
    this.#models.set(name, tally)
    return tally
  }

  #setState(tally: VersionTally, state: ModelState): void {
    tally.state = state
    if (state !== 'unloaded' && state !== 'failed') {
      this.#gone.remove(tally)
      return
    }
    this.#gone.add(tally)
    const forgotten = this.#gone.takeOldest(tally)
    if (forgotten !== undefined) this.#forget(forgotten)
  }

  #forget({ model, version }: VersionTally): void {
    const tally = this.#models.get(model)
    tally?.versions.delete(version)
    if (tally?.versions.size === 0) this.#models.delete(model)
  }
}

/** The label of whatever was asked of versions that nobody registered. */
export const unknown = '_unknown'

function byName(a: VersionTally, b: VersionTally): number {
  if (a.model !== b.model) return a.model < b.model ? -1 : 1
  return a.version.localeCompare(b.version, 'en', { numeric: true })
}
