/**
 * Plain answers: `prediction` and `probability` of a classifier, `prediction` of a regressor,
 * `outputs` of anything else. One row in, one row out.
 */
import type { InferenceResponse } from '../../predictor.ts'
import type { Signature, Task } from '../../signature.ts'
import {
  bf16ToNumber,
  elementToJson,
  fp16ToNumber,
  type NamedTensor,
  type Tensor,
  tensorToJson,
} from '../../tensor/index.ts'
import { quotedName } from '../json/index.ts'

export interface PlainAnswer {
  readonly signature: Signature
  readonly response: InferenceResponse
  readonly oneRow: boolean
  readonly latencyMs: number
}

export function encodeAnswer({ signature, response, oneRow, latencyMs }: PlainAnswer): string {
  const { outputs, version } = response
  const { task } = signature
  const answer =
    (task && answerTask(task, outputs, oneRow)) ?? `"outputs":{${tensors(outputs, oneRow)}}`
  const latency = Math.round(latencyMs * 1000) / 1000
  return `{${answer},"model_version":${quotedName(version)},"latency_ms":${latency}}`
}

/** Undefined when the outputs are not what the task promises: then they are shown as they are. */
function answerTask(
  task: Task,
  outputs: readonly NamedTensor[],
  oneRow: boolean,
): string | undefined {
  if (task.kind === 'regressor') {
    const tensor = outputOf(outputs, task.output)
    return tensor && `"prediction":${rowsToJson(elementsOf(tensor), oneRow)}`
  }
  const scores = outputOf(outputs, task.scoreOutput)
  const label = outputOf(outputs, task.labelOutput)
  const predictions =
    label !== undefined ? labelsOf(task, label) : scores && likeliest(task, scores)
  if (predictions === undefined) return undefined
  const prediction = `"prediction":${rowsToJson(predictions, oneRow)}`
  return scores === undefined
    ? prediction
    : `${prediction},"probability":${tensorOrRow(scores, oneRow)}`
}

const outputOf = (outputs: readonly NamedTensor[], wanted: string | undefined) =>
  outputs.find(({ name }) => name === wanted)?.tensor

/** The label of each row, by its name where it has one. */
function labelsOf({ labels, classes }: ClassifierTask, label: Tensor): readonly string[] {
  const values = elementsOf(label)
  if (labels === undefined) return values
  const known = classes?.map((value) => JSON.stringify(value))
  return values.map((value) => {
    const name = labels[known === undefined ? Number(value) : known.indexOf(value)]
    return name === undefined ? value : JSON.stringify(name)
  })
}

const elementsOf = (tensor: Tensor): readonly string[] =>
  Array.from({ length: tensor.data.length }, (_, index) => elementToJson(tensor, index))

/** The class with the highest score of each row. Undefined where there is not one for each class. */
function likeliest({ labels }: ClassifierTask, scores: Tensor): readonly string[] | undefined {
  const [rows = 0, classes = 0] = scores.shape
  if (scores.shape.length !== 2 || classes === 0) return undefined
  if (labels !== undefined && labels.length !== classes) return undefined
  const score = scoreReader(scores)
  return Array.from({ length: rows }, (_, row) => {
    let best = 0
    for (let place = 1; place < classes; place++) {
      const offset = row * classes
      if (score(offset + place) > score(offset + best)) best = place
    }
    return JSON.stringify(labels?.[best] ?? best)
  })
}

function scoreReader({ datatype, data }: Tensor): (index: number) => number {
  if (datatype === 'FP16') return (index) => fp16ToNumber(data[index] as number)
  if (datatype === 'BF16') return (index) => bf16ToNumber(data[index] as number)
  return (index) => Number(data[index])
}

type ClassifierTask = Extract<Task, { kind: 'classifier' }>

const rowsToJson = (rows: readonly string[], oneRow: boolean): string =>
  oneRow && rows.length === 1 ? rows[0]! : `[${rows.join(',')}]`

function tensors(outputs: readonly NamedTensor[], oneRow: boolean): string {
  let text = ''
  for (const { name, tensor } of outputs) {
    text += `${text === '' ? '' : ','}${quotedName(name)}:${tensorOrRow(tensor, oneRow)}`
  }
  return text
}

function tensorOrRow(tensor: Tensor, oneRow: boolean): string {
  if (!oneRow || tensor.shape[0] !== 1) return tensorToJson(tensor)
  // the only row has the elements of all of them
  return tensorToJson({ ...tensor, shape: tensor.shape.slice(1) })
}
