/** What is counted of one model, whatever its versions. */
import { Buckets, loadSeconds } from './buckets.ts'
import type { VersionTally } from './version-tally.ts'

export class ModelTally {
  readonly name: string
  readonly versions = new Map<string, VersionTally>()
  /** Asked when a request names none. */
  stable: string | undefined
  evictions = 0
  coldStarts = 0
  /** Loads that succeeded. */
  readonly loads = new Buckets(loadSeconds)

  constructor(name: string) {
    this.name = name
  }
}
