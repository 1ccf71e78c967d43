/** The files of TensorFlow Serving that a server is given, read together. */
import { basename, dirname } from 'node:path'
import { type ReadFile, readTextFile, whyUnreadable } from '../load.ts'
import { ConfigError } from '../problem.ts'
import type { ServerConfig } from '../server.ts'
import { parseBatchingParameters } from './batching.ts'
import { type ListedModel, parseModelList } from './model-list.ts'
import { parseMonitoringConfig } from './monitoring.ts'

export type ServingPaths = Pick<
  ServerConfig,
  'modelConfigFile' | 'batchingParametersFile' | 'monitoringConfigFile'
>

export interface ServingFiles {
  readonly models: readonly ListedModel[]
  /** Requests that may wait for a model, where a file says it. */
  readonly maxWaiting?: number
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
  const batching = read(batchingParametersFile, '--batching-parameters-file', (text) =>
    parseBatchingParameters(text, basename(batchingParametersFile!)),
  )
  const metricsPath = read(monitoringConfigFile, '--monitoring-config-file', (text) =>
    parseMonitoringConfig(text, basename(monitoringConfigFile!)),
  )
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    models: models ?? [],
    ...(batching?.maxWaiting !== undefined && { maxWaiting: batching.maxWaiting }),
    ...(metricsPath !== undefined && { metricsPath }),
    warnings: batching?.warnings ?? [],
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
