/** Models whose rows are independent of each other, and models whose rows are not. Bytes of ONNX files. */
import { create } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type NodeProto,
} from './generated/onnx-ml_pb.ts'
import { modelOf, nodeOf, rawTensor, tensorInfo } from './testing.ts'

export function perceptron(type: 'FP32' | 'FP16' = 'FP32'): Uint8Array {
  return modelOf({
    node: [
      nodeOf('Cast', ['x'], ['x32'], [int('to', 1)]),
      nodeOf('Gemm', ['x32', 'w', 'b'], ['hidden']),
      nodeOf('Relu', ['hidden'], ['positive']),
      nodeOf('Gemm', ['positive', 'v'], ['scores']),
      nodeOf('Softmax', ['scores'], ['shares'], [int('axis', 1)]),
      nodeOf('Cast', ['shares'], ['y'], [int('to', type === 'FP16' ? 10 : 1)]),
    ],
    initializer: [floats('w', [30, 64]), floats('b', [64]), floats('v', [64, 5])],
    input: [tensorInfo('x', type, ['n', 30])],
    output: [tensorInfo('y', type, ['n', 5])],
  })
}

export function convolution(): Uint8Array {
  return oneInput(
    [nodeOf('Conv', ['x', 'w'], ['c']), nodeOf('GlobalAveragePool', ['c'], ['y'])],
    ['n', 3, 12, 12],
    ['n', 8, 1, 1],
    [floats('w', [8, 3, 3, 3])],
  )
}

export const batchNorm = () =>
  oneInput(
    [nodeOf('BatchNormalization', ['x', 's', 'b', 'm', 'v'], ['y'])],
    ['n', 4],
    ['n', 4],
    [
      floats('s', [4]),
      floats('b', [4]),
      floats('m', [4]),
      rawTensor('v', 'FP32', [4], bytes([1, 2, 3, 4])),
    ],
  )

export function embeddings(words = 8): Uint8Array {
  return modelOf({
    node: [
      nodeOf('Gather', ['table', 'x'], ['found'], [int('axis', 0)]),
      nodeOf('ReduceMean', ['found'], ['y'], [ints('axes', [1]), int('keepdims', 0)]),
    ],
    initializer: [floats('table', [words, 6])],
    input: [tensorInfo('x', 'INT64', ['n', 2])],
    output: [tensorInfo('y', 'FP32', ['n', 6])],
  })
}

export const strings = () =>
  modelOf({
    node: [nodeOf('Identity', ['x'], ['y'])],
    input: [tensorInfo('x', 'BYTES', ['n', 1])],
    output: [tensorInfo('y', 'BYTES', ['n', 1])],
  })

/** Answers 0 or 1: whether a feature is greater than this. */
export const thresholds = (limit: number) =>
  oneInput(
    [nodeOf('Greater', ['x', 'limit'], ['over']), nodeOf('Cast', ['over'], ['y'], [int('to', 1)])],
    ['n', 4],
    ['n', 4],
    [rawTensor('limit', 'FP32', [1], bytes([limit]))],
  )

export const centred = () =>
  oneInput([
    nodeOf('ReduceMean', ['x'], ['mean'], [ints('axes', [0]), int('keepdims', 1)]),
    nodeOf('Sub', ['x', 'mean'], ['y']),
  ])

export const sorted = () =>
  oneInput(
    [
      nodeOf('Shape', ['x'], ['shape']),
      nodeOf('Slice', ['shape', 'zero', 'one'], ['rows']),
      nodeOf('TopK', ['x', 'rows'], ['y', 'places'], [int('axis', 0)]),
    ],
    ['n', 4],
    ['n', 4],
    [int64('zero', 0), int64('one', 1)],
  )

export const summed = () =>
  oneInput([nodeOf('CumSum', ['x', 'zero'], ['y'])], ['n', 4], ['n', 4], [int64('zero', 0)])

export const reversed = () =>
  oneInput(
    [nodeOf('Slice', ['x', 'last', 'first', 'zero', 'back'], ['y'])],
    ['n', 4],
    ['n', 4],
    [int64('last', -1), int64('first', -1000), int64('zero', 0), int64('back', -1)],
  )

