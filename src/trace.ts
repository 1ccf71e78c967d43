/**
 * Traces, told after the fact: a room that measured something says when it began and ended.
 *
 * Identities travel as W3C `traceparent` headers (https://www.w3.org/TR/trace-context/). What is
 * malformed is treated as absent, as the standard asks.
 */
import type { ServingError } from './errors.ts'

export interface Tracer {
  /** Whether anybody records: the `sampled` flag of new traces. */
  readonly on: boolean
  span(name: string, span: Span): void
  /** Sends what is left, within a bound. Never fails. */
  shutdown(): Promise<void>
}

export interface Span {
  /** The parent, as it came; a trace of its own without one. */
  readonly traceparent?: string | undefined
  /** This span's own identity where it was given out before, by `childTraceparent`. */
  readonly self?: string | undefined
  readonly kind?: 'server' | 'internal' | 'client'
  /** Moments of the clock. */
  readonly startMs: number
  readonly endMs: number
  readonly attributes?: Readonly<Record<string, string | number | boolean>>
  readonly error?: ServingError | undefined
}

export const noTracer: Tracer = { on: false, span() {}, async shutdown() {} }

export interface TraceIds {
  readonly traceId: string
  readonly spanId: string
  /** Bit 0: sampled. */
  readonly flags: number
}

export function parseTraceparent(header: string | undefined): TraceIds | undefined {
  const match = header === undefined ? null : layout.exec(header)
  if (match === null) return undefined
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (allZero.test(traceId) || allZero.test(spanId)) return undefined
  return { traceId, spanId, flags: Number.parseInt(flags, 16) }
}

/**
 * The identity of a span below `traceparent`, for an answer or for a call to somebody else. It
 * keeps the trace and its `sampled` flag; without a valid parent it begins a trace, sampled if
 * `sampled` says so.
 */
export function childTraceparent(
  traceparent: string | undefined,
  randomBytes: (count: number) => Uint8Array,
  sampled = false,
): string {
  const parent = parseTraceparent(traceparent)
  const traceId = parent?.traceId ?? hex(randomBytes(16))
  const flags = (parent?.flags ?? Number(sampled)) & sampledFlag
  return `00-${traceId}-${hex(randomBytes(8))}-0${flags}`
}

// a later version may append fields after a dash
const layout = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const allZero = /^0+$/
const sampledFlag = 1

function hex(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('hex')
  return allZero.test(text) ? `${text.slice(0, -1)}1` : text
}
