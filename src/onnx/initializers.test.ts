import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { AttributeProtoSchema, type TensorProtoSchema } from './generated/onnx-ml_pb.ts'
import { externalFiles, initializers, parseOnnx } from './index.ts'
import { externalTensor, modelOf, nodeOf, rawTensor, Type } from './testing.ts'

type Data = Exclude<MessageInitShape<typeof TensorProtoSchema>, { $typeName: string }>

const bytesOf = (array: ArrayBufferView) => [
  ...new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
]

for (const { type, dims, data, expected } of [
  {
    type: 'FLOAT',
    dims: [3],
    data: { floatData: [1.5, -2, 4] },
    expected: new Float32Array([1.5, -2, 4]),
  },
  {
    type: 'DOUBLE',
    dims: [2],
    data: { doubleData: [0.1, -9] },
    expected: new Float64Array([0.1, -9]),
  },
  { type: 'COMPLEX64', dims: [1], data: { floatData: [1, 2] }, expected: new Float32Array([1, 2]) },
  {
    type: 'INT32',
    dims: [3],
    data: { int32Data: [-1, 300, 2 ** 31 - 1] },
    expected: new Int32Array([-1, 300, 2 ** 31 - 1]),
  },
  { type: 'INT16', dims: [2], data: { int32Data: [-300, 7] }, expected: new Int16Array([-300, 7]) },
  {
    type: 'INT8',
    dims: [2],
    data: { int32Data: [-128, 127] },
    expected: new Int8Array([-128, 127]),
  },
  { type: 'UINT8', dims: [2], data: { int32Data: [255, 1] }, expected: new Uint8Array([255, 1]) },
  {
    type: 'UINT16',
    dims: [2],
    data: { int32Data: [65535, 3] },
    expected: new Uint16Array([65535, 3]),
  },
  { type: 'BOOL', dims: [3], data: { int32Data: [1, 0, 1] }, expected: new Uint8Array([1, 0, 1]) },
  {
    type: 'FLOAT16',
    dims: [2],
    data: { int32Data: [0x3c00, 0xfbff] },
    expected: new Uint16Array([0x3c00, 0xfbff]),
  },
  {
    type: 'INT4',
    dims: [3],
    data: { int32Data: [0x21, 0xf3] },
    expected: new Uint8Array([0x21, 0xf3]),
  },
  {
    type: 'INT64',
    dims: [2],
    data: { int64Data: [-(2n ** 63n), 2n ** 53n + 1n] },
    expected: new BigInt64Array([-(2n ** 63n), 2n ** 53n + 1n]),
  },
  {
    type: 'UINT32',
    dims: [2],
    data: { uint64Data: [2n ** 32n - 1n, 5n] },
    expected: new Uint32Array([2 ** 32 - 1, 5]),
  },
  {
    type: 'UINT64',
    dims: [2],
    data: { uint64Data: [2n ** 64n - 1n, 6n] },
    expected: new BigUint64Array([2n ** 64n - 1n, 6n]),
  },
] as readonly {
  type: keyof typeof Type
  dims: number[]
  data: Data
  expected: ArrayBufferView
}[]) {
  test(`${type} in a field of numbers gives its bytes`, () => {
    const tensor = { name: 'w', dims: dims.map(BigInt), dataType: Type[type], ...data }
    const [weight] = initializers(parse(modelOf({ initializer: [tensor] })))
    assert.ok(weight !== undefined)
    assert.deepEqual([...weight.bytes()!], bytesOf(expected))
    assert.equal(weight.byteLength, expected.byteLength)
    assert.equal(weight.elements, dims[0])
    assert.equal(weight.type, type)
    assert.deepEqual(weight.shape, dims)
  })
}

test('numbers that are not packed are read like those that are', () => {
  const floats = new BinaryWriter()
  for (const value of [2.5, -1]) floats.tag(4, WireType.Bit32).float(value)
  const ints = new BinaryWriter()
  for (const value of [300, -2]) ints.tag(5, WireType.Varint).int32(value)
  const named = (name: string, dataType: number) =>
    new BinaryWriter()
      .tag(8, WireType.LengthDelimited)
      .string(name)
      .tag(1, WireType.Varint)
      .int64(2)
      .tag(2, WireType.Varint)
      .int32(dataType)
      .finish()
  const model = parse(modelOf({}))
  const extra = [
    [...named('f', Type.FLOAT), ...floats.finish()],
    [...named('i', Type.INT32), ...ints.finish()],
  ].map((bytes) =>
    new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(Uint8Array.from(bytes)).finish(),
  )
  const graph = new BinaryWriter()
    .tag(7, WireType.LengthDelimited)
    .bytes(Buffer.concat(extra))
    .finish()
  const weights = initializers(parse(graph))
  assert.deepEqual([...weights[0]!.bytes()!], bytesOf(new Float32Array([2.5, -1])))
  assert.deepEqual([...weights[1]!.bytes()!], bytesOf(new Int32Array([300, -2])))
  assert.deepEqual(initializers(model), [])
})

