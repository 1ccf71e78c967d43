/**
 * Reading ONNX files, and a little rewriting, without running them.
 * The protobuf code in `generated/` is made from `proto/onnx/` by `npx buf generate`.
 */
export { type Description, describe } from './describe.ts'
export { type ElementType, elementType } from './element-type.ts'
export type { ExternalFile } from './external.ts'
export { partsOf } from './graph.ts'
export { type ExternalPart, externalFiles, type Initializer, initializers } from './initializers.ts'
export { limits, type RuntimeLimits } from './limits.ts'
export { memoryOf } from './memory.ts'
export { type ClassLabels, encodeOnnx, type OnnxModel, parseOnnx } from './model.ts'
export { preflight, problemsOf } from './preflight.ts'
export { readModelBytes, readOnnx } from './read.ts'
export { signatureOf } from './signature.ts'
export { sizesOf, sizesOfFile } from './sizes.ts'
export { taskOf } from './task.ts'
export { type WholeModel, wholeModel } from './whole.ts'
export { withoutZipMap } from './zipmap.ts'
