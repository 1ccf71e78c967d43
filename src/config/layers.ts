/**
 * The places that say something of a server's configuration: flags, environment, file. A layer
 * holds what its place says, as the schema would have it, and knows where each key was said.
 */
import { delimiter, dirname, resolve } from 'node:path'
import { formatPath } from './explain.ts'
import { longName, optionName, serveFlags } from './flags.ts'
import { takes, variableOf } from './keys.ts'
import { pathKeys } from './server.ts'
import { serverKeys } from './server-keys.ts'
import { nearest } from './suggest.ts'
import { valueOfText } from './text.ts'
import { readYaml } from './yaml-file.ts'

export interface Layer {
  readonly source: Exclude<Origin['source'], 'default'>
  readonly value: unknown
  /** The folder that relative paths of this layer start from. */
  readonly folder: string
  /** The flag, the variable, or the file and line. */
  nameOf(path: readonly PropertyKey[]): string
  /** The same for a message, with what a person needs to find the key and read its value. */
  whereOf(path: readonly PropertyKey[]): string
}

/** Where the value of a key comes from. */
export interface Origin {
  readonly source: 'flag' | 'environment' | 'file' | 'default'
  /** `--http-port`, `SLUICE_HTTP_PORT`, `sluice.yaml:3`; `default` for a default. */
  readonly name: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** What was given on the command line: the paths, and the options as commander names them. */
export function flagLayer(
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
  cwd: string,
): Layer {
  const value: Record<string, unknown> = {}
  if (args.length > 0) value.models = [...args]
  for (const flag of serveFlags) {
    const given = options[optionName(flag)]
    const key = serverKeys.find(({ path }) => path === flag.key)
    if (given === undefined || key === undefined) continue
    put(value, flag.key, flagValue(given, flag.seconds, key.schema))
  }
  const flagAt = (path: readonly PropertyKey[]) => serveFlags.find(({ key }) => key === keyOf(path))
  const nameOf = (path: readonly PropertyKey[]) => {
    const flag = flagAt(path)
    return flag === undefined ? 'PATH' : longName(flag)
  }
  const whereOf = (path: readonly PropertyKey[]) =>
    flagAt(path)?.seconds ? `${nameOf(path)} (in milliseconds)` : nameOf(path)
  return { source: 'flag', value, folder: cwd, nameOf, whereOf }
}

/** What `SLUICE_…` variables say, and warnings about those that mean nothing. */
export function environmentLayer(
  env: Environment,
  cwd: string,
): { readonly layer: Layer; readonly warnings: readonly string[] } {
  const value: Record<string, unknown> = {}
  const warnings: string[] = []
  const known = new Map(serverKeys.map((key) => [variableOf(key.path), key]))
  for (const [name, text] of Object.entries(env)) {
    // compose files and charts write an empty variable for one that is not set
    if (!name.startsWith('SLUICE_') || text === undefined || text === '') continue
    const key = known.get(name)
    if (serviceLink.test(text)) {
      if (key !== undefined) {
        warnings.push(`${name} is ignored: "${text}" is what Kubernetes sets for a service`)
      }
    } else if (key !== undefined) {
      const separator = key.path === 'models' ? delimiter : ','
      put(value, key.path, valueOfText(text, key.schema, separator))
    } else if (!elsewhere.test(name)) {
      const near = nearest(name, [...known.keys(), 'SLUICE_CONFIG', 'SLUICE_ADMIN_TOKEN'])
      const hint = near === undefined ? '' : `; did you mean ${near}?`
      warnings.push(`${name} is ignored: there is no such variable${hint}`)
    }
  }
  const nameOf = (path: readonly PropertyKey[]) => variableOf(keyOf(path))
  return { layer: { source: 'environment', value, folder: cwd, nameOf, whereOf: nameOf }, warnings }
}

/** What a file says. `name` is how it was called, for messages. Fails with a ConfigError. */
export function fileLayer(text: string, name: string, cwd: string): Layer {
  const { value, lineOf } = readYaml(text, name)
  const nameOf = (path: readonly PropertyKey[]) => {
    const line = lineOf(path)
    return line === undefined ? name : `${name}:${line}`
  }
  const whereOf = (path: readonly PropertyKey[]) =>
    path.length === 0 ? name : `${nameOf(path)}: ${formatPath(path)}`
  return { source: 'file', value, folder: dirname(resolve(cwd, name)), nameOf, whereOf }
}

/** A value of a key, with its paths made absolute. What is no path is left for the schema to refuse. */
export function withAbsolutePaths(key: string, value: unknown, folder: string): unknown {
  if (!pathKeys.includes(key) || value === 'off') return value
  const absolute = (path: unknown) => (typeof path === 'string' ? resolve(folder, path) : path)
  return Array.isArray(value) ? value.map(absolute) : absolute(value)
}

/** Sets a key given as `http.port` inside an object. */
export function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.')
  const last = names.pop()!
  let inner = target
  for (const name of names) {
    inner[name] ??= {}
    inner = inner[name] as Record<string, unknown>
  }
  inner[last] = value
}

/** The key that a place lies in: an item of a list belongs to its list. */
export const keyOf = (path: readonly PropertyKey[]): string =>
  path.filter((name) => typeof name !== 'number').join('.')

function flagValue(given: unknown, seconds: boolean, schema: (typeof serverKeys)[0]['schema']) {
  if (takes(schema, 'array')) return Array.isArray(given) ? given : [given]
  const value = typeof given === 'string' ? valueOfText(given, schema) : given
  return seconds && typeof value === 'number' ? Math.round(value * 1000) : value
}

// a service named "sluice-http" makes Kubernetes set SLUICE_HTTP_PORT=tcp://10.0.0.7:8000
const serviceLink = /^(tcp|udp|sctp):\/\//

// read by other commands, by the tests, or set by Kubernetes beside a service link
const elsewhere =
  /^SLUICE_(CONFIG|ADMIN_TOKEN|URL|TEST_.*|(.*_)?SERVICE_(HOST|PORT)(_.*)?|(.*_)?PORT_\d+_.*)$/
