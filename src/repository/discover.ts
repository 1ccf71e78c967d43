/**
 * Finds models on disk, without loading them: a model file, a model's folder, or a folder of both.
 *
 * A file serves under its stem, a folder under its own name or the `name` in its `model.yaml`. A
 * model's folder holds its file, or folders of versions named by whole numbers, of which the newest
 * is taken. What is there and cannot be served is found too, with the reason.
 */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import {
  ConfigError,
  defaultModelConfig,
  formatProblem,
  loadModelConfig,
  type ModelConfig,
  whyUnreadable,
} from '../config/index.ts'
import { fail, ServingError } from '../errors.ts'
import type { ModelSource } from '../model-source.ts'

export interface FoundModel {
  readonly name: string
  readonly version: string
  /** What to load, or why it cannot be. */
  readonly source: ModelSource | ServingError
}

/**
 * `name` is for the only path. A name that is found twice is refused the second time, under a name
 * that no model can have, so that the first is served.
 */
export async function discover(
  paths: readonly string[],
  name?: string,
): Promise<readonly FoundModel[]> {
  const found = (await Promise.all(paths.map((path) => discoverPath(path)))).flat()
  if (name !== undefined && found.length > 1) {
    throw fail('MODEL_UNSUPPORTED', {
      problem: `--name is for one model, and ${found.length} were found`,
      hint: 'name each in its model.yaml, or leave --name out',
    })
  }
  const renamed = name === undefined || found.length === 0 ? found : [rename(found[0]!, name)]
  const named = renamed.map(refuseName)
  return named.map((model, index) => {
    const first = named.findIndex((other) => other.name === model.name)
    if (first === index) return model
    const { name, version } = model
    const before = named.slice(0, index).filter((other) => other.name === name).length
    const problem = `another model has the name "${name}" already`
    const hint = 'set name in model.yaml, or rename the file'
    const source = fail('MODEL_UNSUPPORTED', { problem, hint })
    return { name: `${name}#${before + 1}`, version, source }
  })
}

async function discoverPath(path: string): Promise<readonly FoundModel[]> {
  const entry = await statOrWhy(path)
  if (typeof entry === 'string') {
    return [{ ...nameless(path), source: unreadable(`${basename(path)}: ${entry}`) }]
  }
  if (!entry.isDirectory()) return [fileModel(path)]
  const names = await readdir(path).catch(whyUnreadable)
  if (typeof names === 'string') return [unreadableFolder(path, names)]
  if (isModelFolder(names)) return [await readFolder(path)]

  const models: FoundModel[] = []
  for (const name of names.sort()) {
    if (name.startsWith('.')) continue
    const inner = join(path, name)
    const found = await statOrWhy(inner)
    if (typeof found === 'string') {
      models.push({ ...nameless(inner), source: unreadable(`${name}: ${found}`) })
    } else if (found.isDirectory()) {
      models.push(await readFolder(inner))
    } else if (extname(name) in FORMATS) {
      models.push(fileModel(inner))
    }
  }
  return models
}

async function readFolder(path: string): Promise<FoundModel> {
  try {
    return await folderModel(path, await readdir(path))
  } catch (thrown) {
    return unreadableFolder(path, whyUnreadable(thrown))
  }
}

function unreadableFolder(path: string, why: string): FoundModel {
  return { ...nameless(path), source: unreadable(`${basename(path)}: ${why}`) }
}

function fileModel(path: string): FoundModel {
  const { name, version } = nameless(path)
  const source = sourceOf(name, version, path, defaultModelConfig)
  return { name, version, source }
}

async function folderModel(path: string, names: readonly string[]): Promise<FoundModel> {
  const folder = basename(path)
  let config: ModelConfig
  try {
    config = names.includes(CONFIG) ? loadModelConfig(join(path, CONFIG)) : defaultModelConfig
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    const text = thrown.problems.map((problem) => formatProblem(problem)).join('; ')
    return { name: folder, version: '1', source: unreadable(text.replaceAll(`${path}/`, '')) }
  }
  const name = config.name ?? folder
  const newest = names
    .filter((entry) => VERSION.test(entry))
    .sort((a, b) => Number(b) - Number(a))[0]
  const version = newest ?? '1'
  const home = newest === undefined ? path : join(path, newest)
  const file = newest === undefined ? modelFile(names) : modelFile(await readdir(home))
  if (file === undefined) {
    const where = newest === undefined ? folder : `${folder}/${newest}`
    return {
      name,
      version,
      source: unreadable(`${where} holds no model file, expected model.onnx`),
    }
  }
  return { name, version, source: sourceOf(name, version, join(home, file), config) }
}

function sourceOf(
  name: string,
  version: string,
  path: string,
  config: ModelConfig,
): ModelSource | ServingError {
  const format = FORMATS[extname(path)]
  if (format !== undefined && format !== 'ONNX') {
    return fail('NOT_BUILT', { what: `serving ${format} models` })
  }
  return { name, version, folder: dirname(path), path, config }
}

function rename(model: FoundModel, name: string): FoundModel {
  const { source } = model
  return { ...model, name, source: source instanceof ServingError ? source : { ...source, name } }
}

function refuseName(model: FoundModel): FoundModel {
  if (NAME.test(model.name) || model.source instanceof ServingError) return model
  const source = fail('MODEL_UNSUPPORTED', {
    problem: `the name ${JSON.stringify(model.name.slice(0, 100))} cannot be served`,
    hint: 'expected up to 128 letters, digits, dots, underscores and hyphens; set name in model.yaml, or give --name',
  })
  return { ...model, source }
}

const nameless = (path: string) => ({ name: basename(path, extname(path)), version: '1' })

const unreadable = (problem: string) => fail('MODEL_UNREADABLE', { problem })

const isModelFolder = (names: readonly string[]): boolean =>
  names.includes(CONFIG) ||
  modelFile(names) !== undefined ||
  names.some((name) => VERSION.test(name))

/** `model.onnx`, or another file by the name `model`. */
const modelFile = (names: readonly string[]): string | undefined =>
  names.find((name) => basename(name, extname(name)) === 'model' && extname(name) in FORMATS)

async function statOrWhy(path: string) {
  try {
    return await stat(path)
  } catch (thrown) {
    return whyUnreadable(thrown)
  }
}

const CONFIG = 'model.yaml'
const VERSION = /^[1-9]\d{0,17}$/
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** What a file is by its ending. Only ONNX is built; the others are refused by name. */
const FORMATS: Readonly<Record<string, string>> = {
  '.onnx': 'ONNX',
  '.joblib': 'scikit-learn',
  '.pkl': 'scikit-learn',
  '.skops': 'scikit-learn',
  '.ubj': 'XGBoost',
  '.cbm': 'CatBoost',
  '.pt': 'PyTorch',
  '.pt2': 'PyTorch',
  '.keras': 'Keras',
}
