/** What is counted of one version. Durations are in milliseconds, with fractions. */
import type { ErrorCode } from '../errors.ts'
import type { Event, RequestEvent } from '../events.ts'
import type { ModelState } from '../models.ts'
import type { Timing } from '../predictor.ts'
import { Buckets, batchRows, delaySeconds, latencySeconds } from './buckets.ts'
import { LoadTally } from './load-tally.ts'
import { SchedulingTally } from './scheduling-tally.ts'

export class VersionTally {
  readonly model: string
  readonly version: string
  state: ModelState | undefined
  waiting = 0
  /** Undefined before the first. */
  sequences: SequenceTally | undefined
  lastInference = 0

  success = 0
  successMs = 0
  successRows = 0
  /** Per code: the protocols' and Triton's groupings are made of these. */
  readonly failures = new Map<ErrorCode, number>()
  failureMs = 0
  /** Of the requests that succeeded, but for those that were answered without a run of their own. */
  readonly timing = new TimingTally()
  /** Requests that succeeded so, which may have waited for the run of another. */
  readonly cached = { count: 0, queueMs: 0 }
  /** Looking for answers that are kept, and keeping them. */
  readonly cacheHit = { count: 0, ms: 0 }
  readonly cacheMiss = { count: 0, ms: 0 }

  executions = 0
  readonly batches = new Map<number, TimingTally>()

  readonly latency = new Buckets(latencySeconds)
  readonly queueDelay = new Buckets(delaySeconds)
  readonly batchRows = new Buckets(batchRows)

  readonly scheduling = new SchedulingTally()
  readonly load = new LoadTally()

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
    this.latency.observe(durationMs / 1000)
    if (event.cached === true) {
      this.cached.count += 1
      this.cached.queueMs += timing?.queueMs ?? 0
      return
    }
    this.successRows += event.rows
    if (timing === undefined) return
    this.timing.add(timing, timing.queueMs)
    this.queueDelay.observe(timing.queueMs / 1000)
  }

  looked({ hit, ms }: Extract<Event, { kind: 'cache' }>): void {
    const sort = hit ? this.cacheHit : this.cacheMiss
    sort.count += 1
    sort.ms += ms
  }

  heldSequences(event: Extract<Event, { kind: 'sequences' }>): void {
    const { active, backlog, waiting, stateBytes } = event
    const timedOut = this.sequences?.timedOut ?? 0
    this.sequences = { active, backlog, waiting, stateBytes, timedOut }
  }

  timedOutSequence(): void {
    if (this.sequences === undefined) return
    this.sequences = { ...this.sequences, timedOut: this.sequences.timedOut + 1 }
  }

  executed(event: Extract<Event, { kind: 'executed' }>): void {
    const { rows } = event
    this.executions += 1
    this.batchRows.observe(rows)
    this.scheduling.executed(event)
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

export interface SequenceTally {
  readonly active: number
  readonly backlog: number
  readonly waiting: number
  readonly stateBytes: number
  readonly timedOut: number
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

const maxBatchSizes = 256
