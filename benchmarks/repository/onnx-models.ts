/** The models that come and go, built by the server's own protobuf code. */
import { create } from '@bufbuild/protobuf'
import { NodeOutlineSchema, TensorOutlineSchema } from '../../src/onnx/generated/onnx-outline_pb.ts'
import { encodeOnnx, parseOnnx } from '../../src/onnx/index.ts'
import { modelOf, nodeOf, rawTensor, tensorInfo } from '../../src/onnx/testing.ts'
import { seeded } from '../statistics.ts'

/**
 * The same model in variants whose answers tell them apart: variant i adds i to every element of
 * the output. Made one after the other.
 */
export function* withOffsets(bytes: Uint8Array, output: string, count: number) {
  const model = parseOnnx(bytes, { name: 'model.onnx' })
  const graph = model.proto.graph!
  const plain = `${output} plain`
  for (const node of graph.node) {
    node.output = node.output.map((name) => (name === output ? plain : name))
  }
  const offset = create(TensorOutlineSchema, { name: 'offset', dims: [1n], dataType: float })
  graph.initializer.push(offset)
  const names = { input: [plain, 'offset'], output: [output] }
  graph.node.push(create(NodeOutlineSchema, { opType: 'Add', ...names }))
  for (let i = 0; i < count; i += 1) {
    offset.rawData = new Uint8Array(Float32Array.of(i).buffer)
    yield encodeOnnx(model)
  }
}

/** Layers `width` x `width` of random weights after each other: 105 MB as it is. */
export function largeModel(layers = 4, width = 2560): Uint8Array {
  const names = Array.from({ length: layers + 1 }, (_, i) => `x${i}`)
  return modelOf({
    node: names.slice(1).map((name, i) => nodeOf('MatMul', [names[i]!, `w${i}`], [name])),
    initializer: names.slice(1).map((_, i) => weights(`w${i}`, [width, width], i)),
    input: [tensorInfo('x0', 'FP32', ['batch', width])],
    output: [tensorInfo(names.at(-1)!, 'FP32', ['batch', width])],
  })
}

/** 32 numbers in, 16 out, and 2 KB of weights that are others for every seed. */
export function tinyModel(seed: number): Uint8Array {
  return modelOf({
    node: [nodeOf('MatMul', ['x', 'w'], ['product']), nodeOf('Add', ['product', 'bias'], ['y'])],
    initializer: [weights('w', [32, 16], seed), weights('bias', [16], seed + 1)],
    input: [tensorInfo('x', 'FP32', ['batch', 32])],
    output: [tensorInfo('y', 'FP32', ['batch', 16])],
  })
}

/** Of the size that keeps the outputs as large as the inputs. */
function weights(name: string, shape: readonly number[], seed: number) {
  const random = seeded(seed)
  const size = Math.sqrt(3 / shape[0]!)
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1))
  for (let i = 0; i < values.length; i += 1) values[i] = size * (2 * random() - 1)
  return rawTensor(name, 'FP32', shape, new Uint8Array(values.buffer))
}

const float = 1 // TensorProto.DataType
