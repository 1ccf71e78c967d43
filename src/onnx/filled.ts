/** A model in which external data below its graph, in bodies and values of nodes, is in its place. */
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { damaged, heldBy } from './attribute.ts'
import { changedCopy } from './changed-copy.ts'
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  TensorProto_DataLocation as Location,
  type NodeProto,
} from './generated/onnx-ml_pb.ts'
import type {
  NodeOutline,
  SparseTensorOutline,
  TensorOutline,
} from './generated/onnx-outline_pb.ts'
import { mainGraph } from './graph.ts'
import { type ExternalPart, externalPart } from './initializers.ts'
import type { OnnxModel } from './model.ts'

type BytesOf = (part: ExternalPart) => Uint8Array

/** Fails with MODEL_UNREADABLE where an attribute is damaged. */
export function filled(model: OnnxModel, bytesOf: BytesOf): OnnxModel {
  const attribute = (bytes: Uint8Array): Uint8Array => {
    try {
      if (heldBy(bytes).length === 0) return bytes
      const decoded = fromBinary(AttributeProtoSchema, bytes)
      return fillAttributes([decoded], bytesOf) ? toBinary(AttributeProtoSchema, decoded) : bytes
    } catch (cause) {
      throw damaged(model.name, 'a damaged attribute', cause)
    }
  }
  const node = (old: NodeOutline): NodeOutline =>
    changedCopy(old, { attribute: old.attribute.map(attribute) })
  const graph = mainGraph(model)
  return {
    ...model,
    proto: changedCopy(model.proto, {
      graph: changedCopy(graph, {
        node: graph.node.map(node),
        sparseInitializer: graph.sparseInitializer.map((old) => sparse(old, bytesOf)),
      }),
      functions: model.proto.functions.map((old) =>
        changedCopy(old, {
          node: old.node.map(node),
          attributeProto: old.attributeProto.map(attribute),
        }),
      ),
    }),
  }
}

function sparse(old: SparseTensorOutline, bytesOf: BytesOf): SparseTensorOutline {
  const filledTensor = (tensor: TensorOutline | undefined) => {
    const part = tensor && externalPart(tensor)
    return part === undefined ? {} : inPlace(bytesOf(part))
  }
  return changedCopy(old, {
    ...(old.values && { values: changedCopy(old.values, filledTensor(old.values)) }),
    ...(old.indices && { indices: changedCopy(old.indices, filledTensor(old.indices)) }),
  })
}

const inPlace = (rawData: Uint8Array) => ({
  rawData: rawData as Uint8Array<ArrayBuffer>,
  externalData: [],
  dataLocation: Location.DEFAULT,
})

/** Changes decoded attributes where they lie, at any depth; tells whether there was anything. */
function fillAttributes(attributes: readonly AttributeProto[], bytesOf: BytesOf): boolean {
  let changed = false
  const waiting: (AttributeProto | GraphProto | NodeProto)[] = [...attributes]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.$typeName === 'onnx.NodeProto') {
      waiting.push(...next.attribute)
      continue
    }
    if (next.$typeName === 'onnx.GraphProto') waiting.push(...next.node)
    else waiting.push(...(next.g === undefined ? [] : [next.g]), ...next.graphs)
    for (const tensor of tensorsIn(next)) {
      const part = externalPart(tensor)
      if (part === undefined) continue
      Object.assign(tensor, inPlace(bytesOf(part)))
      changed = true
    }
  }
  return changed
}

function tensorsIn(holder: AttributeProto | GraphProto) {
  const [dense, sparse] =
    holder.$typeName === 'onnx.GraphProto'
      ? [holder.initializer, holder.sparseInitializer]
      : [
          [...(holder.t === undefined ? [] : [holder.t]), ...holder.tensors],
          [
            ...(holder.sparseTensor === undefined ? [] : [holder.sparseTensor]),
            ...holder.sparseTensors,
          ],
        ]
  const ofSparse = sparse.flatMap(({ values, indices }) => [values, indices])
  return [...dense, ...ofSparse].filter((tensor) => tensor !== undefined)
}
