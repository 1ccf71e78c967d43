/** What Node tells of its own process: collections of garbage, delay of the event loop. */
import { readdirSync, readFileSync } from 'node:fs'
import { constants, monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks'
import type { Clock } from '../clock.ts'
import { RateMeter } from './rate-meter.ts'

export interface GcTotals {
  count: number
  seconds: number
}

/** Since the loop began, in milliseconds. */
export type LoopTime = () => { readonly active: number; readonly idle: number }

export class ProcessProbe {
  readonly gc: Readonly<Record<'major' | 'minor' | 'incremental' | 'weakcb', GcTotals>> = {
    major: { count: 0, seconds: 0 },
    minor: { count: 0, seconds: 0 },
    incremental: { count: 0, seconds: 0 },
    weakcb: { count: 0, seconds: 0 },
  }
  readonly #clock: Clock
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs })
  readonly #observer: PerformanceObserver
  readonly #loopTime: LoopTime
  readonly #loopMeter = new RateMeter()
  #windowBegan: number

  constructor(clock: Clock, loopTime: LoopTime = () => performance.eventLoopUtilization()) {
    this.#clock = clock
    this.#loopTime = loopTime
    this.loopUsed()
    this.#windowBegan = clock.now()
    this.#delay.enable()
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        // Node's types name the plain entry only
        const { kind } = (entry as unknown as { detail: { kind: number } }).detail
        const totals = this.gc[kindOf(kind)]
        totals.count += 1
        totals.seconds += entry.duration / 1000
      }
    })
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  /**
   * How much later than due the loop came round, in seconds, per quantile. Over the time since a
   * scrape at least ten seconds ago, so that two scrapers do not take each other's window.
   */
  loopDelay(quantiles: readonly number[]): readonly number[] {
    // what is recorded is the time between two turns of a timer, not how late it was
    const late = (ns: number) => Math.max(0, ns / 1e9 - resolutionMs / 1000)
    const delays = quantiles.map((quantile) =>
      this.#delay.count === 0 ? 0 : late(this.#delay.percentile(quantile * 100)),
    )
    if (this.#clock.now() - this.#windowBegan >= windowMs) {
      this.#delay.reset()
      this.#windowBegan = this.#clock.now()
    }
    return delays
  }

  /** The share of its time that the loop was busy, over the last ten seconds or so. */
  loopUsed(): number {
    const { active, idle } = this.#loopTime()
    return this.#loopMeter.look(active + idle, active) / 1000
  }

  close(): void {
    this.#observer.disconnect()
    this.#delay.disable()
  }
}

/** Undefined where the system has no /proc. */
export function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1 // less the one that reads the folder
  } catch {
    return undefined
  }
}

export function openFilesLimit(): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return limit === null ? undefined : Number(limit[1])
  } catch {
    return undefined
  }
}

function kindOf(kind: number): keyof ProcessProbe['gc'] {
  if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) return 'major'
  if (kind === constants.NODE_PERFORMANCE_GC_MINOR) return 'minor'
  return kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL ? 'incremental' : 'weakcb'
}

const resolutionMs = 10
const windowMs = 10_000
