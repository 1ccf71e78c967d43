/** Holds a configuration against Triton's rules. */
import type { TritonConfig } from './triton-config.ts'

export interface ValidateOptions {
  /** The name of the model's folder. */
  readonly name: string
}

/** Fails with MODEL_UNSUPPORTED in Triton's words for the first rule that is broken. */
export function validateTritonConfig(_config: TritonConfig, _options: ValidateOptions): void {}
