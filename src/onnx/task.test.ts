import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import type { Datatype } from '../tensor/index.ts'
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProtoSchema,
} from './generated/onnx-ml_pb.ts'
import { parseOnnx, signatureOf } from './index.ts'
import { attribute, type Dims, modelOf, nodeOf, Type, tensorInfo } from './testing.ts'

type Output = readonly [name: string, datatype: Datatype, shape: Dims]

const label: Output = ['label', 'INT64', [-1]]
const words: Output = ['label', 'BYTES', [-1, 1]]
const scores: Output = ['scores', 'FP32', [-1, 3]]
const open: Output = ['scores', 'FP64', [-1, -1]]
const column: Output = ['value', 'FP32', [-1, 1]]

const pair = { kind: 'classifier', labelOutput: 'label', scoreOutput: 'scores' }
const alone = { kind: 'classifier', scoreOutput: 'scores' }

const softmax = nodeOf('Softmax', ['x'], ['soft'])
const after = (opType: string) => [softmax, nodeOf(opType, ['soft'], ['scores'])]

for (const { what, outputs, nodes, task } of [
  { what: 'a label and its scores', outputs: [label, scores], task: pair },
  { what: 'scores and then a label in words', outputs: [open, words], task: pair },
  {
    what: 'scores out of a Softmax',
    outputs: [scores],
    nodes: [nodeOf('Softmax', ['x'], ['scores'])],
    task: alone,
  },
  {
    what: 'any number of scores behind a Cast of a Softmax',
    outputs: [open],
    nodes: after('Cast'),
    task: alone,
  },
  {
    what: 'scores behind an Identity of a Softmax',
    outputs: [scores],
    nodes: after('Identity'),
    task: alone,
  },
  {
    what: 'scores behind a Reshape of a Softmax',
    outputs: [scores],
    nodes: after('Reshape'),
    task: alone,
  },
  {
    what: 'numbers made of a Softmax by something else',
    outputs: [scores],
    nodes: after('Neg'),
    task: undefined,
  },
  { what: 'a matrix of floats', outputs: [scores], task: undefined },
  {
    what: 'a float a row',
    outputs: [['value', 'FP16', [-1]]],
    task: { kind: 'regressor', output: 'value' },
  },
  { what: 'a column of floats', outputs: [column], task: { kind: 'regressor', output: 'value' } },
  {
    what: 'a column out of a Softmax',
    outputs: [column],
    nodes: [nodeOf('Softmax', ['x'], ['value'])],
    task: { kind: 'regressor', output: 'value' },
  },
  { what: 'a column of whole numbers', outputs: [label], task: undefined },
  { what: 'two columns of floats', outputs: [column, ['other', 'FP32', [-1]]], task: undefined },
  { what: 'an image', outputs: [['image', 'FP32', [-1, 3, 8, 8]]], task: undefined },
  {
    what: 'boxes, labels and scores',
    outputs: [['boxes', 'FP32', [-1, 4]], label, ['p', 'FP32', [-1]]],
    task: undefined,
  },
  {
    what: 'two labels and scores',
    outputs: [label, ['other', 'INT64', [-1]], scores],
    task: undefined,
  },
  { what: 'a single number', outputs: [['value', 'FP32', []]], task: undefined },
] as readonly { what: string; outputs: readonly Output[]; nodes?: NodeProto[]; task: unknown }[]) {
  test(`${what}: ${JSON.stringify(task) ?? 'no task'}`, () => {
    assert.deepEqual(taskOf(outputs, nodes), task)
  })
}

for (const { opType, name, values, labels } of [
  {
    opType: 'TreeEnsembleClassifier',
    name: 'classlabels_int64s',
    values: [4, -7, 9],
    labels: [4, -7, 9],
  },
  { opType: 'LinearClassifier', name: 'classlabels_ints', values: [1, 0, 2], labels: [1, 0, 2] },
  {
    opType: 'SVMClassifier',
    name: 'classlabels_strings',
    values: ['né', 'b', 'c'],
    labels: ['né', 'b', 'c'],
  },
]) {
  test(`the labels of a ${opType} name the classes`, () => {
    const classifier = nodeOf(
      opType,
      ['x'],
      ['l', 's'],
      [attribute('post_transform', ['NONE']), attribute(name, values)],
      'ai.onnx.ml',
    )
    const nodes = [
      classifier,
      nodeOf('Cast', ['l'], ['label']),
      nodeOf('Mul', ['s', 'one'], ['scores']),
    ]
    assert.deepEqual(taskOf([label, scores], nodes), { ...pair, labels })
  })
}