test('numbers that are damaged are refused', () => {
  const tensor = { name: 'w', dims: [2n], dataType: Type.INT64, int64Data: [-1n, 5n] }
  const bytes = modelOf({ initializer: [tensor] })
  const longest = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
  const at = Buffer.from(bytes).indexOf(longest)
  bytes[at + 9] = 0xff // no number is as long as that
  const [weight] = initializers(parse(bytes))
  assert.throws(() => weight?.bytes(), {
    reason: 'MODEL_UNREADABLE',
    message: 'tensor "w" cannot be read: expected numbers of INT64, got damaged ones',
  })
})

test('strings have no bytes to view, and count as long as they are', () => {
  const stringData = ['a', 'bcd'].map((text) => Buffer.from(text))
  const tensor = { name: 's', dims: [2n], dataType: Type.STRING, stringData }
  const [weight] = initializers(parse(modelOf({ initializer: [tensor] })))
  assert.equal(weight?.bytes(), undefined)
  assert.equal(weight?.byteLength, 4)
  assert.equal(weight?.datatype, 'BYTES')
})

test('an empty tensor has no bytes', () => {
  const [weight] = initializers(
    parse(modelOf({ initializer: [rawTensor('w', 'FP32', [0, 3], new Uint8Array())] })),
  )
  assert.equal(weight?.bytes()?.byteLength, 0)
  assert.equal(weight?.byteLength, 0)
})

test('external data is listed wherever a tensor of it lies', () => {
  const t = (name: string) =>
    externalTensor(name, [2, 3], { location: `${name}.bin`, offset: '4096' })
  const attributeOf = (name: string, more: object) =>
    create(AttributeProtoSchema, { name, ...more })
  const body = { name: 'body', initializer: [t('inner')] }
  const bytes = modelOf(
    {
      initializer: [t('outer')],
      sparseInitializer: [{ values: t('values'), indices: t('indices'), dims: [9n] }],
      node: [
        nodeOf('Constant', [], ['c'], [attributeOf('value', { t: t('constant') })]),
        nodeOf('If', ['c'], ['d'], [attributeOf('then_branch', { g: body })]),
        nodeOf(
          'X',
          [],
          [],
          [
            attributeOf('list', { tensors: [t('listed')] }),
            attributeOf('s', { sparseTensor: { values: t('sparse') } }),
          ],
        ),
      ],
    },
    {
      functions: [
        {
          name: 'f',
          node: [nodeOf('Constant', [], ['c'], [attributeOf('value', { t: t('function') })])],
        },
      ],
    },
  )
  const found = externalFiles(parse(bytes))
  assert.deepEqual(found.map(({ tensor }) => tensor).sort(), [
    'constant',
    'function',
    'indices',
    'inner',
    'listed',
    'outer',
    'sparse',
    'values',
  ])
  assert.deepEqual(
    found.find(({ tensor }) => tensor === 'outer'),
    {
      tensor: 'outer',
      location: 'outer.bin',
      offset: 4096,
      length: 24,
    },
  )
})

test('an initializer of external data tells where it lies, and has no bytes here', () => {
  const tensor = externalTensor('w', [4], { location: 'w.bin', offset: '8', length: '16' })
  const [weight] = initializers(parse(modelOf({ initializer: [tensor] })))
  assert.deepEqual(weight?.external, { tensor: 'w', location: 'w.bin', offset: 8, length: 16 })
  assert.equal(weight?.byteLength, 16)
  assert.equal(weight?.bytes(), undefined)
})

test('bodies a thousand deep are read without running out of stack', () => {
  const depth = 1000
  let graph = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(new Uint8Array()).finish()
  for (let level = 0; level < depth; level += 1) {
    const attribute = new BinaryWriter().tag(6, WireType.LengthDelimited).bytes(graph).finish()
    const node = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(attribute).finish()
    graph = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(node).finish()
  }
  const model = new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(graph).finish()
  assert.deepEqual(externalFiles(parse(model)), [])
})

function parse(bytes: Uint8Array) {
  return parseOnnx(bytes, { name: 'm.onnx' })
}
