/** A configuration as Triton prints it. */
import { toJson } from '@bufbuild/protobuf'
import { ModelConfigSchema } from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

export function tritonConfigJson(config: TritonConfig): Readonly<Record<string, unknown>> {
  return toJson(ModelConfigSchema, config, {
    useProtoFieldName: true,
    alwaysEmitImplicit: true,
  }) as Readonly<Record<string, unknown>>
}
