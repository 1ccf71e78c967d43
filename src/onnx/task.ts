/** Telling a classifier or a regressor by its outputs, as converters of scikit-learn shape them. */
import type { Signature, Task, TensorSpec } from '../signature.ts'
import { dynamic, isFloat } from '../tensor/index.ts'
import type { NodeOutline } from './generated/onnx-outline_pb.ts'
import { mainGraph, producersOf } from './graph.ts'
import { labelsBehind } from './labels.ts'
import { domainName } from './limits.ts'
import type { ClassLabels, OnnxModel } from './model.ts'
import { withoutZipMap } from './zipmap.ts'

/**
 * What the outputs of a model answer; undefined where they do not tell.
 * - a label a row and one tensor of scores [rows, classes]: a classifier
 * - nothing but scores [rows, classes] out of a Softmax: a classifier
 * - nothing but one float a row: a regressor
 */
export function taskOf(given: OnnxModel, signature: Signature): Task | undefined {
  const model = withoutZipMap(given) ?? given
  const { outputs } = signature
  const labels = outputs.filter(isLabel)
  const floats = outputs.filter(({ datatype }) => isFloat(datatype))
  const [label] = labels
  const [scores] = floats
  if (scores === undefined || floats.length > 1) return undefined

  if (label !== undefined && labels.length === 1 && scores.shape.length === 2) {
    const names = labelsOf(model, scores, label)
    return {
      kind: 'classifier',
      labelOutput: label.name,
      scoreOutput: scores.name,
      ...(names === undefined ? {} : { labels: names }),
    }
  }
  if (outputs.length > 1) return undefined
  if (scores.shape.length === 2 && scores.shape[1] !== 1 && fromSoftmax(model, scores.name)) {
    const names = labelsOf(model, scores)
    return {
      kind: 'classifier',
      scoreOutput: scores.name,
      ...(names === undefined ? {} : { labels: names }),
    }
  }
  return isColumn(scores) ? { kind: 'regressor', output: scores.name } : undefined
}

const isLabel = (spec: TensorSpec): boolean =>
  (spec.datatype === 'INT64' || spec.datatype === 'BYTES') && isColumn(spec)

/** One value a row: [rows] or [rows, 1]. */
const isColumn = ({ shape }: TensorSpec): boolean =>
  shape.length === 1 || (shape.length === 2 && shape[1] === 1)

function labelsOf(model: OnnxModel, scores: TensorSpec, label?: TensorSpec) {
  const size = scores.shape[1]
  const classes = size === undefined || size === dynamic ? undefined : size
  const found = (labels: ClassLabels | undefined) =>
    labels === undefined || labels.length === 0 ? undefined : labels
  return (
    found(model.zipMapLabels?.get(scores.name)) ??
    (label && found(labelsBehind(model, label.name, classes))) ??
    found(labelsBehind(model, scores.name, classes))
  )
}

const transparent = new Set(['Identity', 'Cast', 'Reshape'])

function fromSoftmax(model: OnnxModel, output: string): boolean {
  const producers = producersOf(mainGraph(model))
  const seen = new Set<NodeOutline>()
  let node = producers.get(output)
  while (node !== undefined && !seen.has(node) && domainName(node.domain) === '') {
    if (node.opType === 'Softmax') return true
    if (!transparent.has(node.opType)) return false
    seen.add(node)
    node = producers.get(node.input[0] ?? '')
  }
  return false
}
