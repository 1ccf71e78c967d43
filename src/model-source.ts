/** A version on disk, found and not yet loaded. */
import type { ModelConfig } from './config/index.ts'

export interface ModelSource {
  readonly name: string
  readonly version: string
  /** The model's own file. */
  readonly path: string
  readonly config: ModelConfig
}
