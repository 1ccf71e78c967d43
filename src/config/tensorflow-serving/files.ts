/** The files of TensorFlow Serving that a server is given, read together. */
import { basename, dirname } from 'node:path'
import { type ReadFile, readTextFile, whyUnreadable } from '../load.ts'
import { ConfigError } from '../problem.ts'
import type { ServerConfig } from '../server.ts'
import { parseBatchingParameters, type ServingBatching } from './batching.ts'
import { type ListedModel, parseModelList } from './model-list.ts'
import { parseMonitoringConfig } from './monitoring.ts'

export type ServingPaths = Pick<
  ServerConfig,
  'modelConfigFile' | 'batchingParametersFile' | 'monitoringConfigFile'
>

export interface ServingFiles {
  readonly models: readonly ListedModel[]
  /** What holds for models that do not say it themselves. */
  readonly batching?: Omit<ServingBatching, 'warnings'>
  /** A further path for metrics. */
  readonly metricsPath?: string
  readonly warnings: readonly string[]
}

/** Fails with a ConfigError that holds every problem of every file. */
export function readServingFiles(
  paths: ServingPaths,
  readFile: ReadFile = readTextFile,
): ServingFiles {
  const problems: ConfigError['problems'][number][] = []
  const read = <T>(path: string | undefined, flag: string, parse: (text: string) => T) => {
    if (path === undefined) return undefined
    try {
      return parse(textOf(path, flag, readFile))
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown
      problems.push(...thrown.problems)
      return undefined
    }
  }
  const { modelConfigFile, batchingParametersFile, monitoringConfigFile } = paths
  const models = read(modelConfigFile, '--model-config-file', (text) =>
    parseModelList(text, basename(modelConfigFile!), dirname(modelConfigFile!)),
  )
  const parameters = read(batchingParametersFile, '--batching-parameters-file', (text) =>
    parseBatchingParameters(text, basename(batchingParametersFile!)),
  )
  const metricsPath = read(monitoringConfigFile, '--monitoring-config-file', (text) =>
    parseMonitoringConfig(text, basename(monitoringConfigFile!)),
  )
  if (problems.length > 0) throw new ConfigError(problems)
  const { warnings = [], ...batching } = parameters ?? {}
  return {
    models: models ?? [],
    ...(Object.keys(batching).length > 0 && { batching }),
    ...(metricsPath !== undefined && { metricsPath }),
    warnings,
  }
}

function textOf(path: string, flag: string, readFile: ReadFile): string {
  try {
    return readFile(path)
  } catch (thrown) {
    const message = `"${basename(path)}": ${whyUnreadable(thrown)}`
    throw new ConfigError([{ where: flag, message }])
  }
}
