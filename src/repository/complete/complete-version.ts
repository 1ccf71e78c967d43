/**
 * `completeModel` without its cost where there is no `config.pbtxt`: the words of Triton, and the
 * protobuf code that reads them, are brought in when a file or a client asks for them. That is 60 ms
 * of a start.
 */
import { fail } from '../../errors.ts'
import type { Predictor } from '../../predictor.ts'
import type { Signature } from '../../signature.ts'
import { applyConfig } from './apply-config.ts'
import type { CompletedModel, Completion } from './complete.ts'

export interface CompletedVersion extends Omit<CompletedModel, 'configuration'> {
  /** Its configuration in the words of Triton, as JSON. */
  readonly configuration: () => Promise<CompletedModel['configuration']>
}

/** Fails as `completeModel` does. */
export async function completeVersion(completion: Completion): Promise<CompletedVersion> {
  if (completion.triton !== undefined) {
    const { configuration, ...completed } = await complete(completion)
    return { ...completed, configuration: async () => configuration }
  }
  const { batching } = completion.config
  if (typeof batching === 'object' && batching.ragged !== undefined) {
    throw fail('MODEL_UNSUPPORTED', {
      problem: 'batching.ragged needs a config.pbtxt, which tells the shapes that clients send',
    })
  }
  const signature: Signature = applyConfig(completion.signature, completion.config)
  return {
    inner: signature,
    signature,
    configuration: async () => (await complete(completion)).configuration,
    adapt: (inner: Predictor) => inner,
    warnings: [],
  }
}

async function complete(completion: Completion): Promise<CompletedModel> {
  const { completeModel } = await import('./complete.ts')
  return completeModel(completion)
}
