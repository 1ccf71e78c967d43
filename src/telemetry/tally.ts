/**
 * The one place where requests are counted: metrics and statistics endpoints are read from here.
 *
 * Only versions that a `state` event has named are counted by name; everything else is counted
 * under `_unknown`, so that no client can make up labels. Totals only grow, and outlive unloading.
 */
import type { Event, Events } from '../events.ts'
import type { Statistics, VersionStatistics } from '../statistics.ts'
import { statisticsOf } from './version-statistics.ts'
import { VersionTally } from './version-tally.ts'

export class Tally implements Events, Statistics {
  readonly #models = new Map<string, Map<string, VersionTally>>()
  readonly #unknown = new VersionTally(unknown, unknown)
  readonly #wallNow: () => number

  /** `wallNow`: milliseconds since 1970, for the time of the last answer and nothing else. */
  constructor(wallNow: () => number) {
    this.#wallNow = wallNow
  }

  emit(event: Event): void {
    if (event.kind === 'state') {
      this.#registered(event.model, event.version).state = event.state
      return
    }
    const tally = this.#models.get(event.model)?.get(event.version) ?? this.#unknown
    if (event.kind === 'request') tally.request(event, this.#wallNow)
    else if (event.kind === 'executed') tally.executed(event)
    else tally.waiting = event.waiting
  }

  /** In the order of names; what was asked of unknown versions last, if anything was. */
  versions(): readonly VersionTally[] {
    const known = [...this.#models.values()]
      .flatMap((versions) => [...versions.values()])
      .sort(byName)
    return this.#unknown.untouched ? known : [...known, this.#unknown]
  }

  modelStatistics(name?: string, version?: string): readonly VersionStatistics[] {
    return this.versions()
      .filter((tally) => tally.state === 'ready' || tally.state === 'draining')
      .filter((tally) => name === undefined || tally.model === name)
      .filter((tally) => version === undefined || tally.version === version)
      .map(statisticsOf)
  }

  #registered(model: string, version: string): VersionTally {
    const versions = this.#models.get(model) ?? new Map<string, VersionTally>()
    this.#models.set(model, versions)
    const tally = versions.get(version) ?? new VersionTally(model, version)
    versions.set(version, tally)
    return tally
  }
}

/** The label of whatever was asked of versions that nobody registered. */
export const unknown = '_unknown'

function byName(a: VersionTally, b: VersionTally): number {
  if (a.model !== b.model) return a.model < b.model ? -1 : 1
  return a.version.localeCompare(b.version, 'en', { numeric: true })
}
