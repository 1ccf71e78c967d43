/** What happens in the rooms, for whoever counts it. Rooms emit; telemetry listens. */
import type { ErrorCode, Reason } from './errors.ts'
import type { WhyScaled } from './executor-figures.ts'
import type { ModelState } from './models.ts'
import type { Timing } from './predictor.ts'

export type Event =
  | RequestEvent
  /** The model ran once. */
  | {
      readonly kind: 'executed'
      readonly model: string
      readonly version: string
      /** Requests that shared the run. */
      readonly requests: number
      /** Of all of them. */
      readonly rows: number
      readonly left: WhyLeft
      /** On the event loop, or in a thread. */
      readonly where: 'loop' | 'thread'
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
  /** A request was refused or given up before it ran. */
  | {
      readonly kind: 'shed'
      readonly model: string
      readonly version: string
      readonly why: WhyShed
    }
  /** Whether a request was answered without a run of its own. Only of models whose answers are kept. */
  | {
      readonly kind: 'cache'
      readonly model: string
      readonly version: string
      readonly hit: boolean
      /** To look the answer up, and to keep it where it was not there, in milliseconds. */
      readonly ms: number
    }
  /** Answers are kept, or are not any more. */
  | {
      readonly kind: 'cache-held'
      /** Of all models, now. */
      readonly bytes: number
      readonly entries: number
      /** How many have just made room for others. */
      readonly evicted: number
    }
  /** Of a model that answers by what came before. */
  | {
      readonly kind: 'sequences'
      readonly model: string
      readonly version: string
      /** Sequences under way, those that wait for a place among them. */
      readonly active: number
      readonly backlog: number
      /** Requests of all of them that wait now. */
      readonly waiting: number
      /** What is kept of them between two requests. */
      readonly stateBytes: number
    }
  /** A sequence was forgotten, since nothing of it came for too long. */
  | { readonly kind: 'sequence-timed-out'; readonly model: string; readonly version: string }
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
  /** How many executors it has was changed, or would have been. */
  | {
      readonly kind: 'scaled'
      readonly model: string
      readonly version: string
      readonly from: number
      readonly to: number
      readonly why: WhyScaled
      readonly dryRun: boolean
    }
  /** From now on its requests are counted while they are under way. */
  | {
      readonly kind: 'watched'
      readonly model: string
      readonly version: string
      readonly inFlight: InFlightCount
    }
  /** It was idle and made room for another. */
  | { readonly kind: 'evicted'; readonly model: string; readonly version: string }
  /** It was asked for while it lay in its files only, and is loaded for whoever asked. */
  | { readonly kind: 'woken'; readonly model: string; readonly version: string }
  /** A repository could not be looked at. */
  | { readonly kind: 'repository-problem'; readonly root: string }

/**
 * Why the requests of a run did not wait for more to join them.
 * - full: no more rows may be joined, or more would not be faster
 * - idle: whatever had queued when there was somewhere to run
 * - preferred: a preferred number of rows was there
 * - delay: the oldest had waited as long as it may for company
 * - deadline: more would have come too late for one of them
 * - alone: this model's requests are not joined
 * - retry: a run of several had failed, and they are tried apart
 * - drain: the version is on its way out
 */
export const WHY_LEFT = [
  'full',
  'idle',
  'preferred',
  'delay',
  'deadline',
  'alone',
  'retry',
  'drain',
] as const
export type WhyLeft = (typeof WHY_LEFT)[number]

/**
 * - full: too many wait · bytes: they hold too much memory
 * - late: it would not have been begun in time · expired: it was not
 * - timeout: it waited longer than its queue allows · cancelled: its client left
 */
export const WHY_SHED = ['full', 'bytes', 'late', 'expired', 'timeout', 'cancelled'] as const
export type WhyShed = (typeof WHY_SHED)[number]

/** Requests that are under way: read when somebody asks, so that telling costs them nothing. */
export interface InFlightCount {
  readonly count: number
  /** The sum over all requests of the time each was under way, up to a moment of the clock. */
  msUntil(now: number): number
}

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
  /** As of the answer. */
  readonly cached?: boolean
}

export interface Events {
  emit(event: Event): void
}

export const noEvents: Events = { emit() {} }
