import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { DATATYPES } from '../tensor/index.ts'
import { TensorProto_DataType, ValueInfoProtoSchema } from './generated/onnx-ml_pb.ts'
import { elementType, parseOnnx, signatureOf } from './index.ts'
import {
  type Dims,
  identityModel,
  mapsInfo,
  modelOf,
  rawTensor,
  Type,
  tensorInfo,
} from './testing.ts'

const carried: Readonly<Record<string, string>> = {
  FLOAT: 'FP32',
  UINT8: 'UINT8',
  INT8: 'INT8',
  UINT16: 'UINT16',
  INT16: 'INT16',
  INT32: 'INT32',
  INT64: 'INT64',
  STRING: 'BYTES',
  BOOL: 'BOOL',
  FLOAT16: 'FP16',
  DOUBLE: 'FP64',
  UINT32: 'UINT32',
  UINT64: 'UINT64',
  BFLOAT16: 'BF16',
}

for (const [name, number] of Object.entries(TensorProto_DataType)) {
  const datatype = carried[name]
  if (datatype !== undefined) {
    test(`${name} is ${datatype}`, () => {
      const { inputs, outputs } = signatureOf(parse(identityModel(number, [2, 3])))
      assert.deepEqual(inputs, [{ name: 'x', datatype, shape: [2, 3] }])
      assert.deepEqual(outputs, [{ name: 'y', datatype, shape: [2, 3] }])
    })
  } else if (number !== 0) {
    test(`${name} is refused by its name`, () => {
      assert.throws(() => signatureOf(parse(identityModel(number, [2]))), {
        reason: 'MODEL_UNSUPPORTED',
        message: new RegExp(
          `input "x" of m.onnx is tensor\\(${name}\\): expected a tensor of BOOL`,
        ),
      })
    })
  }
}

test('every datatype has an element type', () => {
  assert.deepEqual(Object.values(carried).sort(), [...DATATYPES].sort())
})

test('an element type that does not exist yet is refused by its number', () => {
  assert.equal(elementType(99).name, 'element type 99')
  assert.throws(() => signatureOf(parse(identityModel(99, [2]))), /tensor\(element type 99\)/)
})

for (const { dims, shape, axes } of [
  { dims: [], shape: [] },
  { dims: [0], shape: [0] },
  { dims: [-1, 7], shape: [-1, 7] },
  { dims: ['batch', 3, ''], shape: [-1, 3, -1], axes: ['batch', undefined, undefined] },
  { dims: [5, 'width'], shape: [5, -1], axes: [undefined, 'width'] },
  { dims: [2n ** 53n - 1n], shape: [2 ** 53 - 1] },
] satisfies { dims: Dims; shape: number[]; axes?: (string | undefined)[] }[]) {
  test(`the axes ${JSON.stringify(dims.map(String))} are of shape [${shape}]`, () => {
    const [input] = signatureOf(parse(identityModel('FP32', dims))).inputs
    assert.deepEqual(input?.shape, shape)
    assert.deepEqual(input?.axes, axes)
  })
}

test('an axis too long to be counted is refused', () => {
  assert.throws(() => signatureOf(parse(identityModel('FP32', [2n ** 53n]))), {
    reason: 'MODEL_UNSUPPORTED',
    message: /an axis of 9007199254740992: expected at most 9007199254740991/,
  })
})

test('an input without a shape is refused, an output without one may have any', () => {
  const output = [tensorInfo('y', 'FP32', undefined)]
  const without = modelOf({ input: [tensorInfo('x', 'FP32', undefined)], output })
  assert.throws(() => signatureOf(parse(without)), /input "x" of m.onnx has no shape/)
  const open = modelOf({ input: [tensorInfo('x', 'FP32', [4])], output })
  assert.deepEqual(signatureOf(parse(open)).outputs, [{ name: 'y', datatype: 'FP32', shape: [-1] }])
})

test('an input with an initializer is optional', () => {
  const bytes = modelOf({
    input: [tensorInfo('x', 'FP32', [1]), tensorInfo('w', 'UINT8', [2])],
    output: [tensorInfo('y', 'FP32', [2])],
    initializer: [
      rawTensor('w', 'UINT8', [2], new Uint8Array([3, 4])),
      rawTensor('hidden', 'UINT8', [1], new Uint8Array([5])),
    ],
  })
  assert.deepEqual(signatureOf(parse(bytes)).inputs, [
    { name: 'x', datatype: 'FP32', shape: [1] },
    { name: 'w', datatype: 'UINT8', shape: [2], optional: true },
  ])
})

const float = { value: { case: 'tensorType' as const, value: { elemType: Type.FLOAT } } }

for (const { info, named } of [
  { info: mapsInfo('y', Type.INT64), named: 'sequence(map(INT64, tensor(FLOAT)))' },
  { info: typed('sequenceType', { elemType: float }), named: 'sequence(tensor(FLOAT))' },
  { info: typed('optionalType', { elemType: float }), named: 'optional(tensor(FLOAT))' },
  { info: typed('sparseTensorType', { elemType: Type.DOUBLE }), named: 'sparse_tensor(DOUBLE)' },
  { info: typed('opaqueType', { domain: 'd', name: 'n' }), named: 'opaque(d, n)' },
  { info: create(ValueInfoProtoSchema, { name: 'y' }), named: 'no type' },
]) {
  test(`an output of ${named} is refused by its type`, () => {
    assert.throws(
      () => signatureOf(parse(modelOf({ output: [info] }))),
      (error: Error) =>
        error.message.includes(`output "y" of m.onnx is ${named}: expected a tensor`),
    )
  })
}

function typed(kind: string, value: object) {
  return create(ValueInfoProtoSchema, {
    name: 'y',
    type: { value: { case: kind, value } as never },
  })
}

function parse(bytes: Uint8Array) {
  return parseOnnx(bytes, { name: 'm.onnx' })
}
