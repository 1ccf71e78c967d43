/** A configuration as it is in effect here, once `model.yaml` and the machine have had their say. */
import { clone, create } from '@bufbuild/protobuf'
import type { ModelConfig as ModelYaml } from '../model.ts'
import { describeSequences } from './describe-sequences.ts'
import {
  ModelInstanceGroup_Kind as Kind,
  ModelConfigSchema,
  ModelResponseCacheSchema,
  type ModelVersionPolicy,
  ModelVersionPolicy_AllSchema,
  ModelVersionPolicy_LatestSchema,
  ModelVersionPolicy_SpecificSchema,
  ModelVersionPolicySchema,
} from './generated/model_config_pb.ts'
import { putSchedulingInEffect } from './scheduling-in-effect.ts'
import type { TritonConfig } from './triton-config.ts'

/**
 * Which versions are served, what is cached and how requests are scheduled, `model.yaml` decides; a
 * GPU is not given.
 */
export function inEffect(config: TritonConfig, yaml: ModelYaml): TritonConfig {
  const { versions, cache } = yaml
  const effective = clone(ModelConfigSchema, config)
  const isCached = cache !== 'off'
  if (isCached || config.responseCache !== undefined) {
    effective.responseCache = create(ModelResponseCacheSchema, { enable: isCached })
  }
  effective.versionPolicy = create(ModelVersionPolicySchema, { policyChoice: policyOf(versions) })
  for (const group of effective.instanceGroup) {
    if (group.kind !== Kind.MODEL) group.kind = Kind.CPU
    group.gpus = []
  }
  if (yaml.sequences !== undefined) describeSequences(effective, yaml.sequences)
  putSchedulingInEffect(effective, yaml)
  return effective
}

/** With the sizes that `model.yaml` fixes in place of its own, where they are axes of the model. */
export function narrowedBy(config: TritonConfig, { inputs, outputs }: ModelYaml): TritonConfig {
  const narrowed = clone(ModelConfigSchema, config)
  const rows = config.maxBatchSize > 0 ? 1 : 0
  const toldOf = (told: ModelYaml['inputs' | 'outputs'], name: string) =>
    told.find((tensor) => tensor.name === name)?.shape
  for (const [told, tensors] of [
    [inputs, narrowed.input],
    [outputs, narrowed.output],
  ] as const) {
    for (const tensor of tensors) {
      const shape = toldOf(told, tensor.name)
      if (tensor.reshape !== undefined || shape?.length !== rows + tensor.dims.length) continue
      tensor.dims = shape.slice(rows).map(BigInt)
    }
  }
  return narrowed
}

function policyOf(versions: ModelYaml['versions']): ModelVersionPolicy['policyChoice'] {
  if ('latest' in versions) {
    const value = create(ModelVersionPolicy_LatestSchema, { numVersions: versions.latest })
    return { case: 'latest', value }
  }
  if ('specific' in versions) {
    const value = create(ModelVersionPolicy_SpecificSchema, {
      versions: versions.specific.map(BigInt),
    })
    return { case: 'specific', value }
  }
  return { case: 'all', value: create(ModelVersionPolicy_AllSchema) }
}
