/** The list of models of TensorFlow Serving: `--model-config-file`. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail, type ServingError } from '../../errors.ts'
import { layeredModelConfig, type ModelConfigLayer } from '../load-model.ts'
import { ConfigError, type Problem } from '../problem.ts'
import { type ModelConfig, ModelServerConfigSchema } from './generated/server_files_pb.ts'
import { readMessage } from './read.ts'

/** A model that is served by a list, from a folder of versions. */
export interface ListedModel {
  readonly name: string
  /** Absolute. */
  readonly basePath: string
  /** Its version policy and labels. */
  readonly layer: ModelConfigLayer
  readonly warnings: readonly string[]
  /** Why it cannot be served from there. */
  readonly refusal?: ServingError
}

/**
 * A relative `base_path` starts from `folder`, that of the file, whose name is for messages. Fails
 * with a ConfigError that holds every problem.
 */
export function parseModelList(text: string, name: string, folder: string): readonly ListedModel[] {
  if (/^\s*custom_model_config\b/.test(withoutComments(text))) {
    const message = 'custom_model_config is not understood, expected a model_config_list'
    throw new ConfigError([{ where: name, message }])
  }
  const { config } = readMessage(ModelServerConfigSchema, text, name)
  if (config.case !== 'modelConfigList') {
    // written in place, it is empty for a moment
    throw new ConfigError([{ where: name, message: 'expected a model_config_list, got nothing' }])
  }
  const listed = config.value.config
  const problems = listed.flatMap((model, at) => problemsOf(model, at, listed, name))
  if (problems.length > 0) throw new ConfigError(problems)
  return listed.map((model) => listedModel(model, name, folder))
}

function listedModel(model: ModelConfig, file: string, folder: string): ListedModel {
  const { name, basePath, modelPlatform } = model
  const local = basePath.startsWith('file://') ? fileURLToPath(basePath) : basePath
  const refusal = refusalOf(local, modelPlatform)
  return {
    name,
    basePath: resolve(folder, local),
    layer: layerOf(model, file),
    warnings: warningsOf(model, file),
    ...(refusal === undefined ? {} : { refusal }),
  }
}

function layerOf({ name, modelVersionPolicy, versionLabels }: ModelConfig, file: string) {
  const labels = Object.entries(versionLabels).map(([label, version]) => [label, Number(version)])
  const versions = policyOf(modelVersionPolicy?.policyChoice)
  return {
    name: `${file}: "${name}"`,
    value: {
      ...(labels.length > 0 && { versionLabels: Object.fromEntries(labels) }),
      ...(versions !== undefined && { versions }),
    },
  }
}

type PolicyChoice = NonNullable<ModelConfig['modelVersionPolicy']>['policyChoice']

function policyOf(choice: PolicyChoice | undefined) {
  switch (choice?.case) {
    case 'latest':
      return { latest: choice.value.numVersions || 1 }
    case 'all':
      return { all: true }
    case 'specific':
      return { specific: choice.value.versions.map(Number) }
    default:
      return undefined
  }
}

function problemsOf(
  model: ModelConfig,
  at: number,
  listed: readonly ModelConfig[],
  file: string,
): readonly Problem[] {
  const { name, basePath } = model
  const where = `${file}: "${name}"`
  const problems: Problem[] = []
  if (listed.findIndex((one) => one.name === name) < at) {
    problems.push({ where, message: 'expected each name once, this one is listed above' })
  }
  if (basePath.includes('\0')) problems.push({ where, message: 'expected a base_path without NUL' })
  if (basePath === '') problems.push({ where, message: 'expected a base_path' })
  if (/^file:\/\//.test(basePath) && !isFileUrl(basePath)) {
    problems.push({ where, message: `expected a base_path on this machine, got "${basePath}"` })
  }
  const { value } = layerOf(model, file)
  try {
    layeredModelConfig([{ name: where, value: { ...value, name } }])
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    problems.push(...thrown.problems)
  }
  return problems
}

function refusalOf(path: string, platform: string): ServingError | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(path)?.[1]
  if (scheme !== undefined) return fail('NOT_BUILT', { what: `fetching models from ${scheme}://` })
  if (platforms.includes(platform)) return undefined
  return fail('NOT_BUILT', { what: `serving models of platform "${platform}"` })
}

function warningsOf({ name, loggingConfig, modelType }: ModelConfig, file: string) {
  const ignored = [
    ...(loggingConfig === undefined ? [] : ['logging_config']),
    ...(modelType === 0 ? [] : ['model_type']),
  ]
  return ignored.length === 0 ? [] : [`${file}: "${name}": no effect here: ${ignored.join(', ')}`]
}

function isFileUrl(text: string): boolean {
  try {
    fileURLToPath(text)
    return true
  } catch {
    return false
  }
}

const withoutComments = (text: string): string => text.replaceAll(/^\s*#.*$/gm, '')

/** What its files are decides; TensorFlow Serving asks for a word in any case, mostly this one. */
const platforms: readonly string[] = ['', 'tensorflow', 'onnx', 'onnxruntime_onnx']
