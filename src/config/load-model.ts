/** Reads a `model.yaml`. */
import { explain, formatPath, valueAt } from './explain.ts'
import { deepFreeze } from './freeze.ts'
import { toJsonSchema } from './keys.ts'
import { type ReadFile, readTextFile, whyUnreadable } from './load.ts'
import { type ModelConfig, modelSchema } from './model.ts'
import { ConfigError, type Problem } from './problem.ts'
import { refusal, unbuiltModelKeys } from './unbuilt.ts'
import { readYaml } from './yaml-file.ts'

export const modelJsonSchema = toJsonSchema(modelSchema)

/** What a model is told when it has no file. */
export const defaultModelConfig: ModelConfig = deepFreeze(modelSchema.parse({}))

/** The frozen content of a file. Fails with a ConfigError that holds every problem. */
export function loadModelConfig(path: string, readFile: ReadFile = readTextFile): ModelConfig {
  let text: string
  try {
    text = readFile(path)
  } catch (thrown) {
    throw new ConfigError([{ where: path, message: whyUnreadable(thrown) }])
  }
  return parseModelConfig(text, path)
}

/** The same for a text that was read already; `name` is for messages. */
export function parseModelConfig(text: string, name: string): ModelConfig {
  const { value, lineOf } = readYaml(text, name)
  const whereOf = (at: readonly PropertyKey[]) => {
    const line = lineOf(at)
    const place = line === undefined ? name : `${name}:${line}`
    return at.length === 0 ? place : `${place}: ${formatPath(at)}`
  }
  const parsed = modelSchema.safeParse(value)
  const issues = parsed.error?.issues ?? []
  const problems: Problem[] = [...explain(issues, value, modelJsonSchema, whereOf)]
  for (const unbuilt of unbuiltModelKeys) {
    const wrong = issues.some((issue) => issue.path[0] === unbuilt.key)
    const refused = wrong ? undefined : refusal(unbuilt, valueAt(value, [unbuilt.key]))
    if (refused !== undefined) problems.push({ where: whereOf([unbuilt.key]), ...refused })
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  return deepFreeze(parsed.data)
}
