/**
 * Flags, environment, file and defaults as one frozen value, in this order of precedence. Nobody
 * else reads the environment. Every problem is told, not the first only, and names its place.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { explain, show, valueAt } from './explain.ts'
import { deepFreeze } from './freeze.ts'
import {
  type Environment,
  environmentLayer,
  fileLayer,
  flagLayer,
  keyOf,
  type Layer,
  type Origin,
  put,
  withAbsolutePaths,
} from './layers.ts'
import { ConfigError, type Problem } from './problem.ts'
import { type ServerConfig, serverSchema } from './server.ts'
import { serverJsonSchema, serverKeys } from './server-keys.ts'
import { refusal, unbuiltServerKeys } from './unbuilt.ts'

export type ReadFile = (path: string) => string

export interface ServerConfigSources {
  /** The paths of the command line. */
  readonly args?: readonly string[]
  /** The options of the command line, as commander names them: `httpPort`. */
  readonly options?: Readonly<Record<string, unknown>>
  readonly env?: Environment
  readonly cwd?: string
  /** Throws as `readFileSync` does where there is no file. */
  readonly readFile?: ReadFile
}

export interface LoadedServerConfig {
  readonly config: ServerConfig
  /** Where the value of each key comes from, by its path: `http.port`. */
  readonly origins: ReadonlyMap<string, Origin>
  /** What is ignored, and why. */
  readonly warnings: readonly string[]
}

/** Fails with a ConfigError that holds every problem of every place. */
export function loadServerConfig({
  args = [],
  options = {},
  env = process.env,
  cwd = process.cwd(),
  readFile = readTextFile,
}: ServerConfigSources = {}): LoadedServerConfig {
  const problems: Problem[] = []
  const environment = environmentLayer(env, cwd)
  const layers = [flagLayer(args, options, cwd), environment.layer]
  try {
    const file = readConfigFile(options.config, env, cwd, readFile)
    if (file !== undefined) layers.push(file)
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    problems.push(...thrown.problems)
  }

  const wrongKeys = new Set<string>()
  for (const layer of layers) {
    const issues = serverSchema.safeParse(layer.value).error?.issues ?? []
    for (const issue of issues) wrongKeys.add(keyOf(issue.path))
    problems.push(...explain(issues, layer.value, serverJsonSchema, layer.whereOf))
  }
  const { value, origins } = merge(layers)
  problems.push(...refuseUnbuilt(value, layers, wrongKeys))
  if (problems.length > 0) throw new ConfigError(problems)

  const config = serverSchema.parse(value)
  const contradictions = findContradictions(config, origins)
  if (contradictions.length > 0) throw new ConfigError(contradictions)
  return { config: deepFreeze(config), origins, warnings: environment.warnings }
}

/** The text of a file, as everything here reads it unless told otherwise. */
export const readTextFile: ReadFile = (path) => readFileSync(path, 'utf8')

/** Why a file could not be read, in few words. */
export function whyUnreadable(thrown: unknown): string {
  const code = (thrown as NodeJS.ErrnoException).code ?? ''
  return unreadable[code] ?? `it cannot be read (${code || String(thrown)})`
}

/** The file that --config or SLUICE_CONFIG names must be there; ./sluice.yaml may. */
function readConfigFile(
  option: unknown,
  env: Environment,
  cwd: string,
  readFile: ReadFile,
): Layer | undefined {
  const [name, where] =
    typeof option === 'string'
      ? [option, '--config']
      : env.SLUICE_CONFIG
        ? [env.SLUICE_CONFIG, 'SLUICE_CONFIG']
        : ['sluice.yaml', undefined]
  const path = resolve(cwd, name)
  let text: string
  try {
    text = readFile(path)
  } catch (thrown) {
    if (where === undefined && (thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ConfigError([
      { where: where ?? name, message: `"${name}": ${whyUnreadable(thrown)}` },
    ])
  }
  return fileLayer(text, name, cwd)
}

/** For each key what the first place says that says anything. */
function merge(layers: readonly Layer[]) {
  const value: Record<string, unknown> = {}
  const origins = new Map<string, Origin>()
  for (const { path } of serverKeys) {
    const names = path.split('.')
    const layer = layers.find((one) => valueAt(one.value, names) !== undefined)
    if (layer === undefined) {
      origins.set(path, { source: 'default', name: 'default' })
      continue
    }
    put(value, path, withAbsolutePaths(path, valueAt(layer.value, names), layer.folder))
    origins.set(path, { source: layer.source, name: layer.nameOf(names) })
  }
  return { value, origins }
}

function refuseUnbuilt(
  value: unknown,
  layers: readonly Layer[],
  wrongKeys: ReadonlySet<string>,
): readonly Problem[] {
  return unbuiltServerKeys.flatMap((unbuilt) => {
    const names = unbuilt.key.split('.')
    const asked = valueAt(value, names)
    const refused = wrongKeys.has(unbuilt.key) ? undefined : refusal(unbuilt, asked)
    if (refused === undefined) return []
    const layer = layers.find((one) => valueAt(one.value, names) !== undefined)!
    // as it was written, not as it was resolved
    const written = valueAt(layer.value, names)
    const shown = written === true ? '' : ` ${[written].flat().map(plainly).join(' ')}`
    return [{ where: `${layer.whereOf(names)}${shown}`, ...refused }]
  })
}

/** What each key allows, and all of them together do not. */
function findContradictions(
  config: ServerConfig,
  origins: ReadonlyMap<string, Origin>,
): readonly Problem[] {
  const problems: Problem[] = []
  const where = (key: string) => {
    const { source, name } = origins.get(key)!
    return source === 'flag' || source === 'environment' ? name : `${name}: ${key}`
  }
  if (config.name !== undefined && config.models.length !== 1) {
    problems.push({
      where: where('name'),
      message: `expected exactly one path to serve under this name, got ${config.models.length}`,
      hint: 'a model among several is named by "name" in its model.yaml',
    })
  }
  if (config.loadModels.length > 0 && config.modelControlMode !== 'explicit') {
    problems.push({
      where: where('loadModels'),
      message: 'models are loaded by name under explicit control',
      hint: 'add --model-control-mode explicit',
    })
  }
  const { mode, resources } = config.rateLimit
  if (mode === 'off' && Object.keys(resources).length > 0) {
    problems.push({
      where: where('rateLimit.resources'),
      message: 'resources are counted where the rate is limited',
      hint: 'add --rate-limit execution_count',
    })
  }
  if (config.modelMemory.evict && config.modelMemory.limitBytes === undefined) {
    problems.push({
      where: where('modelMemory.evict'),
      message: 'idle models make room where there is a limit',
      hint: 'add --model-memory with the memory for all models',
    })
  }
  const ports = ['http.port', 'grpc.port', 'metrics.port'] as const
  ports.forEach((key, at) => {
    const port = valueAt(config, key.split('.'))
    const taken = ports.slice(0, at).find((one) => valueAt(config, one.split('.')) === port)
    if (taken !== undefined && port !== 'off' && port !== 0) {
      problems.push({
        where: where(key),
        message: `port ${port} is already taken by ${taken}`,
        hint: 'choose another, 0 to pick a free one, or off',
      })
    }
  })
  return problems
}

const plainly = (value: unknown): string => (typeof value === 'string' ? value : show(value))

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
  EISDIR: 'it is a folder',
}
