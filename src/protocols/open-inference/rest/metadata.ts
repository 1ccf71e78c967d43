/** What the protocol tells of server and models. */
import type { Models, ServedModel } from '../../../models.ts'
import type { TensorSpec } from '../../../signature.ts'

/** Extensions that are built, by the names Triton gives them. */
const EXTENSIONS = [
  'binary_tensor_data',
  'classification',
  'model_configuration',
  'model_repository',
  'model_repository(unload_dependents)',
  'statistics',
]

export const serverMetadata = (name: string, version: string) => ({
  name,
  version,
  extensions: EXTENSIONS,
})

export function modelMetadata(
  { name, platform, provider, digest, signature }: ServedModel,
  versions: readonly string[],
) {
  return {
    name,
    versions,
    platform,
    inputs: signature.inputs.map(tensorMetadata),
    outputs: signature.outputs.map(tensorMetadata),
    properties: { execution_provider: provider, digest: `sha256:${digest}` },
  }
}

/** The versions that can be asked, oldest first. */
export const versionsOf = (models: Models, name: string): readonly string[] =>
  models
    .list()
    .filter((status) => status.name === name)
    .filter(({ state, asleep }) => state === 'ready' || asleep === true)
    .map(({ version }) => version)

const tensorMetadata = ({ name, datatype, shape }: TensorSpec) => ({ name, datatype, shape })
