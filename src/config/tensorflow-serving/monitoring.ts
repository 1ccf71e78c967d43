/** The monitoring configuration of TensorFlow Serving: `--monitoring-config-file`. */
import { ConfigError } from '../problem.ts'
import { MonitoringConfigSchema } from './generated/server_files_pb.ts'
import { readMessage } from './read.ts'

/**
 * The path under which metrics are asked for besides our own; undefined where the file does not
 * switch them on. `name` is for messages. Fails with a ConfigError.
 */
export function parseMonitoringConfig(text: string, name: string): string | undefined {
  const { prometheusConfig } = readMessage(MonitoringConfigSchema, text, name)
  if (prometheusConfig?.enable !== true) return undefined
  const path = prometheusConfig.path || DEFAULT_PATH
  if (/^(\/(?!\.+(\/|$))[A-Za-z0-9._~-]+)+$/.test(path)) return path
  const message = `expected prometheus_config.path to be a path such as ${DEFAULT_PATH}, got ${JSON.stringify(path)}`
  throw new ConfigError([{ where: name, message }])
}

const DEFAULT_PATH = '/monitoring/prometheus/metrics'
