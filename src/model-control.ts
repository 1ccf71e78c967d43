/** Changing what is served: all that a protocol may know of it. */
import type { ModelStatus } from './models.ts'

/**
 * How models change at run time.
 * - none: when a reload is asked for
 * - poll: with their files
 * - explicit: when a load or an unload is asked for
 */
export type ModelControlMode = 'none' | 'poll' | 'explicit'

export interface ModelControl {
  readonly mode: ModelControlMode

  /** Every version known, and models of the repositories that were never loaded. */
  index(): readonly IndexEntry[]

  /**
   * Reads the model's files again and serves what they say now; resolves when that has settled.
   * Nothing happens to a version whose files did not change, unless it has failed: it is tried again.
   * Fails with MODEL_NOT_FOUND, or LOAD_FAILED when a wanted version is not ready in the end; what
   * was served before is still served then.
   */
  load(name: string, options?: LoadOptions): Promise<void>

  /**
   * No longer wanted: takes no more requests, and is gone when those it took are answered. Resolves
   * at once. Fails with MODEL_NOT_FOUND, or CONTROL_REFUSED unless the mode is explicit.
   */
  unload(name: string, options?: UnloadOptions): Promise<void>

  /**
   * Reads the configuration and the repositories again; all of it holds, or none. Resolves when
   * what changed has settled. Fails with RELOAD_REFUSED.
   */
  reload(): Promise<ReloadReport>
}

export interface LoadOptions {
  /** Serves it although clients of the version that is served now could not be answered by it. */
  readonly force?: boolean
  /** A model configuration of Triton in JSON, in place of the files that configure the model. */
  readonly config?: string
  /** Files in place of all of the model's own, by their path from its folder. Needs `config`. */
  readonly files?: ReadonlyMap<string, Uint8Array>
}

export interface UnloadOptions {
  /** Also the models that this one alone needs. */
  readonly dependents?: boolean
}

/** A version, or a model of which no version is known. */
export type IndexEntry = ModelStatus | { readonly name: string }

export interface ReloadReport {
  readonly models: readonly ModelStatus[]
  /** Keys of the configuration that changed and hold from the next start on. */
  readonly needRestart: readonly string[]
}
