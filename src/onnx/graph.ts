/** Finding one's way in a graph: every node and tensor of a model, and who makes which value. */
import {
  type BinaryReadOptions,
  type DescMessage,
  fromBinary,
  type MessageShape,
} from '@bufbuild/protobuf'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { fail } from '../errors.ts'
import { type AttributeProto, AttributeProtoSchema } from './generated/onnx-ml_pb.ts'
import {
  AttributeOutlineSchema,
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

/**
 * Every node and tensor, at any depth. Fails with MODEL_UNREADABLE where an attribute is damaged.
 * Bodies wait in a list and not on the stack, whose depth a file could choose.
 */
export function partsOf(model: OnnxModel): Parts {
  const nodes: NodeOutline[] = []
  const initializers: TensorOutline[] = []
  const attributeTensors: TensorOutline[] = []
  const waiting: GraphOutline[] = [mainGraph(model)]

  const decode = <S extends DescMessage>(
    schema: S,
    bytes: Uint8Array,
    options?: Partial<BinaryReadOptions>,
  ): MessageShape<S> => {
    try {
      return fromBinary(schema, bytes, options)
    } catch (cause) {
      throw damaged(model.name, 'a damaged attribute', cause)
    }
  }
  const readAttributes = (attributes: readonly Uint8Array[]) => {
    for (const bytes of attributes) {
      const held = decode(AttributeOutlineSchema, bytes, { readUnknownFields: false })
      for (const graph of [...held.g, ...held.graphs]) {
        waiting.push(decode(GraphOutlineSchema, graph))
      }
      for (const tensor of [...held.t, ...held.tensors]) {
        attributeTensors.push(decode(TensorOutlineSchema, tensor))
      }
      for (const sparse of [...held.sparseTensor, ...held.sparseTensors]) {
        attributeTensors.push(...partsOfSparse(decode(SparseTensorOutlineSchema, sparse)))
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
    initializers.push(...graph.sparseInitializer.flatMap(partsOfSparse))
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

/** An attribute of a node by its name, decoded whole. */
export function attributeOf(
  model: OnnxModel,
  node: NodeOutline,
  name: string,
): AttributeProto | undefined {
  for (const bytes of node.attribute) {
    try {
      if (attributeName(bytes) === name) return fromBinary(AttributeProtoSchema, bytes)
    } catch (cause) {
      throw damaged(model.name, `a damaged attribute of ${node.opType}`, cause)
    }
  }
  return undefined
}

const partsOfSparse = ({ values, indices }: SparseTensorOutline): readonly TensorOutline[] =>
  [values, indices].filter((tensor) => tensor !== undefined)

/** The name is written first, so that long lists of numbers need not be read for it. */
function attributeName(bytes: Uint8Array): string | undefined {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (field === 1 && wireType === WireType.LengthDelimited) return reader.string()
    reader.skip(wireType, field)
  }
  return undefined
}

const damaged = (name: string, got: string, cause?: unknown) =>
  fail(
    'MODEL_UNREADABLE',
    {
      problem: `${name} cannot be read: expected an ONNX model, got ${got}`,
      hint: 'export the model again',
    },
    cause,
  )
