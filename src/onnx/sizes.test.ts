import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { memoryOf, parseOnnx, partsOf, sizesOf, sizesOfFile } from './index.ts'
import { memoryRange } from './memory.ts'
import {
  attribute,
  externalTensor,
  modelOf,
  nodeOf,
  rawTensor,
  Type,
  tensorInfo,
} from './testing.ts'

const vectors = attribute(
  'support_vectors',
  Array.from({ length: 5000 }, (_, index) => index / 2),
)

const everything = modelOf({
  node: [
    nodeOf('Relu', ['x'], ['r']),
    nodeOf('SVMRegressor', ['r'], ['s'], [vectors], 'ai.onnx.ml'),
    nodeOf('Cast', ['s'], ['y']),
  ],
  initializer: [
    rawTensor('large', 'FP32', [100, 100], new Uint8Array(40_000)),
    rawTensor('half', 'FP16', [30, 200], new Uint8Array(12_000)),
    rawTensor('brain', 'BF16', [], new Uint8Array(2)),
    externalTensor('a', [10], { location: 'w.bin', length: '40' }),
    externalTensor('b', [5], { location: './w.bin', offset: '40' }),
    externalTensor('gone', [5], { location: 'gone.bin' }),
    externalTensor('outside', [5], { location: '../w.bin' }),
  ],
  input: [tensorInfo('x', 'FP32', ['n'])],
  output: [tensorInfo('y', 'FP32', ['n'])],
})

test('a file is measured without being read, as it is when it was', async (t) => {
  const path = await saved(t, everything)
  const expected = {
    files: everything.byteLength + 60,
    nodes: 3,
    classical: 20_000,
    half: 12_002,
  }
  const { classical, ...sizes } = sizesOfFile(path)
  assert.deepEqual({ ...sizes, classical: expected.classical }, expected)
  assert.ok(classical >= expected.classical && classical < expected.classical + 6000)
  const parts = partsOf(parseOnnx(everything, { name: 'm.onnx' }))
  assert.deepEqual(sizesOf(parts, expected.files), { ...sizes, classical })
})

test('a file that is cut off or no model at all is measured by its size', async (t) => {
  for (const length of [0, 1, 2, 40, 5000, 20_100, everything.byteLength - 100]) {
    const { files, nodes, half } = sizesOfFile(await saved(t, everything.subarray(0, length)))
    assert.equal(files, length)
    assert.equal(nodes, 0)
    assert.equal(half, 0)
  }
  for (const bytes of [new Uint8Array(300).fill(0xff), Buffer.from('<html>'.repeat(100))]) {
    assert.equal(sizesOfFile(await saved(t, bytes)).files, bytes.byteLength)
  }
})

test('a file that claims endless axes or numbers beyond all is measured by its size', async (t) => {
  const dims = Array.from({ length: 100_000 }, () => 2n ** 62n)
  const bytes = modelOf({ initializer: [{ name: 'w', dims, dataType: Type.FLOAT16 }] })
  const sizes = sizesOfFile(await saved(t, bytes))
  assert.deepEqual(sizes, {
    files: bytes.byteLength,
    nodes: 0,
    classical: 0,
    half: bytes.byteLength,
  })
  const { half } = sizesOf(partsOf(parseOnnx(bytes, { name: 'm.onnx' })), bytes.byteLength)
  assert.equal(half, bytes.byteLength)
})

test('what is no file is refused as it is when it is read', async (t) => {
  const path = await saved(t, everything)
  assert.throws(() => sizesOfFile(`${path}.gone`), {
    reason: 'MODEL_UNREADABLE',
    message: /nothing of that name/,
  })
  assert.throws(() => sizesOfFile(join(path, '..')), { message: /got a directory/ })
})

test('memory is the weights once, more for trees and half floats, and something for each node', () => {
  const none = { files: 0, nodes: 0, classical: 0, half: 0 }
  const session = memoryOf(none)
  assert.equal(session, 429_916)
  assert.equal(memoryOf({ ...none, files: 2 ** 30 }), session + 2 ** 30)
  assert.equal(memoryOf({ ...none, nodes: 100 }), session + 307_200)
  assert.equal(memoryOf({ ...none, half: 1000 }), session + 1000)
  assert.equal(memoryOf({ ...none, files: 1000, classical: 1000 }), session + 5600)
})

test('runs may keep as much again twice, up to a limit', () => {
  const none = { files: 0, nodes: 0, classical: 0, half: 0 }
  assert.deepEqual(memoryRange(none), { low: 429_916, high: 3 * 429_916 })
  const { low, high } = memoryRange({ ...none, files: 2 ** 30 })
  assert.equal(high - low, 32 * 2 ** 20)
})

async function saved(t: TestContext, bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-sizes-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'm.onnx'), bytes)
  await writeFile(join(folder, 'w.bin'), new Uint8Array(60))
  return join(folder, 'm.onnx')
}
