export type { Executable, RunRequest, RunResult, Runtime } from './runtime.ts'
