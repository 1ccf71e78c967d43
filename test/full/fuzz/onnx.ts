/** Files that are damaged ONNX models: all that is read of one before the runtime sees it. */
import { strict as assert } from 'node:assert'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from '@bufbuild/protobuf'
import { ServingError } from '../../../src/errors.ts'
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  FunctionProtoSchema,
  SparseTensorProtoSchema,
  TensorProtoSchema,
} from '../../../src/onnx/generated/onnx-ml_pb.ts'
import {
  describe,
  encodeOnnx,
  initializers,
  parseOnnx,
  preflight,
  signatureOf,
  withoutZipMap,
} from '../../../src/onnx/index.ts'
import {
  addModel,
  attribute,
  externalTensor,
  identityModel,
  modelOf,
  nodeOf,
  rawTensor,
  Type,
  tensorInfo,
  zipMapModel,
} from '../../../src/onnx/testing.ts'
import { slowModel } from '../../e2e/models.ts'
import { mutate } from './mutate.ts'
import { mutateMessage } from './protobuf.ts'
import type { Random } from './random.ts'
import type { Target } from './target.ts'

export const onnxFiles: Target = {
  name: 'ONNX files',
  cases: 140_000,
  open: () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-fuzz-'))
    writeFileSync(join(folder, 'w.bin'), Buffer.alloc(64))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    const models = healthy()
    return (random, given) => {
      const bytes = damaged(random.of(models), random)
      given(bytes)
      const origin = { name: 'm.onnx', ...(random.chance(0.7) ? { folder } : {}) }
      read(bytes, origin)
    }
  },
}

function read(bytes: Uint8Array, origin: { name: string; folder?: string }): void {
  const model = refusable(() => parseOnnx(bytes, origin))
  if (model === undefined) return
  refusable(() => {
    const { problems, memory } = describe(model)
    assert.ok(problems.every((problem) => problem !== '') && memory.low <= memory.high)
  })
  refusable(() => preflight(model))
  refusable(() => signatureOf(model))
  refusable(() => {
    for (const initializer of initializers(model)) initializer.bytes()
  })
  refusable(() => {
    const rewritten = withoutZipMap(model)
    if (rewritten === undefined) return
    const again = parseOnnx(encodeOnnx(rewritten), origin)
    assert.deepEqual(signatureOf(again).inputs, signatureOf(model).inputs)
  })
}

/** Undefined where it was refused as a file or a model may be. */
function refusable<T>(use: () => T): T | undefined {
  try {
    return use()
  } catch (thrown) {
    if (!(thrown instanceof ServingError) || thrown.code === 'internal') throw thrown
    assert.match(thrown.reason, /^MODEL_UN(READABLE|SUPPORTED)$/)
    return undefined
  }
}

function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.chance(0.25)) return mutate(bytes, random)
  let message = bytes
  const times = 1 + random.below(3)
  for (let time = 0; time < times; time++) message = mutateMessage(message, random)
  return message
}

/** Models with something of all that is read. */
function healthy(): readonly Uint8Array[] {
  const weights = rawTensor('w', 'FP32', [2, 3], new Uint8Array(24))
  const numbers = [
    create(TensorProtoSchema, { name: 'f', dims: [2n], dataType: Type.FLOAT, floatData: [1.5, 2] }),
    create(TensorProtoSchema, {
      name: 'i',
      dims: [3n],
      dataType: Type.INT32,
      int32Data: [1, -2, 3],
    }),
    create(TensorProtoSchema, { name: 'h', dims: [1n], dataType: Type.FLOAT16, int32Data: [7] }),
    create(TensorProtoSchema, {
      name: 'l',
      dims: [2n],
      dataType: Type.INT64,
      int64Data: [4n, -5n],
    }),
    create(TensorProtoSchema, { name: 'd', dims: [1n], dataType: Type.DOUBLE, doubleData: [0.5] }),
    create(TensorProtoSchema, { name: 'u', dims: [1n], dataType: Type.UINT64, uint64Data: [9n] }),
    create(TensorProtoSchema, { name: 'k', dims: [3n], dataType: Type.INT4, int32Data: [1, 2] }),
    create(TensorProtoSchema, {
      name: 's',
      dims: [2n],
      dataType: Type.STRING,
      stringData: [Buffer.from('no'), Buffer.from('yes')],
    }),
  ]
  const x = tensorInfo('x', 'FP32', ['batch', 2])
  const y = tensorInfo('y', 'FP32', ['batch', 3])
  const sparse = create(SparseTensorProtoSchema, {
    values: create(TensorProtoSchema, {
      name: 'sv',
      dims: [1n],
      dataType: Type.FLOAT,
      floatData: [3],
    }),
    indices: rawTensor('si', 'INT64', [1, 1], new Uint8Array(8)),
    dims: [2n, 2n],
  })
  const inFile = externalTensor('e', [2, 3], { location: 'w.bin', offset: '8', length: '24' })
  const constant = create(AttributeProtoSchema, {
    name: 'value',
    type: AttributeType.TENSOR,
    t: numbers[3]!,
  })
  const picked = modelOf({
    node: [
      nodeOf('Softmax', ['x'], ['p']),
      nodeOf('Constant', [], ['classes'], [constant]),
      nodeOf('ArrayFeatureExtractor', ['classes', 'p'], ['label'], [], 'ai.onnx.ml'),
      nodeOf('Cast', ['p'], ['scores']),
    ],
    input: [x],
    output: [tensorInfo('label', 'INT64', [1]), tensorInfo('scores', 'FP32', ['batch', 2])],
  })
  const own = create(FunctionProtoSchema, {
    name: 'Own',
    domain: 'com.example',
    input: ['a'],
    output: ['b'],
    node: [nodeOf('Identity', ['a'], ['b'], [attribute('strings', ['one', 'two'])])],
  })
  return [
    identityModel('FP32', ['batch', 3]),
    identityModel('BYTES', []),
    addModel('INT64', [-1, 2n]),
    zipMapModel(['no', 'maybe', 'yes']),
    zipMapModel([3, 5], { scoresUsedElsewhere: true }),
    slowModel(),
    picked,
    modelOf({
      node: [nodeOf('MatMul', ['x', 'w'], ['y'])],
      initializer: [weights, inFile, ...numbers],
      sparseInitializer: [sparse],
      input: [x, tensorInfo('w', 'FP32', [2, 3])],
      output: [y],
      docString: 'what it does',
    }),
    modelOf(
      { node: [nodeOf('Own', ['x'], ['y'], [], 'com.example')], input: [x], output: [y] },
      {
        functions: [own],
        producerName: 'test',
        metadataProps: [{ key: '__proto__', value: 'v' }],
      },
    ),
  ]
}
