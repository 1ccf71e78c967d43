/** Configurations for tests. */
import { parseTritonConfig } from './parse.ts'
import type { TritonConfig } from './triton-config.ts'

export const configOf = (text: string): TritonConfig => parseTritonConfig(text, 'config.pbtxt')

/** Of a model with an input "x" and an output "y", with more said of it. */
export const plainConfig = (more = '', maxBatchSize = 8): TritonConfig =>
  configOf(`
    name: "m"
    platform: "onnxruntime_onnx"
    max_batch_size: ${maxBatchSize}
    input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 2 ] }
    ${more}
  `)
