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
  sliceRows,
  type Tensor,
  tensorToJson,
} from '../../tensor/index.ts'

export interface PlainAnswer {
  readonly signature: Signature
  readonly response: InferenceResponse
  readonly oneRow: boolean
  readonly latencyMs: number
}

export function encodeAnswer({ signature, response, oneRow, latencyMs }: PlainAnswer): string {
  const outputs = new Map(response.outputs.map(({ name, tensor }) => [name, tensor]))
  const parts =
    signature.task === undefined ? undefined : answerTask(signature.task, outputs, oneRow)
  const members = parts ?? [`"outputs":{${tensors(outputs, oneRow)}}`]
  members.push(`"model_version":${JSON.stringify(response.version)}`)
  members.push(`"latency_ms":${Math.round(latencyMs * 1000) / 1000}`)
  return `{${members.join(',')}}`
}

/** Undefined when the outputs are not what the task promises: then they are shown as they are. */
function answerTask(
  task: Task,
  outputs: ReadonlyMap<string, Tensor>,
  oneRow: boolean,
): string[] | undefined {
  if (task.kind === 'regressor') {
    const tensor = outputs.get(task.output)
    if (tensor === undefined) return undefined
    const predictions = elementsOf(tensor)
    return [`"prediction":${rowsToJson(predictions, oneRow)}`]
  }
  const scores = task.scoreOutput === undefined ? undefined : outputs.get(task.scoreOutput)
  const label = task.labelOutput === undefined ? undefined : outputs.get(task.labelOutput)
  const predictions =
    label !== undefined ? labelsOf(task, label) : scores && likeliest(task, scores)
  if (predictions === undefined) return undefined
  const members = [`"prediction":${rowsToJson(predictions, oneRow)}`]
  if (scores !== undefined) members.push(`"probability":${tensorOrRow(scores, oneRow)}`)
  return members
}

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

function tensors(outputs: ReadonlyMap<string, Tensor>, oneRow: boolean): string {
  const members = [...outputs].map(
    ([name, tensor]) => `${JSON.stringify(name)}:${tensorOrRow(tensor, oneRow)}`,
  )
  return members.join(',')
}

function tensorOrRow(tensor: Tensor, oneRow: boolean): string {
  if (!oneRow || tensor.shape[0] !== 1) return tensorToJson(tensor)
  const row = sliceRows(tensor, 0, 1)
  return tensorToJson({ ...row, shape: row.shape.slice(1) })
}
