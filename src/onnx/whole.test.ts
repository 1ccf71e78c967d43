import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  AttributeProtoSchema,
  type GraphProtoSchema,
  type TensorProto,
} from './generated/onnx-ml_pb.ts'
import { tensorsOf } from './graph.ts'
import {
  describe,
  encodeOnnx,
  externalFiles,
  type OnnxModel,
  parseOnnx,
  partsOf,
  signatureOf,
  wholeModel,
} from './index.ts'
import { initializerOf } from './initializers.ts'
import { externalTensor, modelOf, nodeOf, rawTensor, tensorInfo } from './testing.ts'

/** 4000 numbers, each its place. */
const numbers = Float32Array.from({ length: 4000 }, (_, index) => index)
const weights = Buffer.from(numbers.buffer)
const ahead = () => {}

test('what lies in other files is put into the model, to the byte', async (t) => {
  const model = await saved(t, {
    initializer: [
      rawTensor('own', 'FP32', [1], Buffer.from(Float32Array.of(7).buffer)),
      externalTensor('second', [2, 3], { location: 'w.bin', offset: '40', length: '24' }),
      externalTensor('first', [4], { location: './w.bin' }),
      externalTensor('again', [2, 3], { location: 'w.bin', offset: '40' }),
      externalTensor('across', [3000], { location: 'sub/v.bin', offset: '4' }),
      externalTensor('none', [0], { location: 'w.bin', offset: '16' }),
    ],
  })
  const { bytes, files, checkOnDisk } = wholeModel(model, partsOf(model), { between: ahead })
  assert.equal(checkOnDisk, undefined)
  const whole = parseOnnx(bytes, { name: 'm.onnx' })
  assert.deepEqual(externalFiles(whole), [])
  assert.deepEqual(valuesOf(whole), {
    own: [7],
    second: [10, 11, 12, 13, 14, 15],
    first: [0, 1, 2, 3],
    again: [10, 11, 12, 13, 14, 15],
    across: [...numbers.subarray(1, 3001)],
    none: [],
  })
  assert.deepEqual(signatureOf(whole), signatureOf(model))
  assert.deepEqual(describe(whole).operators, describe(model).operators)
  assert.deepEqual(
    files.map(({ location, bytes, sha256 }) => ({ location, bytes, sha256 })),
    ['w.bin', 'sub/v.bin'].map((location) => ({
      location,
      bytes: weights.byteLength,
      sha256: createHash('sha256').update(weights).digest('hex'),
    })),
  )
})

test('a file of many pieces is read with each part where it belongs', async (t) => {
  const many = Float32Array.from({ length: 700_000 }, (_, index) => index)
  const starts = [0, 262_140, 262_144, 500_000, 699_000]
  const model = await saved(
    t,
    {
      initializer: starts.map((start) =>
        externalTensor(`t${start}`, [1000], { location: 'w.bin', offset: `${4 * start}` }),
      ),
    },
    Buffer.from(many.buffer),
  )
  const { bytes } = wholeModel(model, partsOf(model), { between: ahead })
  assert.deepEqual(
    valuesOf(parseOnnx(bytes, { name: 'm.onnx' })),
    Object.fromEntries(
      starts.map((start) => [`t${start}`, [...many.subarray(start, start + 1000)]]),
    ),
  )
})

test('external data in bodies, in values of nodes and in functions is put in its place', async (t) => {
  const inner = externalTensor('inner', [2], { location: 'w.bin', offset: '8' })
  const deepest = graphIn('body', {
    node: [nodeOf('Constant', [], ['c'], [valueAttribute(externalTensor('deepest', [1], at(4)))])],
    initializer: [inner],
  })
  const model = await saved(
    t,
    {
      node: [
        nodeOf(
          'If',
          ['x'],
          ['z'],
          [graphIn('then_branch', { node: [nodeOf('If', ['x'], ['a'], [deepest])] })],
        ),
        nodeOf('Constant', [], ['k'], [valueAttribute(externalTensor('constant', [3], at(16)))]),
      ],
      initializer: [externalTensor('outer', [2], at(0))],
    },
    weights,
    [nodeOf('Constant', [], ['f'], [valueAttribute(externalTensor('function', [1], at(12)))])],
  )
  assert.equal(externalFiles(model).length, 5)
  const { bytes, files } = wholeModel(model, partsOf(model), { between: ahead })
  const whole = parseOnnx(bytes, { name: 'm.onnx' })
  assert.deepEqual(externalFiles(whole), [])
  assert.deepEqual(valuesOf(whole), {
    outer: [0, 1],
    inner: [2, 3],
    deepest: [1],
    constant: [4, 5, 6],
    function: [3],
  })
  assert.equal(files.length, 1)
})

