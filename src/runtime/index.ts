export type { Executable, ModelSource, RunRequest, RunResult, Runtime } from './runtime.ts'
