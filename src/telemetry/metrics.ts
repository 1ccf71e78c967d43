/**
 * Metrics in the words of Prometheus. Events are added up in the tally, which costs a request next
 * to nothing; series are made of it when somebody asks.
 */
import type { Registry } from 'prom-client'
import { type Clock, systemClock } from '../clock.ts'
import type { Event, Events } from '../events.ts'
import type { Fleet } from '../executor-figures.ts'
import type { Statistics, VersionStatistics } from '../statistics.ts'
import { cacheFamilies } from './cache-families.ts'
import type { Family } from './family.ts'
import { fleetFamilies } from './fleet-families.ts'
import { loadFamilies } from './load-families.ts'
import { modelFamilies } from './model-families.ts'
import { processFamilies } from './process-families.ts'
import { type LoopTime, ProcessProbe } from './process-probe.ts'
import { registryOf } from './registry.ts'
import { schedulingFamilies } from './scheduling-families.ts'
import { sequenceFamilies } from './sequence-families.ts'
import { Tally } from './tally.ts'

export interface MetricsOptions {
  /** Of Sluice. */
  readonly version: string
  readonly clock?: Clock
  /** Milliseconds since 1970. */
  readonly wallNow?: () => number
  /** For which the event loop was busy, and was not. */
  readonly loopTime?: LoopTime
}

export class Metrics implements Events, Statistics {
  /** Every metric there is, for the reference page. */
  readonly families: readonly Family[]
  readonly #tally: Tally
  readonly #probe: ProcessProbe
  #fleet: Fleet | undefined
  #registry: Promise<Registry> | undefined

  constructor({ version, clock = systemClock, wallNow = Date.now, loopTime }: MetricsOptions) {
    this.#tally = new Tally(wallNow)
    this.#probe = new ProcessProbe(clock, loopTime)
    this.families = [
      ...modelFamilies(this.#tally),
      ...schedulingFamilies(this.#tally, clock),
      ...fleetFamilies({ fleet: () => this.#fleet, loopUsed: () => this.#probe.loopUsed(), clock }),
      ...cacheFamilies(this.#tally),
      ...loadFamilies(this.#tally),
      ...sequenceFamilies(this.#tally),
      ...processFamilies(this.#probe, version),
    ]
  }

  emit(event: Event): void {
    this.#tally.emit(event)
  }

  get fleet(): Fleet | undefined {
    return this.#fleet
  }

  /** From now on the executors of loaded versions are told. */
  watch(fleet: Fleet): void {
    this.#fleet = fleet
  }

  modelStatistics(name?: string, version?: string): readonly VersionStatistics[] {
    return this.#tally.modelStatistics(name, version)
  }

  /** The page that Prometheus scrapes. The first one imports what writes it: tens of milliseconds. */
  async render(): Promise<{ readonly contentType: string; readonly body: string }> {
    this.#registry ??= registryOf(this.families)
    const registry = await this.#registry
    return { contentType: registry.contentType, body: await registry.metrics() }
  }

  /** Stops watching the process. */
  close(): void {
    this.#probe.close()
  }
}
