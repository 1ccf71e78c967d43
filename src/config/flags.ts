/** The flags of `sluice serve`: which key each one sets. Their descriptions are the schema's. */
import { type Key, takes } from './keys.ts'
import { serverKeys } from './server-keys.ts'

export interface ServeFlag {
  /** As commander reads it: `--http-port <port>`. */
  readonly flags: string
  readonly description: string
  /** The key it sets, or `config` for the file itself. */
  readonly key: string
  /** Given once for each item of a list. */
  readonly repeatable: boolean
  /** Given in seconds, where the key counts milliseconds. */
  readonly seconds: boolean
}

const flagOfKey: Readonly<Record<string, string>> = {
  name: '--name <name>',
  default: '--default <name>',
  'http.host': '--host <address>',
  'http.port': '--http-port <port>',
  'grpc.port': '--grpc-port <port>',
  'metrics.port': '--metrics-port <port>',
  'http.allowedHosts': '--allow-host <name>',
  'http.maxBodyBytes': '--max-body <size>',
  'queue.maxWaiting': '--max-waiting <count>',
  'rateLimit.mode': '--rate-limit <mode>',
  'rateLimit.resources': '--rate-limit-resource <name:count>',
  modelControlMode: '--model-control-mode <mode>',
  loadModels: '--load-model <name>',
  repositoryPollMs: '--repository-poll-secs <seconds>',
  modelConfigFile: '--model-config-file <path>',
  batchingParametersFile: '--batching-parameters-file <path>',
  monitoringConfigFile: '--monitoring-config-file <path>',
  disableAutoCompleteConfig: '--disable-auto-complete-config',
  'load.atOnce': '--model-load-thread-count <count>',
  'load.timeoutMs': '--load-timeout <seconds>',
  'modelMemory.limitBytes': '--model-memory <size>',
  'modelMemory.evict': '--model-evict',
  'server.name': '--server-name <name>',
  adminTokenFile: '--admin-token-file <path>',
  repositoryControl: '--repository-control <who>',
  stateDir: '--state-dir <path>',
  trust: '--trust',
  'readiness.strict': '--strict-readiness',
  exitOnError: '--exit-on-error',
  shutdownTimeoutMs: '--shutdown-timeout <seconds>',
  'log.level': '--log-level <level>',
  'log.format': '--log-format <format>',
}

export const serveFlags: readonly ServeFlag[] = [
  {
    flags: '--config <path>',
    description: 'The file to read, in place of ./sluice.yaml',
    key: 'config',
    repeatable: false,
    seconds: false,
  },
  ...Object.entries(flagOfKey).map(([path, flags]): ServeFlag => {
    const key = serverKeys.find((one) => one.path === path)
    const seconds = flags.endsWith('<seconds>')
    if (key === undefined) throw new TypeError(`${flags} sets "${path}", which is no key`)
    return {
      flags,
      description: describe(key, seconds),
      key: path,
      repeatable: takes(key.schema, 'array'),
      seconds,
    }
  }),
]

/** `--http-port` of `--http-port <port>`. */
export const longName = ({ flags }: ServeFlag): string => flags.split(' ')[0]!

/** What commander calls the option: `httpPort`. */
export const optionName = (flag: ServeFlag): string =>
  longName(flag)
    .slice(2)
    .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

function describe({ description, default: fallback, schema }: Key, seconds: boolean): string {
  const choices = schema.enum === undefined ? '' : `: ${schema.enum.join(', ')}`
  const shown = seconds ? Number(fallback) / 1000 : fallback
  const telling = typeof shown === 'string' || typeof shown === 'number'
  return `${description}${choices}${telling ? ` (default: ${shown})` : ''}`
}
