/** What a model's file is by its name. Only ONNX is built; the others are refused by name. */
import { basename, extname } from 'node:path'
import { fail, type ServingError } from '../../errors.ts'
import type { Entry } from './entries.ts'

/** Whether a file that lies in a folder of models is one by itself. */
export const isModelFile = (name: string): boolean => byEnding.has(extname(name))

/** The model among the entries of its own folder, ONNX before what is refused. */
export function modelAmong(entries: readonly Entry[]): Entry | undefined {
  const models = entries.filter(({ name }) => isModelOfFolder(name))
  return models.find(({ name }) => name === 'model.onnx') ?? models[0]
}

/** The only `.onnx` there is, whatever its name. */
export function onlyOnnxAmong(entries: readonly Entry[]): Entry | undefined {
  const files = entries.filter(({ name }) => extname(name) === '.onnx')
  return files.length === 1 ? files[0] : undefined
}

/** Why what is so named cannot be served yet; undefined for ONNX and what is not known. */
export function refuseFormat(name: string): ServingError | undefined {
  const format = byName.get(name) ?? byEnding.get(extname(name))
  if (format === undefined || format === ONNX) return undefined
  return fail('NOT_BUILT', { what: `serving ${format} models` })
}

const isModelOfFolder = (name: string): boolean =>
  byName.has(name) || (basename(name, extname(name)) === 'model' && isModelFile(name))

const ONNX = 'ONNX'

const byEnding: ReadonlyMap<string, string> = new Map([
  ['.onnx', ONNX],
  ['.joblib', 'scikit-learn'],
  ['.pkl', 'scikit-learn'],
  ['.skops', 'scikit-learn'],
  ['.ubj', 'XGBoost'],
  ['.bst', 'XGBoost'],
  ['.cbm', 'CatBoost'],
  ['.pt', 'PyTorch'],
  ['.pt2', 'PyTorch'],
  ['.pth', 'PyTorch'],
  ['.keras', 'Keras'],
])

/** In a folder of its own: elsewhere these endings are for anything. */
const byName: ReadonlyMap<string, string> = new Map([
  ['model.json', 'XGBoost'],
  ['model.txt', 'LightGBM'],
  ['model.py', 'Python'],
  ['model.ts', 'JavaScript'],
  ['model.js', 'JavaScript'],
  ['model.mjs', 'JavaScript'],
  ['model.savedmodel', 'TensorFlow'],
  ['saved_model.pb', 'TensorFlow'],
  ['model.graphdef', 'TensorFlow'],
  ['model.plan', 'TensorRT'],
  ['model.xml', 'OpenVINO'],
  ['MLmodel', 'MLflow'],
])
