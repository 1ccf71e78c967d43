/** Telling a `sluice.yaml` from a `model.yaml`: by its name, or by the keys it has. */
import { basename } from 'node:path'
import type { ConfigKind } from './json-schema.ts'
import { modelJsonSchema } from './load-model.ts'
import { serverJsonSchema } from './server-keys.ts'
import { readYaml } from './yaml-file.ts'

/** Undefined where neither the name nor the keys tell. Fails with a ConfigError for broken YAML. */
export function kindOfConfig(path: string, text: string): ConfigKind | undefined {
  const name = basename(path)
  if (/^model\.ya?ml$/.test(name)) return 'model'
  if (/^sluice\.ya?ml$/.test(name)) return 'server'
  const { value } = readYaml(text, path)
  if (typeof value !== 'object' || value === null) return undefined
  const known = (keys: object | undefined) =>
    Object.keys(value).filter((key) => Object.hasOwn(keys ?? {}, key)).length
  const server = known(serverJsonSchema.properties)
  const model = known(modelJsonSchema.properties)
  if (server === model) return undefined
  return server > model ? 'server' : 'model'
}
