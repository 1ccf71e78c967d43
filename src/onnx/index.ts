/**
 * Reading ONNX files, and a little rewriting, without running them.
 * The protobuf code in `generated/` is made from `proto/onnx/` by `npx buf generate`.
 */
export { type Description, describe, estimateMemory, type MemoryEstimate } from './describe.ts'
export { type ElementType, elementType } from './element-type.ts'
export type { ExternalFile } from './external.ts'
export { type ExternalPart, externalFiles, type Initializer, initializers } from './initializers.ts'
export { limits, type RuntimeLimits } from './limits.ts'
export { type ClassLabels, encodeOnnx, type OnnxModel, parseOnnx } from './model.ts'
export { preflight } from './preflight.ts'
export { readOnnx } from './read.ts'
export { signatureOf } from './signature.ts'
export { taskOf } from './task.ts'
export { withoutZipMap } from './zipmap.ts'
