/** Flags, environment, `sluice.yaml` and `model.yaml` as frozen values. */
export { loadAdminToken } from './admin-token.ts'
export { keysThatNeedRestart } from './changed-keys.ts'
export { longName, optionName, type ServeFlag, serveFlags } from './flags.ts'
export type { Frozen } from './freeze.ts'
export { type ConfigKind, jsonSchema } from './json-schema.ts'
export { kindOfConfig } from './kind.ts'
export type { Environment, Origin } from './layers.ts'
export {
  type LoadedServerConfig,
  loadServerConfig,
  type ReadFile,
  readTextFile,
  type ServerConfigSources,
  whyUnreadable,
} from './load.ts'
export {
  defaultModelConfig,
  layeredModelConfig,
  type ModelConfigLayer,
  modelYamlLayer,
  parseModelConfig,
} from './load-model.ts'
export {
  type ModelSettings,
  parseModelSettings,
  serverSettingsWarnings,
} from './mlserver/index.ts'
export type { ModelConfig } from './model.ts'
export { ConfigError, formatProblem, type Problem } from './problem.ts'
export type { ServerConfig } from './server.ts'
export { serverKeys } from './server-keys.ts'
export { loadServingFiles } from './serving-files.ts'
export type { ListedModel, ServingFiles } from './tensorflow-serving/index.ts'
export type { TritonConfig } from './triton/index.ts'
