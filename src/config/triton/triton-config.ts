/** What a config.pbtxt holds: Triton's message of that name, in which nothing is filled in yet. */
export type { ModelConfig as TritonConfig } from './generated/model_config_pb.ts'
