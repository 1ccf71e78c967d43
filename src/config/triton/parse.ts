/** Reads model configurations of Triton from text and from JSON. */
import { fromJsonString } from '@bufbuild/protobuf'
import { fromText } from '@bufbuild/protobuf/txtpb'
import { ModelConfigSchema } from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

/** A `config.pbtxt`; `where` names it in messages. Fails with a ConfigError. */
export function parseTritonConfig(text: string, _where: string): TritonConfig {
  return fromText(ModelConfigSchema, text)
}

/** The same in JSON, as it is sent to be loaded. Fails with a ConfigError. */
export function parseTritonConfigJson(text: string, _where: string): TritonConfig {
  return fromJsonString(ModelConfigSchema, text)
}
