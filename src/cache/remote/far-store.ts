/** Where several servers share answers. Nothing of it fails: what cannot be had is not there. */
import type { Signature } from '../../signature.ts'
import type { NamedTensor } from '../../tensor/index.ts'

export interface FarStore {
  shelf(version: FarVersion): FarShelf
  close(): Promise<void>
}

export interface FarVersion {
  readonly model: string
  readonly version: string
  /** Equal where answers are, on whichever server. */
  readonly scope: string
  readonly signature: Signature
  /** For how long an answer is kept; as long as the store sees fit where left out. */
  readonly ttlMs?: number | undefined
}

/** Answers of one version, by the keys of requests. */
export interface FarShelf {
  /** What is kept for a request that wants these outputs. */
  get(key: string, outputs: readonly string[]): Promise<FarAnswer | undefined>
  set(key: string, outputs: readonly NamedTensor[]): void
}

export interface FarAnswer {
  /** In the order in which they were asked for. */
  readonly outputs: readonly NamedTensor[]
  /** How long it is kept still; left out where it does not expire. */
  readonly ttlMs?: number | undefined
}
