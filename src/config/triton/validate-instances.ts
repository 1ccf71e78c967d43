/** Triton's rules for `instance_group`. One that asks for a GPU is no mistake: see `placement`. */
import { ENSEMBLE, TENSORRT_PLATFORM } from './backend.ts'
import { ModelInstanceGroup_Kind as Kind } from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

export function* instanceProblems(config: TritonConfig): Iterable<string> {
  const { name, platform } = config
  if (platform === ENSEMBLE) return
  for (const group of config.instanceGroup) {
    const who = `instance group ${group.name} of model ${name}`
    const { kind } = group
    if ((kind === Kind.CPU || kind === Kind.MODEL) && group.gpus.length > 0) {
      const word = kind === Kind.CPU ? 'KIND_CPU' : 'KIND_MODEL'
      yield `${who} has kind ${word} but specifies one or more GPUs`
    }
    if (group.profile.length > 0 && platform !== TENSORRT_PLATFORM) {
      yield `${who} and platform ${platform}specifies profile field which is only supported for TensorRT models`
    }
  }
}
