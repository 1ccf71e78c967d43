/** What happens in the rooms, for whoever counts it. Rooms emit; telemetry listens. */
import type { ErrorCode, Reason } from './errors.ts'
import type { ModelState } from './models.ts'
import type { Timing } from './predictor.ts'

export type Event =
  | RequestEvent
  /** The model ran once. */
  | {
      readonly kind: 'executed'
      readonly model: string
      readonly version: string
      /** Of all requests that shared the run. */
      readonly rows: number
      /** How long the run took, and what came before and after it, in milliseconds. */
      readonly inputMs: number
      readonly runMs: number
      readonly outputMs: number
    }
  | {
      readonly kind: 'queue'
      readonly model: string
      readonly version: string
      /** Requests that wait now. */
      readonly waiting: number
    }
  | {
      readonly kind: 'state'
      readonly model: string
      readonly version: string
      readonly state: ModelState
      readonly why?: string
    }
  /** It is in memory, and has answered. */
  | {
      readonly kind: 'loaded'
      readonly model: string
      readonly version: string
      /** From its turn to load to its first answer, in milliseconds. */
      readonly ms: number
      /** SHA-256 in hex. */
      readonly digest: string
      readonly memoryBytes: number
    }
  | {
      readonly kind: 'load-failed'
      readonly model: string
      readonly version: string
      readonly reason: Reason
    }
  /** Which version is asked when a request names none: none, where it is left out. */
  | { readonly kind: 'stable'; readonly model: string; readonly version?: string }
  /** It was idle and made room for another. */
  | { readonly kind: 'evicted'; readonly model: string; readonly version: string }
  /** A repository could not be looked at. */
  | { readonly kind: 'repository-problem'; readonly root: string }

/** A request to a known model was answered, well or badly. */
export interface RequestEvent {
  readonly kind: 'request'
  readonly model: string
  readonly version: string
  /** Undefined for success. */
  readonly error: ErrorCode | undefined
  readonly rows: number
  readonly durationMs: number
  readonly timing: Timing | undefined
}

export interface Events {
  emit(event: Event): void
}

export const noEvents: Events = { emit() {} }