test('labels too large for a number are kept as their digits', () => {
  const big = create(AttributeProtoSchema, {
    name: 'classlabels_int64s',
    ints: [2n ** 53n + 1n, 5n, -6n],
  })
  const nodes = [nodeOf('TreeEnsembleClassifier', ['x'], ['label', 'scores'], [big], 'ai.onnx.ml')]
  assert.deepEqual(taskOf([label, scores], nodes), { ...pair, labels: ['9007199254740993', 5, -6] })
})

const picked = [
  nodeOf('ArgMax', ['scores'], ['winner']),
  nodeOf('ArrayFeatureExtractor', ['classes', 'winner'], ['picked'], [], 'ai.onnx.ml'),
  nodeOf('Reshape', ['picked', 'shape'], ['label']),
]
const chars = ['x', 'yy', 'zzz'].map((text) => Buffer.from(text))

for (const { kind, tensor, labels } of [
  { kind: 'INT32', tensor: { dataType: Type.INT32, int32Data: [7, -8, 9] }, labels: [7, -8, 9] },
  { kind: 'INT64', tensor: { dataType: Type.INT64, int64Data: [7n, -8n, 9n] }, labels: [7, -8, 9] },
  {
    kind: 'raw INT64',
    tensor: {
      dataType: Type.INT64,
      rawData: new Uint8Array(new BigInt64Array([7n, -8n, 9n]).buffer),
    },
    labels: [7, -8, 9],
  },
  {
    kind: 'STRING',
    tensor: { dataType: Type.STRING, stringData: chars },
    labels: ['x', 'yy', 'zzz'],
  },
]) {
  const classes = create(TensorProtoSchema, { name: 'classes', dims: [3n], ...tensor })
  test(`labels picked from an initializer of ${kind} name the classes`, () => {
    assert.deepEqual(taskOf([label, scores], picked, [classes]), { ...pair, labels })
  })

  test(`labels picked from a constant node of ${kind} name the classes`, () => {
    const value = create(AttributeProtoSchema, {
      name: 'value',
      type: AttributeProto_AttributeType.TENSOR,
      t: classes,
    })
    const nodes = [nodeOf('Constant', [], ['classes'], [value]), ...picked]
    assert.deepEqual(taskOf([label, scores], nodes), { ...pair, labels })
  })
}

test('a constant of another number than the classes names none', () => {
  const classes = create(TensorProtoSchema, {
    name: 'classes',
    dims: [2n],
    dataType: Type.INT32,
    int32Data: [1, 2],
  })
  assert.deepEqual(taskOf([label, scores], picked, [classes]), pair)
})

test('nodes that go round in a circle end the search', () => {
  const nodes = [nodeOf('Identity', ['b'], ['scores']), nodeOf('Identity', ['scores'], ['b'])]
  assert.equal(taskOf([scores], nodes), undefined)
  assert.deepEqual(taskOf([scores, label], nodes), pair)
})

test('labels declared for one row stand for as many rows as the scores', () => {
  const one: Output = ['label', 'INT64', [1]]
  const shapes = (outputs: readonly Output[]) =>
    signature(outputs).outputs.map(({ shape }) => shape)
  assert.deepEqual(shapes([one, scores]), [[-1], [-1, 3]])
  assert.deepEqual(shapes([one, ['scores', 'FP32', [1, 3]]]), [[1], [1, 3]])
})

function taskOf(outputs: readonly Output[], nodes?: NodeProto[], initializer?: TensorProto[]) {
  return signature(outputs, nodes, initializer).task
}

function signature(
  outputs: readonly Output[],
  node: NodeProto[] = [],
  initializer: TensorProto[] = [],
) {
  const bytes = modelOf({
    node,
    initializer,
    input: [tensorInfo('x', 'FP32', [-1, 3])],
    output: outputs.map((output) => tensorInfo(...output)),
  })
  return signatureOf(parseOnnx(bytes, { name: 'm.onnx' }))
}
