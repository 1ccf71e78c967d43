/**
 * The one place where requests are counted: metrics and statistics endpoints are read from here.
 *
 * Only versions that a `state` event has named are counted by name; everything else is counted
 * under `_unknown`, so that no client can make up labels. Totals only grow, and outlive unloading.
 */
import type { ErrorCode } from '../errors.ts'
import type { Event, Events, RequestEvent } from '../events.ts'
import type { ModelState } from '../models.ts'
import type { Timing } from '../predictor.ts'
import type { Statistics, VersionStatistics } from '../statistics.ts'
import { Buckets, batchRows, delaySeconds, latencySeconds } from './buckets.ts'
import { statisticsOf } from './version-statistics.ts'

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

/** The totals of one version. Durations are in milliseconds, with fractions. */
export class VersionTally {
  readonly model: string
  readonly version: string
  state: ModelState | undefined
  waiting = 0
  lastInference = 0

  success = 0
  successMs = 0
  successRows = 0
  /** Per code: the protocols' and Triton's groupings are made of these. */
  readonly failures = new Map<ErrorCode, number>()
  failureMs = 0
  /** Of the requests that succeeded. */
  readonly timing = new TimingTally()

  executions = 0
  readonly batches = new Map<number, TimingTally>()

  readonly latency = new Buckets(latencySeconds)
  readonly queueDelay = new Buckets(delaySeconds)
  readonly batchRows = new Buckets(batchRows)

  constructor(model: string, version: string) {
    this.model = model
    this.version = version
  }

  get untouched(): boolean {
    return this.success === 0 && this.failures.size === 0 && this.executions === 0
  }

  request(event: RequestEvent, wallNow: () => number): void {
    const { durationMs, error, timing } = event
    if (error !== undefined) {
      this.failures.set(error, (this.failures.get(error) ?? 0) + 1)
      this.failureMs += durationMs
      return
    }
    this.lastInference = wallNow()
    this.success += 1
    this.successMs += durationMs
    this.successRows += event.rows
    this.latency.observe(durationMs / 1000)
    if (timing === undefined) return
    this.timing.add(timing, timing.queueMs)
    this.queueDelay.observe(timing.queueMs / 1000)
  }

  executed(event: Extract<Event, { kind: 'executed' }>): void {
    const { rows } = event
    this.executions += 1
    this.batchRows.observe(rows)
    let batch = this.batches.get(rows)
    if (batch === undefined) {
      // clients choose the rows of a request: they must not make this grow without end
      if (this.batches.size === maxBatchSizes) return
      batch = new TimingTally()
      this.batches.set(rows, batch)
    }
    batch.add(event, 0)
  }
}

export class TimingTally {
  count = 0
  queueMs = 0
  inputMs = 0
  runMs = 0
  outputMs = 0

  add(timing: Omit<Timing, 'queueMs'>, queueMs: number): void {
    this.count += 1
    this.queueMs += queueMs
    this.inputMs += timing.inputMs
    this.runMs += timing.runMs
    this.outputMs += timing.outputMs
  }
}

/** The label of whatever was asked of versions that nobody registered. */
export const unknown = '_unknown'

const maxBatchSizes = 256

function byName(a: VersionTally, b: VersionTally): number {
  if (a.model !== b.model) return a.model < b.model ? -1 : 1
  return a.version.localeCompare(b.version, 'en', { numeric: true })
}
