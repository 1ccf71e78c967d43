/** The names of a classifier's classes, from wherever converters leave them. */
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { attributeOf } from './attribute.ts'
import { TensorProtoSchema } from './generated/onnx-ml_pb.ts'
import {
  type GraphOutline,
  type NodeOutline,
  type TensorOutline,
  TensorOutlineSchema,
} from './generated/onnx-outline_pb.ts'
import { mainGraph, producersOf } from './graph.ts'
import { initializerOf, stringsOf } from './initializers.ts'
import type { ClassLabels, OnnxModel } from './model.ts'

/**
 * Labels found on the way from an output back to the inputs, nearest first: attributes of a
 * classifier, or the constant that an ArrayFeatureExtractor picks the winner from (skl2onnx's
 * MLPClassifier, GaussianNB and KNeighborsClassifier). Labels of another number than the classes,
 * where that is known, are of something else.
 */
export function labelsBehind(
  model: OnnxModel,
  output: string,
  classes: number | undefined,
): ClassLabels | undefined {
  const graph = mainGraph(model)
  const producers = producersOf(graph)
  const seen = new Set<NodeOutline>()
  let values: readonly string[] = [output]
  while (values.length > 0) {
    const nodes = new Set(values.flatMap((value) => producers.get(value) ?? []))
    const fresh = [...nodes].filter((node) => !seen.has(node))
    for (const node of fresh) {
      seen.add(node)
      const labels = labelsOfNode(model, graph, producers, node)
      if (labels !== undefined && (classes === undefined || labels.length === classes))
        return labels
    }
    values = fresh.flatMap(({ input }) => input)
  }
  return undefined
}

/** The `classlabels_…` of a node. */
export function classLabelsOf(model: OnnxModel, node: NodeOutline): ClassLabels | undefined {
  const strings = attributeOf(model, node, 'classlabels_strings')?.strings ?? []
  if (strings.length > 0) return strings.map(text)
  for (const name of ['classlabels_int64s', 'classlabels_ints']) {
    const ints = attributeOf(model, node, name)?.ints ?? []
    if (ints.length > 0) return ints.map(exact)
  }
  return undefined
}

const classifiers = new Set(['TreeEnsembleClassifier', 'LinearClassifier', 'SVMClassifier'])

function labelsOfNode(
  model: OnnxModel,
  graph: GraphOutline,
  producers: ReadonlyMap<string, NodeOutline>,
  node: NodeOutline,
): ClassLabels | undefined {
  if (node.domain !== 'ai.onnx.ml') return undefined
  if (classifiers.has(node.opType)) return classLabelsOf(model, node)
  const from = node.opType === 'ArrayFeatureExtractor' ? node.input[0] : undefined
  if (from === undefined) return undefined
  const constant =
    graph.initializer.find(({ name }) => name === from) ?? constantOf(model, producers.get(from))
  return constant && valuesOf(constant)
}

function constantOf(model: OnnxModel, node: NodeOutline | undefined): TensorOutline | undefined {
  if (node?.opType !== 'Constant') return undefined
  const tensor = attributeOf(model, node, 'value')?.t
  return tensor && fromBinary(TensorOutlineSchema, toBinary(TensorProtoSchema, tensor))
}

function valuesOf(tensor: TensorOutline): ClassLabels | undefined {
  const { type, bytes } = initializerOf(tensor)
  if (type === 'STRING') return stringsOf(tensor).map(text)
  const data = bytes()
  if (data === undefined) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  if (type === 'INT64' && data.byteLength % 8 === 0) {
    return Array.from({ length: data.byteLength / 8 }, (_, i) =>
      exact(view.getBigInt64(i * 8, true)),
    )
  }
  if (type === 'INT32' && data.byteLength % 4 === 0) {
    return Array.from({ length: data.byteLength / 4 }, (_, i) => view.getInt32(i * 4, true))
  }
  return undefined
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** A label too large for a number is kept as its digits. */
const exact = (label: bigint): string | number =>
  Number.isSafeInteger(Number(label)) ? Number(label) : `${label}`
