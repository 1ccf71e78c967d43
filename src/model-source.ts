/** A version on disk, as it is handed to a runtime. */
import type { ModelConfig } from './config/index.ts'

export interface ModelSource {
  readonly name: string
  readonly version: string
  /** The model's own folder: digests are named by paths from here. */
  readonly folder: string
  /** The version's own file. */
  readonly path: string
  readonly config: ModelConfig
  /** SHA-256 in hex that each file must have; a file that is not listed is refused. */
  readonly lock?: ReadonlyMap<string, string>
}

/** A file that was read to load a version: the digest is of the very bytes the runtime got. */
export interface LoadedFile {
  /** From the model's folder, with `/`. */
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}
