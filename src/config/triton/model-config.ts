/** What a configuration of Triton amounts to here. */
import { fail, type ServingError } from '../../errors.ts'
import { checksumsOf } from './checksums.ts'
import { labelsOf } from './labels.ts'
import { onnxOf } from './onnx-options.ts'
import { refusalOf } from './refusal.ts'
import { batchingOf, executorsOf, queueOf, rateLimitOf } from './scheduling.ts'
import { sequencesOf } from './sequences.ts'
import { staysInside } from './stays-inside.ts'
import type { TritonConfig } from './triton-config.ts'
import { unheeded } from './unheeded.ts'

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
  readText: (relativePath: string) => string,
): AmountsTo {
  checksumsOf(config)
  const labels = labelsOf(config, readText)
  return {
    config: {
      ...versionsOf(config),
      ...onnxOf(config),
      ...batchingOf(config),
      ...queueOf(config),
      ...executorsOf(config),
      ...rateLimitOf(config),
      ...sequencesOf(config),
      ...(config.responseCache?.enable ? { cache: {} } : {}),
      ...(labels.labels === undefined ? {} : { labels: labels.labels }),
    },
    modelFilename: modelFilenameOf(config),
    warnings: [...labels.warnings, ...unheeded(config)],
    refusal: refusalOf(config),
  }
}

function versionsOf({ versionPolicy }: TritonConfig) {
  const choice = versionPolicy?.policyChoice
  switch (choice?.case) {
    case 'latest':
      return { versions: { latest: choice.value.numVersions } }
    case 'all':
      return { versions: { all: true } }
    case 'specific':
      return { versions: { specific: choice.value.versions.map(Number) } }
    default:
      return {}
  }
}

function modelFilenameOf({ defaultModelFilename }: TritonConfig): string | undefined {
  if (defaultModelFilename === '') return undefined
  if (staysInside(defaultModelFilename)) return defaultModelFilename
  throw fail('MODEL_UNSUPPORTED', {
    problem: `default_model_filename "${defaultModelFilename}" leaves the folder of its version`,
  })
}
