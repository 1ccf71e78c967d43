/** What a configuration asks for, is not done, and would be missed by whoever asked. */
import {
  ModelInstanceGroup_Kind as Kind,
  type ModelQueuePolicy,
} from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

/** One warning for each. What makes no difference to clients is told by the reference page alone. */
export const unheeded = (config: TritonConfig): readonly string[] => [...warnings(config)]

function* warnings(config: TritonConfig): Iterable<string> {
  const { instanceGroup, optimization, parameters, schedulingChoice } = config
  if (instanceGroup.some(({ kind, gpus }) => kind === Kind.GPU || gpus.length > 0)) {
    yield 'instance_group asks for a GPU: it runs on the CPU, unless onnx.providers in model.yaml names another provider'
  }
  if (optimization?.executionAccelerators?.gpuExecutionAccelerator.length) {
    yield 'gpu_execution_accelerator has no effect on the CPU: name the provider by onnx.providers in model.yaml'
  }
  if (Object.hasOwn(parameters, 'memory.enable_memory_arena_shrinkage')) {
    yield 'memory.enable_memory_arena_shrinkage has no effect: memory between runs is kept'
  }
  if (schedulingChoice.case === 'dynamicBatching') {
    const { defaultQueuePolicy, priorityLevels, priorityQueuePolicy } = schedulingChoice.value
    const policies = [defaultQueuePolicy, ...Object.values(priorityQueuePolicy)]
    if (policies.some(limitsWaiting)) {
      yield 'default_timeout_microseconds has no effect yet: requests wait until their own deadline'
    }
    if (priorityLevels > 1n) yield 'priority_levels has no effect yet: requests are served in order'
  }
  if (Object.keys(config.metricTags).length > 0) yield 'metric_tags has no effect yet'
}

const limitsWaiting = (policy: ModelQueuePolicy | undefined): boolean =>
  policy !== undefined && policy.defaultTimeoutMicroseconds !== 0n
