/** What a configuration asks for, is not done, and would be missed by whoever asked. */
import { equals } from '@bufbuild/protobuf'
import {
  ModelInstanceGroup_Kind as Kind,
  ModelRateLimiterSchema,
} from './generated/model_config_pb.ts'
import { limitersOf } from './scheduling.ts'
import type { TritonConfig } from './triton-config.ts'

/** One warning for each. What makes no difference to clients is told by the reference page alone. */
export const unheeded = (config: TritonConfig): readonly string[] => [...warnings(config)]

function* warnings(config: TritonConfig): Iterable<string> {
  const { instanceGroup, optimization, parameters } = config
  if (instanceGroup.some(({ kind, gpus }) => kind === Kind.GPU || gpus.length > 0)) {
    yield 'instance_group asks for a GPU: it runs on the CPU, unless onnx.providers in model.yaml names another provider'
  }
  if (optimization?.executionAccelerators?.gpuExecutionAccelerator.length) {
    yield 'gpu_execution_accelerator has no effect on the CPU: name the provider by onnx.providers in model.yaml'
  }
  if (Object.hasOwn(parameters, 'memory.enable_memory_arena_shrinkage')) {
    yield 'memory.enable_memory_arena_shrinkage has no effect: memory between runs is kept'
  }
  const limiters = limitersOf(instanceGroup)
  if (limiters.some((one) => !equals(ModelRateLimiterSchema, one, limiters[0]!))) {
    yield 'rate_limiter of several groups: all executors take the most that one of them takes, and the best priority'
  }
  if (Object.keys(config.metricTags).length > 0) yield 'metric_tags has no effect yet'
}
