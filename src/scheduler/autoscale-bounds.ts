/** Between which numbers of executors a version may be, as its configuration and the machine have it. */
import type { ModelConfig } from '../config/index.ts'

export interface AutoscaleBounds {
  readonly minimum: number
  readonly maximum: number
  /** Only tell what would be done. */
  readonly dryRun: boolean
}

/** Undefined where the number does not go by what comes. */
export function autoscaleBounds(
  executors: ModelConfig['executors'],
  threads: number,
): AutoscaleBounds | undefined {
  if (typeof executors !== 'object') return undefined
  const { minimum, maximum = threads, dryRun } = executors
  return { minimum: Math.min(minimum, threads), maximum: Math.min(maximum, threads), dryRun }
}

/** What the operator should know who asks for more executors than can compute at once. */
export function executorsWarning(
  executors: ModelConfig['executors'],
  threads: number,
): string | undefined {
  const asked = typeof executors === 'object' ? executors.maximum : executors
  if (typeof asked !== 'number' || asked <= threads) return undefined
  return `${asked} executors are asked for, and ${threads} can compute at once: so many there are`
}
