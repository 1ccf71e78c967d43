export { describeLibrary, type LibraryDescription } from './describe.ts'
export { OnnxRuntime, type OnnxRuntimeOptions } from './runtime.ts'
