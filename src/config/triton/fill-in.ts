/** What a configuration leaves out and Triton fills in before it looks at the model. */
import { clone, create } from '@bufbuild/protobuf'
import { backendOf, filenameOf, platformOf } from './backend.ts'
import {
  type ModelConfig,
  ModelConfigSchema,
  type ModelInstanceGroup,
  ModelInstanceGroup_Kind,
  ModelInstanceGroupSchema,
  ModelOptimizationPolicy_PinnedMemoryBufferSchema,
  ModelOptimizationPolicySchema,
  ModelVersionPolicy_LatestSchema,
  ModelVersionPolicySchema,
} from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

/** A copy with everything that follows from the configuration itself and the name of the model. */
export function fillIn(config: TritonConfig, name: string): TritonConfig {
  const filled = clone(ModelConfigSchema, config)
  filled.name ||= name
  filled.backend = backendOf(filled)
  filled.platform ||= platformOf(filled.backend)
  filled.defaultModelFilename ||= filenameOf(filled.backend)
  filled.versionPolicy ??= create(ModelVersionPolicySchema, {
    policyChoice: {
      case: 'latest',
      value: create(ModelVersionPolicy_LatestSchema, { numVersions: 1 }),
    },
  })
  fillInScheduling(filled)
  if (filled.schedulingChoice.case !== 'ensembleScheduling') fillInPlacement(filled)
  return filled
}

/** After the batch size is known: again, for what follows from it. */
export function fillInScheduling({ schedulingChoice, maxBatchSize }: ModelConfig): void {
  const preferred = maxBatchSize > 0 ? [maxBatchSize] : []
  if (schedulingChoice.case === 'dynamicBatching') {
    const batching = schedulingChoice.value
    if (batching.preferredBatchSize.length === 0) batching.preferredBatchSize = preferred
  }
  if (schedulingChoice.case === 'sequenceBatching') {
    const batching = schedulingChoice.value
    batching.maxSequenceIdleMicroseconds ||= 1_000_000n
    const { strategyChoice } = batching
    if (strategyChoice.case === 'oldest' && strategyChoice.value.preferredBatchSize.length === 0) {
      strategyChoice.value.preferredBatchSize = preferred
    }
  }
}

function fillInPlacement(filled: ModelConfig): void {
  filled.optimization ??= create(ModelOptimizationPolicySchema)
  const pinned = () => create(ModelOptimizationPolicy_PinnedMemoryBufferSchema, { enable: true })
  filled.optimization.inputPinnedMemory ??= pinned()
  filled.optimization.outputPinnedMemory ??= pinned()
  filled.instanceGroup.forEach((group, index) => {
    group.name ||= `${filled.name}_${index}`
    group.count = Math.max(1, group.count)
  })
  if (filled.instanceGroup.length === 0) filled.instanceGroup.push(onlyGroup(filled.name))
}

const onlyGroup = (name: string): ModelInstanceGroup =>
  create(ModelInstanceGroupSchema, { name, kind: ModelInstanceGroup_Kind.CPU, count: 1 })
