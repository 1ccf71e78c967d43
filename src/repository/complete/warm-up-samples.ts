/**
 * The samples of `model_warmup` in a `config.pbtxt`, as requests of clients.
 * Source: `GenerateWarmupData` of Triton's core.
 */
import type { WarmUpInput, WarmUpSetting } from '../../config/triton/index.ts'
import { fail, ServingError } from '../../errors.ts'
import type { ModelSpec } from '../../model-spec.ts'
import type { InferenceRequest } from '../../predictor.ts'
import type { Signature } from '../../signature.ts'
import { dynamic, type NamedTensor } from '../../tensor/index.ts'
import { readOwnFile } from '../files/own-file.ts'
import { rowsOf, tensorOfBytes, tensorOfRandom, tensorOfZeros } from './warm-up-tensors.ts'

export interface WarmUpSample {
  /** For messages. */
  readonly name: string
  /** How often it is asked. */
  readonly count: number
  readonly request: InferenceRequest
}

/**
 * In the order they are written. `signature` is what clients see; whether a sample fits it is for
 * the door to tell. Fails with WARM_UP_FAILED for a sample that cannot be made.
 */
export async function readWarmUpSamples(
  { triton, folder }: Pick<ModelSpec, 'triton' | 'folder'>,
  signature: Signature,
  random: () => number = Math.random,
): Promise<readonly WarmUpSample[]> {
  if (triton === undefined) return []
  const { warmUpSettings } = await import('../../config/triton/index.ts')
  const settings = warmUpSettings(triton)
  const samples: WarmUpSample[] = []
  for (const setting of settings) {
    if (setting.batchSize === 0) continue // as Triton has it
    try {
      const inputs: NamedTensor[] = []
      for (const input of setting.inputs) {
        inputs.push(await tensorOf(input, setting, { folder, signature, random }))
      }
      const { name, count } = setting
      samples.push({ name, count: Math.max(1, count), request: { inputs } })
    } catch (thrown) {
      throw unusable(setting.name, ServingError.from(thrown))
    }
  }
  return samples
}

interface Surroundings {
  readonly folder: string
  readonly signature: Signature
  readonly random: () => number
}

async function tensorOf(
  input: WarmUpInput,
  { batchSize }: WarmUpSetting,
  { folder, signature, random }: Surroundings,
): Promise<NamedTensor> {
  const { name, dims, data } = input
  const declared = signature.inputs.find((candidate) => candidate.name === name)?.shape
  const hasRows = declared?.length === dims.length + 1 && declared[0] === dynamic
  if (batchSize > 1 && declared !== undefined && !hasRows) {
    throw refused(`batch_size is ${batchSize}, and input "${name}" has no axis for it`)
  }
  if (input.datatype === undefined) throw refused(`input "${name}" has no data_type`)
  if (dims.includes(dynamic)) {
    throw refused(
      `warmup setting expects all variable-size dimensions are specified for input '${name}'`,
    )
  }
  if (data === undefined) {
    throw refused(`warmup setting expects input '${name}' to have input_data_type set`)
  }
  const one = { name, datatype: input.datatype, shape: hasRows ? [1, ...dims] : dims }
  const rows = hasRows ? batchSize : 1
  if (data.kind === 'file') {
    // beside the versions
    const bytes = await readOwnFile(folder, `warmup/${data.name}`, 'WARM_UP_FAILED')
    return rowsOf(tensorOfBytes(one, data.name, bytes, rows), rows)
  }
  if (data.kind === 'zeros') return rowsOf(tensorOfZeros(one, rows), rows)
  return rowsOf(await tensorOfRandom(one, random, rows), rows)
}

const refused = (problem: string) => fail('WARM_UP_FAILED', { problem })

function unusable(sample: string, error: ServingError): ServingError {
  const { message, hint } = error
  const problem = `warm-up sample "${sample}": ${message}`
  return fail('WARM_UP_FAILED', { problem, ...(hint !== undefined && { hint }) }, error)
}
