/** The signature of a model, from the types that its graph declares. */
import { fail } from '../errors.ts'
import type { InputSpec, Signature, Task, TensorSpec } from '../signature.ts'
import { DATATYPES, dynamic } from '../tensor/index.ts'
import { elementType } from './element-type.ts'
import type { TensorShapeProto, TypeProto, ValueInfoProto } from './generated/onnx-ml_pb.ts'
import { mainGraph } from './graph.ts'
import type { OnnxModel } from './model.ts'
import { taskOf } from './task.ts'
import { withoutZipMap } from './zipmap.ts'

/**
 * What a model takes and gives. Of a model with a ZipMap it is what the model gives without it.
 * An input that has an initializer is optional: the initializer is its default.
 * Fails with MODEL_UNSUPPORTED, naming it, for a value that no protocol can carry.
 */
export function signatureOf(model: OnnxModel): Signature {
  const tensors = withoutZipMap(model) ?? model
  const graph = mainGraph(tensors)
  const defaults = new Set([
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name ?? ''),
  ])
  const inputs = graph.input.map((info): InputSpec => {
    const spec = specOf(tensors, 'input', info)
    return defaults.has(info.name) ? { ...spec, optional: true } : spec
  })
  const outputs = graph.output.map((info) => specOf(tensors, 'output', info))
  const task = taskOf(tensors, { inputs, outputs })
  if (task === undefined) return { inputs, outputs }
  return { inputs, outputs: outputs.map((spec) => withRows(spec, task, outputs)), task }
}

/** onnxmltools declares the labels of any number of rows as [1]. The scores have it right. */
function withRows(spec: TensorSpec, task: Task, outputs: readonly TensorSpec[]): TensorSpec {
  if (task.kind !== 'classifier' || spec.name !== task.labelOutput || spec.shape[0] !== 1)
    return spec
  const scores = outputs.find(({ name }) => name === task.scoreOutput)
  return scores?.shape[0] === dynamic ? { ...spec, shape: [dynamic, ...spec.shape.slice(1)] } : spec
}

/** A type in words: `tensor(FLOAT)`, `sequence(map(INT64, tensor(FLOAT)))`. */
export function describeType(type: TypeProto | undefined): string {
  const value = type?.value
  switch (value?.case) {
    case 'tensorType':
      return `tensor(${elementType(value.value.elemType).name})`
    case 'sparseTensorType':
      return `sparse_tensor(${elementType(value.value.elemType).name})`
    case 'sequenceType':
      return `sequence(${describeType(value.value.elemType)})`
    case 'optionalType':
      return `optional(${describeType(value.value.elemType)})`
    case 'mapType':
      return `map(${elementType(value.value.keyType).name}, ${describeType(value.value.valueType)})`
    case 'opaqueType':
      return `opaque(${value.value.domain}, ${value.value.name})`
    case undefined:
      return 'no type'
  }
}

function specOf(
  { name: file }: OnnxModel,
  role: 'input' | 'output',
  info: ValueInfoProto,
): TensorSpec {
  const { name, type } = info
  const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined
  const datatype = tensor && elementType(tensor.elemType).datatype
  if (tensor === undefined || datatype === undefined) {
    throw fail('MODEL_UNSUPPORTED', {
      problem: `${role} "${name}" of ${file} is ${describeType(type)}: expected a tensor of ${DATATYPES.join(', ')}`,
      hint: `export the model with a tensor as this ${role}, for instance behind a Cast`,
    })
  }
  if (tensor.shape === undefined && role === 'input') {
    throw fail('MODEL_UNSUPPORTED', {
      problem: `input "${name}" of ${file} has no shape: expected the number of its axes, got none`,
      hint: 'declare the shape when exporting; its sizes may be dynamic',
    })
  }
  // the number of axes of an output without a shape is known after a run only: one stands for any
  const shape = tensor.shape?.dim.map((dim) => sizeOf(file, role, name, dim)) ?? [dynamic]
  const axes = tensor.shape?.dim.map(axisName) ?? []
  const named = axes.some((axis) => axis !== undefined)
  return { name, datatype, shape, ...(named ? { axes } : {}) }
}

type Dimension = TensorShapeProto['dim'][number]

function sizeOf(file: string, role: string, name: string, { value }: Dimension): number {
  if (value.case !== 'dimValue' || value.value < 0n) return dynamic
  if (value.value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value.value)
  throw fail('MODEL_UNSUPPORTED', {
    problem: `${role} "${name}" of ${file} has an axis of ${value.value}: expected at most ${Number.MAX_SAFE_INTEGER}`,
    hint: 'export the model again',
  })
}

const axisName = ({ value }: Dimension): string | undefined =>
  value.case === 'dimParam' && value.value !== '' ? value.value : undefined
