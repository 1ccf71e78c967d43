/** What is asked: the models that `models.py` builds, and their inputs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Workload {
  readonly id: string
  readonly model: string
  readonly input: string
  readonly output: string
  readonly datatype: 'FP32' | 'INT64'
  /** Of one request: always one row. */
  readonly shape: readonly number[]
  /** The bars of issue and documentation; none where the figure is only recorded. */
  readonly bars: { readonly oneClientMs?: number; readonly rate?: number; readonly cpu?: number }
}

export const workloads = {
  W1: {
    id: 'W1',
    model: 'mlp',
    input: 'features',
    output: 'probabilities',
    datatype: 'FP32',
    shape: [1, 32],
    bars: {},
  },
  W2b: {
    id: 'W2b',
    model: 'squeezenet',
    input: 'data_0',
    output: 'softmaxout_1',
    datatype: 'FP32',
    shape: [1, 3, 224, 224],
    bars: { rate: 0.95, cpu: 1.15 },
  },
  W3: {
    id: 'W3',
    model: 'encoder',
    input: 'input_ids',
    output: 'embedding',
    datatype: 'INT64',
    shape: [1, 32],
    bars: { oneClientMs: 0.3, rate: 0.95, cpu: 1.05 },
  },
  W3s: {
    id: 'W3s',
    model: 'encoder8',
    input: 'input_ids',
    output: 'embedding',
    datatype: 'INT64',
    shape: [1, 8],
    bars: {},
  },
  W3l: {
    id: 'W3l',
    model: 'encoder128',
    input: 'input_ids',
    output: 'embedding',
    datatype: 'INT64',
    shape: [1, 128],
    bars: {},
  },
  tiny: {
    id: 'tiny',
    model: 'tiny',
    input: 'x',
    output: 'y',
    datatype: 'FP32',
    shape: [1, 30],
    bars: {},
  },
  cnn: {
    id: 'cnn',
    model: 'cnn',
    input: 'x',
    output: 'y',
    datatype: 'FP32',
    shape: [1, 3, 224, 224],
    bars: { rate: 0.85, cpu: 1.12 },
  },
  encoder64: {
    id: 'encoder64',
    model: 'encoder64',
    input: 'input_ids',
    output: 'embedding',
    datatype: 'INT64',
    shape: [1, 64],
    bars: { rate: 0.95 },
  },
} as const satisfies Record<string, Workload>

export const modelsFolder = join(import.meta.dirname, 'models')
export const modelPath = (workload: Workload) => join(modelsFolder, `${workload.model}.onnx`)
export const inputsPath = (workload: Workload) => join(modelsFolder, `${workload.model}.inputs`)

/** The different inputs, each the raw elements of one request. */
export function inputsOf(workload: Workload): readonly Buffer[] {
  const all = readFileSync(inputsPath(workload))
  const size = workload.shape.reduce((a, b) => a * b, 1) * (workload.datatype === 'INT64' ? 8 : 4)
  return Array.from({ length: all.byteLength / size }, (_, i) =>
    all.subarray(i * size, (i + 1) * size),
  )
}
