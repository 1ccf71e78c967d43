/** The load that a target is put under. */
import type { PatternName } from '../arrivals/pattern.ts'

export type Load = OpenLoad | ClosedLoad

export interface OpenLoad extends Bounds {
  readonly kind: 'open'
  readonly arrivals: PatternName | Trace
  /** A second; a trace keeps its own times where it is left out. */
  readonly rate: number | undefined
  readonly maxInFlight: number
}

export interface ClosedLoad extends Bounds {
  readonly kind: 'closed'
  readonly clients: number
  /** Requests that a client sends at once, and waits for together. */
  readonly perQuery: number
}

export interface Trace {
  readonly file: string
  /** In milliseconds since the first. */
  readonly moments: readonly number[]
}

interface Bounds {
  readonly warmUpMs: number
  /** Of what is counted; Infinity where `requests` or a trace ends it. */
  readonly durationMs: number
  /** The most that are counted; of a closed loop, queries. */
  readonly requests: number
  readonly timeoutMs: number
  readonly seed: number
}
