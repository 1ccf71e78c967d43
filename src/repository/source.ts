/** Where models come from. Local folders are the only place so far. */
import type { FoundModel } from '../model-spec.ts'

export interface Source {
  /** What there is now. What is wrong with a model is told with the model. */
  scan(): Promise<Scan>
  /** Tells that something may have changed, where the system can tell. The function returned stops it. */
  watch(onChange: () => void): () => void
}

export interface Scan {
  /** In the order of names; no name twice. */
  readonly models: readonly FoundModel[]
  /** Roots that cannot be read, or are not there: nothing is known of their models. */
  readonly lost: readonly LostRoot[]
  /** What is to be told of roots, and not of one model. */
  readonly warnings?: readonly string[]
}

export interface LostRoot {
  readonly root: string
  readonly why: string
  /** Of the only model there is to be, where that is known. */
  readonly name?: string
}
