/** What the protocol tells of server and models. */
import type { ServedModel } from '../../../models.ts'
import type { TensorSpec } from '../../../signature.ts'
import type { Datatype } from '../../../tensor/index.ts'

/** Extensions that are built, by the names Triton gives them. */
const EXTENSIONS = ['binary_tensor_data', 'model_configuration', 'statistics']

export const serverMetadata = (name: string, version: string) => ({
  name,
  version,
  extensions: EXTENSIONS,
})

export function modelMetadata(
  { name, platform, provider, signature }: ServedModel,
  versions: readonly string[],
) {
  return {
    name,
    versions,
    platform,
    inputs: signature.inputs.map(tensorMetadata),
    outputs: signature.outputs.map(tensorMetadata),
    properties: { execution_provider: provider },
  }
}

const tensorMetadata = ({ name, datatype, shape }: TensorSpec) => ({ name, datatype, shape })

/** The part of Triton's model configuration that is known of any model; shapes hold every axis. */
export function modelConfiguration({ name, platform, signature }: ServedModel) {
  return {
    name,
    platform,
    backend: 'onnxruntime',
    max_batch_size: 0,
    input: signature.inputs.map(({ optional = false, ...spec }) => ({
      ...tensorConfiguration(spec),
      optional,
    })),
    output: signature.outputs.map(tensorConfiguration),
    model_transaction_policy: { decoupled: signature.streams ?? false },
  }
}

const tensorConfiguration = ({ name, datatype, shape }: TensorSpec) => ({
  name,
  data_type: `TYPE_${configurationType[datatype] ?? datatype}`,
  dims: shape,
})

const configurationType: Partial<Record<Datatype, string>> = { BYTES: 'STRING' }
