/** The stable pointer: which version answers requests that name none. */
import { compareVersions } from '../version-order.ts'

/**
 * The highest number that is ready. While `held` is ready it stays, whatever else becomes ready.
 * Undefined when nothing is ready.
 */
export function stableOf(ready: readonly string[], held?: string): string | undefined {
  if (held !== undefined && ready.includes(held)) return held
  return ready.toSorted(compareVersions).at(-1)
}
