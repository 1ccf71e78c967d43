/** Finding one's way in a graph: every node and tensor of a model, and who makes which value. */
import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf'
import { damaged, heldBy } from './attribute.ts'
import {
  type GraphOutline,
  GraphOutlineSchema,
  type NodeOutline,
  type SparseTensorOutline,
  SparseTensorOutlineSchema,
  type TensorOutline,
  TensorOutlineSchema,
} from './generated/onnx-outline_pb.ts'
import type { OnnxModel } from './model.ts'

/** The graph that is served. A model that was read has one. */
export function mainGraph({ name, proto }: OnnxModel): GraphOutline {
  if (proto.graph === undefined) throw damaged(name, 'no graph')
  return proto.graph
}

export interface Parts {
  /** Of the graph, of the bodies of If, Loop and Scan, and of the model's own functions. */
  readonly nodes: readonly NodeOutline[]
  readonly initializers: readonly TensorOutline[]
  /** Values of nodes: constants, and the numbers of some operators. */
  readonly attributeTensors: readonly TensorOutline[]
}

export const tensorsOf = ({ initializers, attributeTensors }: Parts): readonly TensorOutline[] => [
  ...initializers,
  ...attributeTensors,
]

/**
 * Every node and tensor, at any depth. Fails with MODEL_UNREADABLE where an attribute is damaged.
 * Bodies wait in a list and not on the stack, whose depth a file could choose.
 */
export function partsOf(model: OnnxModel): Parts {
  const nodes: NodeOutline[] = []
  const initializers: TensorOutline[] = []
  const attributeTensors: TensorOutline[] = []
  const waiting: GraphOutline[] = [mainGraph(model)]

  const guarded = <T>(read: () => T): T => {
    try {
      return read()
    } catch (cause) {
      throw damaged(model.name, 'a damaged attribute', cause)
    }
  }
  const decode = <S extends DescMessage>(schema: S, bytes: Uint8Array): MessageShape<S> =>
    guarded(() => fromBinary(schema, bytes))
  const readAttributes = (attributes: readonly Uint8Array[]) => {
    for (const bytes of attributes) {
      for (const { kind, payload } of guarded(() => heldBy(bytes))) {
        if (kind === 'graph') waiting.push(decode(GraphOutlineSchema, payload))
        else if (kind === 'tensor') attributeTensors.push(decode(TensorOutlineSchema, payload))
        else attributeTensors.push(...partsOfSparse(decode(SparseTensorOutlineSchema, payload)))
      }
    }
  }
  const readNodes = (list: readonly NodeOutline[]) => {
    for (const node of list) {
      nodes.push(node)
      readAttributes(node.attribute)
    }
  }

  for (const { node, attributeProto } of model.proto.functions) {
    readNodes(node)
    readAttributes(attributeProto)
  }
  for (let graph = waiting.pop(); graph !== undefined; graph = waiting.pop()) {
    for (const tensor of graph.initializer) initializers.push(tensor)
    for (const sparse of graph.sparseInitializer) initializers.push(...partsOfSparse(sparse))
    readNodes(graph.node)
  }
  return { nodes, initializers, attributeTensors }
}

/** The node that makes each value of a graph. */
export function producersOf(graph: GraphOutline): ReadonlyMap<string, NodeOutline> {
  const producers = new Map<string, NodeOutline>()
  for (const node of graph.node) {
    for (const output of node.output) if (output !== '') producers.set(output, node)
  }
  return producers
}

const partsOfSparse = ({ values, indices }: SparseTensorOutline): readonly TensorOutline[] =>
  [values, indices].filter((tensor) => tensor !== undefined)
