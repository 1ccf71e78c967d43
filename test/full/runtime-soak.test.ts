/**
 * Models come and go many times in one process: nothing native is left, and memory stays.
 *
 * The larger model has 1 MiB of weights: kept by every cycle, they would be 90 MiB more at the end,
 * and sessions without them 70 MiB. By the tenth cycle allocators and V8 have most of what they
 * keep. What is left wanders up and down by some MiB, so the least of the last ten cycles counts.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { defaultModelConfig } from '../../src/config/index.ts'
import { modelOf, nodeOf, rawTensor, tensorInfo, zipMapModel } from '../../src/onnx/testing.ts'
import type { OnnxRuntime } from '../../src/runtime/onnx/index.ts'
import { alive, openRuntime } from '../../src/runtime/onnx/testing.ts'
import { callOf, fp32, valueAt } from '../../src/runtime/testing/tensors.ts'

const cycles = 100
const settledAfter = 10
const mostGrowth = 0.1
const width = 512

test('a hundred cycles of load, run and dispose keep no memory', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-soak-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const wide = join(folder, 'wide.onnx')
  const labels = join(folder, 'labels.onnx')
  await writeFile(wide, wideModel())
  await writeFile(labels, zipMapModel(['no', 'maybe', 'yes']))

  const runtime = await openRuntime()
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= runtime.close()
    return closing
  }
  t.after(close) // its threads would keep a test that failed alive
  const sizes: number[] = []
  for (let cycle = 0; cycle < cycles; cycle++) {
    await Promise.all([runWide(runtime, wide, cycle), runLabels(runtime, labels)])
    assert.deepEqual(alive(runtime, 'disposed'), {}, `after cycle ${cycle}`)
    collectGarbage()
    sizes.push(process.memoryUsage.rss())
  }
  const settled = sizes[settledAfter - 1]!
  const last = Math.min(...sizes.slice(-10))
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
  t.diagnostic(`${mib(settled)} MiB after cycle ${settledAfter}, ${mib(last)} after ${cycles}`)
  assert.ok(last < (1 + mostGrowth) * settled, `${mib(settled)} MiB became ${mib(last)} MiB`)

  await close()
  assert.deepEqual(alive(runtime, 'closed'), {})
  assert.equal(runtime.ledger.total('session'), 2 * cycles)
})

const sourceOf = (name: string, path: string) => ({
  name,
  version: '1',
  folder: dirname(path),
  path,
  config: defaultModelConfig,
})

/** Several runs at once, each with rows of its own. */
async function runWide(runtime: OnnxRuntime, path: string, cycle: number): Promise<void> {
  const model = await runtime.load(sourceOf('wide', path))
  const runs = [1, 2, 3].map(async (rows, index) => {
    const x = fp32('x', [rows, width], (index) => (index % width === 0 ? cycle + index : 0))
    const { outputs } = await model.run(
      { inputs: [x], outputs: ['y'] },
      callOf(),
      index % runtime.threads,
    )
    const [y] = outputs
    assert.deepEqual(y!.tensor.shape, [rows, width])
    // the first row of the weights is 1, 2, 3, …
    for (const row of [0, rows - 1]) {
      assert.equal(valueAt(y!, row * width + 5), 6 * (cycle + row * width))
    }
  })
  await Promise.all(runs)
  for (let rows = 1; rows <= 50; rows++) {
    const x = fp32('x', [rows, width], (index) => (index % width === 0 ? cycle + index : 0))
    const [y] = model.runNow!({ inputs: [x], outputs: ['y'] }).outputs
    assert.equal(valueAt(y!, 5), 6 * cycle)
  }
  await model.dispose()
}

async function runLabels(runtime: OnnxRuntime, path: string): Promise<void> {
  const model = await runtime.load(sourceOf('labels', path))
  const x = fp32('x', [3, 2], (index) => [4, 0, -4, 1, 2, -1][index]!)
  const outputs = ['label', 'probabilities']
  const answer = await model.run({ inputs: [x], outputs }, callOf(), 1) // two wide ones may be on 0
  const [label] = answer.outputs
  assert.deepEqual(
    (label!.tensor.data as readonly Uint8Array[]).map((bytes) => Buffer.from(bytes).toString()),
    ['yes', 'no', 'yes'],
  )
  await model.dispose()
}

/** `x` of rows by a square of weights. */
function wideModel(): Uint8Array {
  const weights = Float32Array.from({ length: width * width }, (_, index) => index + 1)
  return modelOf({
    node: [nodeOf('MatMul', ['x', 'w'], ['y'])],
    initializer: [rawTensor('w', 'FP32', [width, width], Buffer.from(weights.buffer))],
    input: [tensorInfo('x', 'FP32', ['batch', width])],
    output: [tensorInfo('y', 'FP32', ['batch', width])],
  })
}

/** So that what V8 has not got round to is not taken for a leak. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
