/** What is counted of loading one version. */
import type { Reason } from '../errors.ts'
import type { Event } from '../events.ts'

export class LoadTally {
  /** Of the last load that succeeded. */
  last: { readonly seconds: number; readonly digest: string; readonly bytes: number } | undefined
  readonly failures = new Map<Reason, number>()

  loaded({ ms, digest, memoryBytes }: Extract<Event, { kind: 'loaded' }>): void {
    this.last = { seconds: ms / 1000, digest, bytes: memoryBytes }
  }

  failed(reason: Reason): void {
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1)
  }
}
