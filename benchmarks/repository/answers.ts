/** What the answers of a load come to: how late they were, and which of them were wrong. Pure. */
import { quantile } from '../statistics.ts'

export interface Answer {
  /** From the moment at which it was due to be asked, in milliseconds. */
  readonly latencyMs: number
  /** How long after that moment it was sent. */
  readonly sentLateMs: number
  /** Whole milliseconds since 1970, rounded down as in the server's log. */
  readonly sentAt: number
  readonly answeredAt: number
  /** The version that the answer names; 0 where there was no answer. */
  readonly version: number
  /** Why there was no good answer. */
  readonly failed?: string
  /** How the answer contradicts itself: its values are not those of the version that it names. */
  readonly wrong?: string
}

/** What the server's log says of a version. */
export interface Life {
  readonly version: number
  /** Milliseconds since 1970, rounded down. */
  readonly readyAt: number
  readonly unloadedAt: number | undefined
}

/**
 * Why the version that answered could not have: it was not ready yet when the answer was there, or
 * when it was asked it was unloaded, or a newer one had taken over. Undefined where it could.
 */
export function stray({ version, sentAt, answeredAt }: Answer, lives: readonly Life[]) {
  const life = lives.find((one) => one.version === version)
  if (life === undefined) return `version ${version} was never ready`
  if (answeredAt < life.readyAt) return `version ${version} answered before it was ready`
  if (life.unloadedAt !== undefined && sentAt > life.unloadedAt) {
    return `version ${version} answered after it was unloaded`
  }
  const newer = lives.find((one) => one.version > version && sentAt > one.readyAt)
  return newer && `version ${version} answered after ${newer.version} had taken over`
}

export interface Latencies {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly sentLateP99Ms: number
}

/** Of requests that failed as well: to whoever waits they are late. */
export function latenciesOf(answers: readonly Answer[]): Latencies {
  const latencies = answers.map(({ latencyMs }) => latencyMs)
  const sentLate = answers.map(({ sentLateMs }) => sentLateMs)
  return {
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    sentLateP99Ms: quantile(sentLate, 0.99),
  }
}

/** How many took longer. */
export const lateAmong = (answers: readonly Answer[], limitMs: number): number =>
  answers.filter(({ latencyMs }) => latencyMs > limitMs).length

/** Refused because too many were waiting already. */
export const isShed = ({ failed }: Answer): boolean =>
  failed !== undefined && /requests are already waiting/.test(failed)
