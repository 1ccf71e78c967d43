/** Models for the tests of the binary, in a folder that is removed at the end. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { create } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  GraphProtoSchema,
  type NodeProto,
  type TensorProto,
} from '../../src/onnx/generated/onnx-ml_pb.ts'
import {
  addModel,
  externalTensor,
  identityModel,
  modelOf,
  nodeOf,
  rawTensor,
  tensorInfo,
} from '../../src/onnx/testing.ts'

/** Files by their paths, and the folder that holds them. */
export function modelFolder(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-models-'))
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** `x` of any number of rows of three comes back as `y`. */
export const echoModel = (): Uint8Array => identityModel(1, ['batch', 3])

/** Whole numbers from 0 to 255, two a row. */
export const bytesModel = (): Uint8Array => identityModel(2, ['batch', 2])

/** `sum` of `a` and `b`. */
export const pairModel = (): Uint8Array => addModel('FP32', ['batch', 2])

/** `y` is `x` and a number more: which version answers can be told from the answer. */
export const plusModel = (more: number): Uint8Array =>
  modelOf({
    node: [nodeOf('Add', ['x', 'more'], ['y'])],
    initializer: [rawTensor('more', 'FP32', [1], new Uint8Array(Float32Array.of(more).buffer))],
    input: [tensorInfo('x', 'FP32', ['batch', 1])],
    output: [tensorInfo('y', 'FP32', ['batch', 1])],
  })

/** The same number out of `parts` files beside the model's, a power of two: each holds a share of it. */
export function scatteredModel(more: number, parts: number): Readonly<Record<string, Uint8Array>> {
  const names = Array.from({ length: parts }, (_, part) => `share-${part}.bin`)
  const share = new Uint8Array(Float32Array.of(more / parts).buffer)
  const model = modelOf({
    node: [nodeOf('Sum', ['x', ...names], ['y'])],
    initializer: names.map((name) => externalTensor(name, [1], { location: name, length: '4' })),
    input: [tensorInfo('x', 'FP32', ['batch', 1])],
    output: [tensorInfo('y', 'FP32', ['batch', 1])],
  })
  return { 'model.onnx': model, ...Object.fromEntries(names.map((name) => [name, share])) }
}

/**
 * The same number, and `rounds` products of large matrices that are worked out while it is loaded:
 * a small file that takes long, in one call of the library.
 */
export const laboriousModel = (more: number, rounds: number): Uint8Array =>
  plusNothing(more, [labour(rounds)])

/** The same number, and weights that take memory; `rounds` as above. */
export const heavyModel = (more: number, bytes: number, rounds = 0): Uint8Array =>
  plusNothing(more, [weights(bytes), ...(rounds === 0 ? [] : [labour(rounds)])])

/** Nodes at whose end there is a zero of this name. */
interface Nothing {
  readonly name: string
  readonly node: readonly NodeProto[]
  readonly initializer: readonly TensorProto[]
}

const plusNothing = (more: number, nothing: readonly Nothing[]): Uint8Array =>
  modelOf({
    node: [
      ...nothing.flatMap(({ node }) => node),
      nodeOf('Sum', ['x', 'more', ...nothing.map(({ name }) => name)], ['y']),
    ],
    initializer: [
      rawTensor('more', 'FP32', [1], new Uint8Array(Float32Array.of(more).buffer)),
      ...nothing.flatMap(({ initializer }) => initializer),
    ],
    input: [tensorInfo('x', 'FP32', ['batch', 1])],
    output: [tensorInfo('y', 'FP32', ['batch', 1])],
  })

function labour(rounds: number): Nothing {
  const matrix = (round: number) => `matrix-${round}`
  const products = Array.from({ length: rounds }, (_, round) =>
    nodeOf('MatMul', [matrix(round), matrix(0)], [matrix(round + 1)]),
  )
  // rows and columns of a product that takes a core a tenth of a second
  const size = new BigInt64Array(2).fill(1536n)
  return {
    name: 'labour',
    node: [
      nodeOf('ConstantOfShape', ['size'], [matrix(0)]),
      ...products,
      nodeOf('ReduceMax', [matrix(rounds)], ['labour'], [noKeptAxes]),
    ],
    initializer: [rawTensor('size', 'INT64', [2], new Uint8Array(size.buffer))],
  }
}

function weights(bytes: number): Nothing {
  return {
    name: 'weight',
    node: [
      nodeOf('MatMul', ['x', 'weights'], ['weighed']),
      nodeOf('ReduceMax', ['weighed'], ['weight'], [noKeptAxes]),
    ],
    initializer: [rawTensor('weights', 'FP32', [1, bytes / 4], new Uint8Array(bytes))],
  }
}

/** `y` is the square of `x`, a whole number below `size`; a larger one fails its run. */
export function squareModel(size: number): Uint8Array {
  const squares = Float32Array.from({ length: size }, (_, index) => index * index)
  return modelOf({
    node: [nodeOf('Gather', ['squares', 'x'], ['y'])],
    initializer: [rawTensor('squares', 'FP32', [size], new Uint8Array(squares.buffer))],
    input: [tensorInfo('x', 'INT64', ['batch', 1])],
    output: [tensorInfo('y', 'FP32', ['batch', 1])],
  })
}

/** `y` is `x` less the mean of all rows: rows together are not what they are apart. */
export const centredModel = (): Uint8Array =>
  modelOf({
    node: [nodeOf('ReduceMean', ['x'], ['mean']), nodeOf('Sub', ['x', 'mean'], ['y'])],
    input: [tensorInfo('x', 'FP32', ['batch', 1])],
    output: [tensorInfo('y', 'FP32', ['batch', 1])],
  })

/**
 * The sum of each request's numbers, which lie one after the other in `x`; `ends` says where each
 * request ends, after a zero.
 */
export function sumsModel(): Uint8Array {
  const integers = (...values: number[]) =>
    new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
  return modelOf({
    node: [
      nodeOf('CumSum', ['x', 'axis'], ['sums']),
      nodeOf('Concat', ['nothing', 'sums'], ['sumsAt'], [axisAttribute(0)]),
      nodeOf('Gather', ['sumsAt', 'ends'], ['sumsAtEnds']),
      nodeOf('Slice', ['sumsAtEnds', 'one', 'all'], ['after']),
      nodeOf('Slice', ['sumsAtEnds', 'zero', 'butLast'], ['before']),
      nodeOf('Sub', ['after', 'before'], ['each']),
      nodeOf('Unsqueeze', ['each', 'one'], ['y']),
    ],
    initializer: [
      rawTensor('axis', 'INT64', [], integers(0)),
      rawTensor('nothing', 'FP32', [1], new Uint8Array(4)),
      rawTensor('zero', 'INT64', [1], integers(0)),
      rawTensor('one', 'INT64', [1], integers(1)),
      rawTensor('all', 'INT64', [1], integers(1_000_000)),
      rawTensor('butLast', 'INT64', [1], integers(-1)),
    ],
    input: [tensorInfo('x', 'FP32', ['numbers']), tensorInfo('ends', 'INT32', ['ends'])],
    output: [tensorInfo('y', 'FP32', ['requests', 1])],
  })
}

/** No model, and the same at every run. */
export const noise = (bytes: number): Buffer =>
  createHash('shake256', { outputLength: bytes }).digest()

/** `x` comes back after `n` turns of a loop, for an even `n`: as slow as the request wants it. */
export function slowModel(): Uint8Array {
  const body = create(GraphProtoSchema, {
    name: 'turn',
    node: [nodeOf('Identity', ['go'], ['goOn']), nodeOf('Neg', ['value'], ['turned'])],
    input: [
      tensorInfo('turn', 'INT64', []),
      tensorInfo('go', 'BOOL', []),
      tensorInfo('value', 'FP32', [1]),
    ],
    output: [tensorInfo('goOn', 'BOOL', []), tensorInfo('turned', 'FP32', [1])],
  })
  return modelOf({
    node: [nodeOf('Loop', ['n', '', 'x'], ['y'], [graphAttribute('body', body)])],
    input: [tensorInfo('n', 'INT64', [1]), tensorInfo('x', 'FP32', [1])],
    output: [tensorInfo('y', 'FP32', [1])],
  })
}

const noKeptAxes = create(AttributeProtoSchema, {
  name: 'keepdims',
  type: AttributeType.INT,
  i: 0n,
})

const axisAttribute = (axis: number): AttributeProto =>
  create(AttributeProtoSchema, { name: 'axis', type: AttributeType.INT, i: BigInt(axis) })

const graphAttribute = (name: string, g: GraphProto): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g })
