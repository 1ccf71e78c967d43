/**
 * Taking ZipMap out of a model. Converters of scikit-learn end a classifier with it: it turns the
 * scores [batch, classes] into a list of dictionaries, which no protocol carries. Without it the
 * output of the same name is the scores themselves, and the labels are kept beside the model.
 *
 * An Identity takes its place, so that the scores keep their own name wherever else they are used.
 */
import { create } from '@bufbuild/protobuf'
import { dynamic } from '../tensor/index.ts'
import { changedCopy } from './changed-copy.ts'
import type { ValueInfoProto } from './generated/onnx-ml_pb.ts'
import { type NodeOutline, NodeOutlineSchema } from './generated/onnx-outline_pb.ts'
import { mainGraph } from './graph.ts'
import { classLabelsOf } from './labels.ts'
import type { ClassLabels, OnnxModel } from './model.ts'
import { tensorInfo } from './value-info.ts'

/** The model without those ZipMaps that make an output; undefined where there are none. */
export function withoutZipMap(model: OnnxModel): OnnxModel | undefined {
  const graph = mainGraph(model)
  const used = new Set(graph.node.flatMap(({ input }) => input))
  const labels = new Map<string, ClassLabels>()
  const outputs = new Set(graph.output.map(({ name }) => name))

  const node = graph.node.map((old) => {
    const [scores] = old.input
    const [output] = old.output
    const gone =
      isZipMap(old) &&
      scores !== undefined &&
      output !== undefined &&
      outputs.has(output) &&
      !used.has(output)
    if (!gone) return old
    labels.set(output, classLabelsOf(model, old) ?? [])
    return create(NodeOutlineSchema, {
      opType: 'Identity',
      name: old.name,
      input: [scores],
      output: [output],
    })
  })
  if (labels.size === 0) return undefined

  const changed = changedCopy(graph, {
    node,
    output: graph.output.map((info) => scoresInfo(info, labels.get(info.name))),
    valueInfo: graph.valueInfo.filter(({ name }) => !labels.has(name)),
  })
  return { ...model, proto: changedCopy(model.proto, { graph: changed }), zipMapLabels: labels }
}

const isZipMap = ({ domain, opType }: NodeOutline) => domain === 'ai.onnx.ml' && opType === 'ZipMap'

function scoresInfo(old: ValueInfoProto, labels: ClassLabels | undefined): ValueInfoProto {
  if (labels === undefined) return old
  const classes = labels.length === 0 ? dynamic : labels.length
  return tensorInfo(old.name, 'FP32', [dynamic, classes])
}
