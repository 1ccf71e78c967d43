/** What a configuration of Triton amounts to here. */
import type { ServingError } from '../../errors.ts'
import type { TritonConfig } from './triton-config.ts'

export interface AmountsTo {
  /** The part of a `model.yaml` it amounts to, as it would be written there. */
  readonly config: Readonly<Record<string, unknown>>
  /** The model's file in the folder of a version, where it is named. */
  readonly modelFilename: string | undefined
  readonly warnings: readonly string[]
  /** Why a model so configured cannot be served yet: NOT_BUILT, with the name of the feature. */
  readonly refusal: ServingError | undefined
}

/**
 * `readText` reads a file of the model's folder by its path from there, and may throw.
 * Fails with MODEL_UNSUPPORTED for values that no model can be loaded with.
 */
export function modelConfigOfTriton(
  config: TritonConfig,
  _readText: (relativePath: string) => string,
): AmountsTo {
  const modelFilename = config.defaultModelFilename || undefined
  return { config: {}, modelFilename, warnings: [], refusal: undefined }
}
