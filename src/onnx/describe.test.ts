import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { AttributeProtoSchema } from './generated/onnx-ml_pb.ts'
import { describe, parseOnnx, readOnnx } from './index.ts'
import { memoryRange } from './memory.ts'
import {
  externalTensor,
  mapsInfo,
  modelOf,
  nodeOf,
  rawTensor,
  Type,
  tensorInfo,
} from './testing.ts'

test('everything that is known of a model is told', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-describe-'))
  t.after(() => rm(folder, { recursive: true }))
  const body = {
    node: [nodeOf('Add', ['i', 'i'], ['j']), nodeOf('Gelu', ['j'], ['k'], [], 'com.microsoft')],
    initializer: [rawTensor('inner', 'FP64', [2], new Uint8Array(16))],
  }
  const bytes = modelOf(
    {
      node: [
        nodeOf('Add', ['x', 'w'], ['s']),
        nodeOf('Loop', ['s'], ['y'], [create(AttributeProtoSchema, { name: 'body', g: body })]),
      ],
      input: [tensorInfo('x', 'FP32', ['batch', 3])],
      output: [tensorInfo('y', 'FP32', ['batch'])],
      initializer: [
        { name: 'w', dims: [3n], dataType: Type.FLOAT, floatData: [1, 2, 3] },
        externalTensor('a', [10], { location: 'w.bin' }),
        externalTensor('b', [5], { location: 'w.bin', offset: '40' }),
      ],
    },
    {
      producerName: 'maker',
      producerVersion: '1.2',
      modelVersion: 7n,
      docString: 'adds',
      metadataProps: [{ key: 'author', value: 'somebody' }],
    },
  )
  await writeFile(join(folder, 'm.onnx'), bytes)
  await writeFile(join(folder, 'w.bin'), new Uint8Array(60))

  assert.deepEqual(describe(await readOnnx(join(folder, 'm.onnx'))), {
    file: 'm.onnx',
    fileBytes: bytes.byteLength,
    irVersion: 8,
    opsets: { 'ai.onnx': 17, 'ai.onnx.ml': 3 },
    producer: { name: 'maker', version: '1.2' },
    modelVersion: 7,
    documentation: 'adds',
    metadata: { author: 'somebody' },
    signature: {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3], axes: ['batch', undefined] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1], axes: ['batch'] }],
      task: { kind: 'regressor', output: 'y' },
    },
    parameters: { count: 3 + 10 + 5 + 2, bytes: 12 + 40 + 20 + 16 },
    externalFiles: [{ location: 'w.bin', bytes: 60 }],
    operators: { 'ai.onnx': { Add: 2, Loop: 1 }, 'com.microsoft': { Gelu: 1 } },
    memory: memoryRange({ files: bytes.byteLength + 60, nodes: 4, classical: 0, half: 0 }),
    problems: [],
  })
})

test('a model that is refused is described, with why', () => {
  const bytes = modelOf({ output: [mapsInfo('y', Type.STRING)] }, { irVersion: 40n })
  const { signature, problems } = describe(parseOnnx(bytes, { name: 'm.onnx' }))
  assert.equal(signature, undefined)
  assert.equal(problems.length, 2)
  assert.match(problems[0]!, /output "y" of m.onnx is sequence\(map\(STRING, tensor\(FLOAT\)\)\)/)
  assert.match(problems[1]!, /IR version/)
})
