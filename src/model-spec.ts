/** A model as it lies on disk: what every layout of a repository comes down to. */
import type { ModelConfig, TritonConfig } from './config/index.ts'
import type { ServingError } from './errors.ts'

export interface ModelSpec {
  readonly name: string
  /** The model's own folder; that of its file, where it is only a file. */
  readonly folder: string
  /** `model.yaml` over what the files of other systems say. */
  readonly config: ModelConfig
  /**
   * The last change of any file that configures it, also of its name and its times: wall time in
   * milliseconds since 1970. Left out where no file does.
   */
  readonly configChangedAt?: number
  /** What config.pbtxt says, as it was written: it is completed when the model is loaded. */
  readonly triton?: TritonConfig
  /** Every version there is, oldest first. Which of them are served, `config.versions` decides. */
  readonly versions: readonly VersionSpec[]
  /** SHA-256 in hex that files must have, by their path from `folder`, where there is a `sluice.lock`. */
  readonly lock?: ReadonlyMap<string, string>
  /** What its operator should know although it is served. */
  readonly warnings: readonly string[]
}

export interface VersionSpec {
  /** A whole number from 1 on, without leading zeros. */
  readonly version: string
  /** The model's file, or why there is none to load. */
  readonly path: string | ServingError
  /** Another one when a file of the version, or anything that configures it, has changed. */
  readonly fingerprint: string
  /**
   * Whether its files were put there whole, by a rename or by a copy that has set their times since:
   * the last change of each is later than the last write to it. False says nothing.
   */
  readonly sealed: boolean
  /**
   * The last change of any of its files and folders, also of their names and times: wall time in
   * milliseconds since 1970. Left out where it cannot be told.
   */
  readonly changedAt?: number
}

/** A name under which something lies, and what that is. */
export interface FoundModel {
  readonly name: string
  /** The path that was given, in which it was found. */
  readonly root: string
  /** Or why it cannot be served, whatever its versions are. */
  readonly spec: ModelSpec | ServingError
}