test('a model whose weights lie in its own file is handed on as it was read', async (t) => {
  const model = await saved(t, {})
  const bytes = new Uint8Array(3)
  assert.equal(wholeModel(model, partsOf(model), { bytes, between: ahead }).bytes, bytes)
  const encoded = wholeModel(model, partsOf(model), { between: ahead })
  assert.deepEqual(encoded, { bytes: encodeOnnx(model), files: [] })
})

test('what protobuf cannot hold stays on disk, with its digest, and must not change', async (t) => {
  const model = await saved(t, { initializer: [externalTensor('w', [4000], at(0))] })
  const whole = () => wholeModel(model, partsOf(model), { between: ahead, mostBytes: 10_000 })
  const { bytes, files, checkOnDisk } = whole()
  assert.deepEqual(bytes, encodeOnnx(model))
  assert.equal(files[0]!.sha256, createHash('sha256').update(weights).digest('hex'))
  checkOnDisk!()

  const path = join(model.folder!, 'w.bin')
  await writeFile(path, weights) // the same bytes, but something was written
  assert.throws(checkOnDisk!, { reason: 'MODEL_UNREADABLE', message: /"w.bin" was changed/ })
  const again = whole()
  await rm(path)
  await symlink('sub/v.bin', path)
  assert.throws(again.checkOnDisk!, { reason: 'MODEL_UNREADABLE', message: /"w.bin" was changed/ })
})

test('a file that became too short, a link out of the folder or nothing at all is refused', async (t) => {
  const model = await saved(t, { initializer: [externalTensor('w', [4000], at(0))] })
  const parts = partsOf(model)
  const path = join(model.folder!, 'w.bin')
  await truncate(path, 15_999)
  const refused = () => wholeModel(model, parts, { between: ahead })
  assert.throws(refused, {
    reason: 'MODEL_UNREADABLE',
    message: /tensor "w" in external data "w.bin": expected bytes 0 to 16000, got a file of 15999/,
  })
  await rm(path)
  assert.throws(refused, { reason: 'MODEL_UNREADABLE', message: /"w.bin" is missing/ })
  await symlink('../secret.bin', path)
  await writeFile(join(model.folder!, '..', 'secret.bin'), weights)
  assert.throws(refused, { reason: 'MODEL_UNREADABLE', message: /a symbolic link out of it/ })
})

test('reading ends where what is called between pieces throws', async (t) => {
  const model = await saved(t, { initializer: [externalTensor('w', [4000], at(0))] })
  const between = () => {
    throw new Error('enough')
  }
  assert.throws(() => wholeModel(model, partsOf(model), { between }), /enough/)
})

const at = (offset: number) => ({ location: 'w.bin', offset: `${offset}` })

const valueAttribute = (tensor: TensorProto) =>
  create(AttributeProtoSchema, { name: 'value', t: tensor })

type Graph = Exclude<MessageInitShape<typeof GraphProtoSchema>, { $typeName: string }>

const graphIn = (name: string, graph: Graph) => create(AttributeProtoSchema, { name, g: graph })

/** By name, of every tensor at any depth. */
function valuesOf(model: OnnxModel) {
  return Object.fromEntries(
    tensorsOf(partsOf(model)).map((tensor) => {
      const bytes = Uint8Array.from(initializerOf(tensor).bytes() ?? [])
      return [tensor.name, [...new Float32Array(bytes.buffer)]]
    }),
  )
}

/** A model in a folder of its own, with weights in two files. */
async function saved(
  t: TestContext,
  graph: Graph,
  bytes: Uint8Array = weights,
  inFunction: ReturnType<typeof nodeOf>[] = [],
): Promise<OnnxModel> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-whole-'))
  t.after(() => rm(root, { recursive: true }))
  const folder = join(root, 'model')
  await mkdir(join(folder, 'sub'), { recursive: true })
  await writeFile(join(folder, 'w.bin'), bytes)
  await writeFile(join(folder, 'sub', 'v.bin'), bytes)
  const whole = modelOf(
    {
      input: [tensorInfo('x', 'FP32', ['n'])],
      output: [tensorInfo('y', 'FP32', ['n'])],
      ...graph,
      node: [nodeOf('Relu', ['x'], ['y']), ...(graph.node ?? [])],
    },
    inFunction.length === 0 ? {} : { functions: [{ name: 'f', domain: 'own', node: inFunction }] },
  )
  return parseOnnx(whole, { name: 'm.onnx', folder })
}