export const shifted = () =>
  oneInput(
    [
      nodeOf('Slice', ['x', 'zero', 'last', 'zero'], ['others']),
      nodeOf('Slice', ['x', 'zero', 'one', 'zero'], ['first']),
      nodeOf('Concat', ['first', 'others'], ['before'], [int('axis', 0)]),
      nodeOf('Add', ['x', 'before'], ['y']),
    ],
    ['n', 4],
    ['n', 4],
    [int64('zero', 0), int64('one', 1), int64('last', -1)],
  )

export const scaled = () =>
  oneInput([
    nodeOf('ReduceMax', ['x'], ['most'], [ints('axes', [0, 1]), int('keepdims', 1)]),
    nodeOf('Div', ['x', 'most'], ['y']),
  ])

export const quantized = () =>
  oneInput(
    [
      nodeOf('DynamicQuantizeLinear', ['x'], ['q', 'scale', 'zero']),
      nodeOf('DequantizeLinear', ['q', 'scale', 'zero'], ['back']),
      nodeOf('MatMul', ['back', 'w'], ['y']),
    ],
    ['n', 16],
    ['n', 4],
    [floats('w', [16, 4])],
  )

export const best = () =>
  modelOf({
    node: [
      nodeOf('ReduceMax', ['x'], ['most'], [ints('axes', [0]), int('keepdims', 1)]),
      nodeOf('Equal', ['x', 'most'], ['y']),
    ],
    input: [tensorInfo('x', 'FP32', ['n', 4])],
    output: [tensorInfo('y', 'BOOL', ['n', 4])],
  })

export const filtered = () =>
  oneInput(
    [
      nodeOf('ReduceSum', ['x', 'axis'], ['sum'], [int('keepdims', 0)]),
      nodeOf('Greater', ['sum', 'limit'], ['kept']),
      nodeOf('Compress', ['x', 'kept'], ['y'], [int('axis', 0)]),
    ],
    ['n', 4],
    ['m', 4],
    [int64('axis', 1), rawTensor('limit', 'FP32', [1], bytes([0.5]))],
  )

export const unique = () =>
  oneInput(
    [nodeOf('Round', ['x'], ['whole']), nodeOf('Unique', ['whole'], ['y'], [int('axis', 0)])],
    ['n', 1],
    ['m', 1],
  )

export const random = () =>
  oneInput([nodeOf('RandomNormalLike', ['x'], ['noise']), nodeOf('Add', ['x', 'noise'], ['y'])])

export const constant = () => oneInput([nodeOf('Sub', ['x', 'x'], ['y'])])

export const counted = () =>
  oneInput(
    [
      nodeOf('Shape', ['x'], ['shape']),
      nodeOf('Slice', ['shape', 'zero', 'one'], ['rows']),
      nodeOf('Cast', ['rows'], ['count'], [int('to', 1)]),
      nodeOf('Div', ['x', 'count'], ['y']),
    ],
    ['n', 4],
    ['n', 4],
    [int64('zero', 0), int64('one', 1)],
  )

/** From `x` to `y`, of four columns where nothing else is said. */
const oneInput = (
  node: NodeProto[],
  from: readonly (string | number)[] = ['n', 4],
  to: readonly (string | number)[] = ['n', 4],
  initializer: ReturnType<typeof rawTensor>[] = [],
): Uint8Array =>
  modelOf({
    node,
    initializer,
    input: [tensorInfo('x', 'FP32', from)],
    output: [tensorInfo('y', 'FP32', to)],
  })

const int = (name: string, i: number): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(i) })

const ints = (name: string, values: readonly number[]): AttributeProto =>
  create(AttributeProtoSchema, {
    name,
    type: AttributeProto_AttributeType.INTS,
    ints: values.map(BigInt),
  })

const bytes = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer)

/** Between -1 and 1, all different. */
function floats(name: string, dims: readonly number[]) {
  const count = dims.reduce((product, size) => product * size, 1)
  const values = Array.from({ length: count }, (_, at) => Math.sin(1 + at * 12.9898))
  return rawTensor(name, 'FP32', dims, bytes(values))
}

const int64 = (name: string, value: number) =>
  rawTensor(name, 'INT64', [1], new Uint8Array(BigInt64Array.of(BigInt(value)).buffer))

export const normalised = () =>
  oneInput([nodeOf('LpNormalization', ['x'], ['y'], [int('axis', -1)])])

export const softmaxOverRows = () => oneInput([nodeOf('Softmax', ['x'], ['y'], [int('axis', 0)])])
