/** The files of TensorFlow Serving that a server is given, read where there are any. */
import type { ReadFile } from './load.ts'
import type { ServingFiles, ServingPaths } from './tensorflow-serving/index.ts'

/** Fails with a ConfigError that holds every problem of every file. */
export async function loadServingFiles(
  paths: ServingPaths,
  readFile?: ReadFile,
): Promise<ServingFiles> {
  const { modelConfigFile, batchingParametersFile, monitoringConfigFile } = paths
  const given = [modelConfigFile, batchingParametersFile, monitoringConfigFile]
  if (given.every((path) => path === undefined)) return { models: [], warnings: [] }
  // protobuf takes a while to come in, and few servers need it for this
  const { readServingFiles } = await import('./tensorflow-serving/index.ts')
  return readServingFiles(paths, readFile)
}
