/** Reads what configures a model: a `model.yaml`, alone or over what files of other systems say. */
import { explain, formatPath, valueAt } from './explain.ts'
import { deepFreeze } from './freeze.ts'
import { toJsonSchema } from './keys.ts'
import { layOver } from './load-model-layers.ts'
import { type ModelConfig, modelSchema } from './model.ts'
import { ConfigError, type Problem } from './problem.ts'
import { refusal, unbuiltModelKeys } from './unbuilt.ts'
import { readYaml } from './yaml-file.ts'

export const modelJsonSchema = toJsonSchema(modelSchema)

/** What a model is told when it has no file. */
export const defaultModelConfig: ModelConfig = deepFreeze(modelSchema.parse({}))

/** What a file says of a model, as it would be written in a `model.yaml`. */
export interface ModelConfigLayer {
  /** The file, for messages. */
  readonly name: string
  readonly value: unknown
  /** The line of a key, where the file has lines. */
  readonly lineOf?: (path: readonly PropertyKey[]) => number | undefined
}

/** The text of a `model.yaml`, frozen; `name` is for messages. Fails with a ConfigError that holds every problem. */
export const parseModelConfig = (text: string, name: string): ModelConfig =>
  layeredModelConfig([modelYamlLayer(text, name)])

/** The text of a `model.yaml` as a layer. Fails with a ConfigError where it is no YAML. */
export const modelYamlLayer = (text: string, name: string): ModelConfigLayer => ({
  name,
  ...readYaml(text, name),
})

/**
 * Layers as one, the first weakest: key by key, tensors by their names. Each must hold by itself,
 * so that what is wrong is told with its own file and line. Fails with a ConfigError.
 */
export function layeredModelConfig(layers: readonly ModelConfigLayer[]): ModelConfig {
  if (layers.length === 0) return defaultModelConfig
  const problems = layers.flatMap(problemsOf)
  if (problems.length > 0) throw new ConfigError(problems)
  const merged = layers.map(({ value }) => value).reduce(layOver)
  const parsed = modelSchema.safeParse(merged)
  if (parsed.success) return deepFreeze(parsed.data)
  const together = layers.map(({ name }) => name).join(' with ')
  const where = (at: readonly PropertyKey[]) => `${together}: ${formatPath(at)}`
  throw new ConfigError(explain(parsed.error.issues, merged, modelJsonSchema, where))
}

function problemsOf({ name, value, lineOf }: ModelConfigLayer): readonly Problem[] {
  const whereOf = (at: readonly PropertyKey[]) => {
    const line = lineOf?.(at)
    const place = line === undefined ? name : `${name}:${line}`
    return at.length === 0 ? place : `${place}: ${formatPath(at)}`
  }
  const issues = modelSchema.safeParse(value).error?.issues ?? []
  const problems: Problem[] = [...explain(issues, value, modelJsonSchema, whereOf)]
  for (const unbuilt of unbuiltModelKeys) {
    const names = unbuilt.key.split('.')
    const wrong = issues.some((issue) => issue.path[0] === names[0])
    const refused = wrong ? undefined : refusal(unbuilt, valueAt(value, names))
    if (refused !== undefined) problems.push({ where: whereOf(names), ...refused })
  }
  return problems
}
