import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { defaultModelConfig } from '../../config/index.ts'
import type { ServingError } from '../../errors.ts'
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
} from '../../onnx/generated/onnx-ml_pb.ts'
import { modelOf, nodeOf, rawTensor, tensorInfo } from '../../onnx/testing.ts'
import type { NamedTensor } from '../../tensor/index.ts'
import { describeRuntime } from '../contract.ts'
import type { Executable } from '../runtime.ts'
import { callOf, fp32, valueAt } from '../testing/tensors.ts'
import type { OnnxRuntime } from './index.ts'
import { alive, openRuntime } from './testing.ts'

let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-onnx-'))
})
after(() => rm(folder, { recursive: true, force: true }))

describeRuntime('onnx', {
  open: openRuntime,
  models: async () => {
    const sum = sumModel()
    const noise = Uint8Array.from({ length: 4096 }, (_, index) => (index * 7919) % 251)
    return {
      rows: {
        ...(await saved('sum', sum)),
        signature: {
          inputs: [spec('a', [-1, 2]), spec('b', [-1, 2])],
          outputs: [spec('sum', [-1, 2]), spec('difference', [-1, 2])],
        },
        inputs: (rows, first) => [
          fp32('a', [rows, 2], (index) => first + index),
          fp32('b', [rows, 2], (index) => first * 2 + index / 4),
        ],
        expected: ([a, b]) => [
          fp32('sum', a!.tensor.shape, (index) => valueAt(a!, index) + valueAt(b!, index)),
          fp32('difference', a!.tensor.shape, (index) => valueAt(a!, index) - valueAt(b!, index)),
        ],
      },
      endless: {
        ...(await saved('endless', endlessModel())),
        inputs: [fp32('x', [1], () => 1)],
      },
      refusing: {
        ...(await saved('gather', gatherModel())),
        inputs: [indices(2, 0)],
        refused: [indices(1, 9)],
      },
      unreadable: [
        { name: 'missing', path: join(folder, 'missing.onnx') },
        { name: 'folder', path: folder },
        await saved('empty', new Uint8Array(0)),
        await saved('noise', noise),
        await saved('truncated', sum.subarray(0, sum.length - 20)),
        await saved('nonsense', oneNode('NoSuchOperator')),
      ],
      unsupported: [
        await saved('newer', oneNode('Identity', { irVersion: 99n })),
        await saved('opset', oneNode('Identity', { opsetImport: [{ domain: '', version: 999n }] })),
        await saved('custom', oneNode('Identity', {}, 'com.example')),
      ],
    }
  },
  skip: { stream: 'an ONNX model gives one answer' },
  nothingLeft: (runtime, when) => assert.deepEqual(alive(runtime, when), {}),
})

describe('a run that does not end, or is refused', () => {
  let runtime: OnnxRuntime
  before(async () => {
    runtime = await openRuntime()
  })
  after(() => runtime.close())

  const load = async (name: string, bytes = endlessModel()) =>
    runtime.load({
      ...(await saved(name, bytes)),
      folder,
      version: '1',
      config: defaultModelConfig,
    })

  it('tells a run that its call ended while it waits behind another', async () => {
    const model = await load('endless-queue')
    const { threads, placesPerThread } = runtime
    const calls = Array.from({ length: threads * placesPerThread }, callOf)
    const x = fp32('x', [1], () => 1)
    const runs = calls.map((call, index) => model.run(request(model, x), call, index % threads))
    const outcomes = Promise.allSettled(runs)
    // the last ones were handed over ahead, and have not begun
    for (const call of calls.toReversed()) call.cancel()
    for (const outcome of await outcomes) {
      assert.equal((outcome as PromiseRejectedResult).reason.reason, 'CANCELLED')
    }
    await model.dispose()
  })

  it('does not block the loop while a run goes on', async () => {
    const model = await load('endless-loop')
    const call = callOf()
    const run = model.run(
      request(
        model,
        fp32('x', [1], () => 1),
      ),
      call,
      0,
    )
    run.catch(() => {})
    let turns = 0
    while (turns < 100) {
      await new Promise((resolve) => setImmediate(resolve))
      turns += 1
    }
    call.cancel()
    await assert.rejects(run, { reason: 'CANCELLED' })
    await model.dispose()
  })

  it('says that a model refused its input, without the words of its source', async () => {
    const model = await load('refusing', gatherModel())
    const refused = model.run(request(model, indices(0, 9)), callOf(), 0)
    await assert.rejects(refused, (thrown: ServingError) => {
      assert.equal(thrown.reason, 'RUN_REFUSED')
      assert.match(thrown.message, /9/)
      assert.doesNotMatch(thrown.message, /\.(cc|h):\d+|onnxruntime::|\//)
      return true
    })
    await model.dispose()
  })
})

async function saved(name: string, bytes: Uint8Array) {
  const path = join(folder, `${name}.onnx`)
  await writeFile(path, bytes)
  return { name, path }
}

const request = (model: Executable, x: NamedTensor) => ({
  inputs: [x],
  outputs: model.signature.outputs.map(({ name }) => name),
})

const spec = (name: string, shape: readonly number[]) => ({
  name,
  datatype: 'FP32' as const,
  shape,
  axes: ['batch', undefined],
})

const sumModel = () =>
  modelOf({
    node: [nodeOf('Add', ['a', 'b'], ['sum']), nodeOf('Sub', ['a', 'b'], ['difference'])],
    input: [tensorInfo('a', 'FP32', ['batch', 2]), tensorInfo('b', 'FP32', ['batch', 2])],
    output: [
      tensorInfo('sum', 'FP32', ['batch', 2]),
      tensorInfo('difference', 'FP32', ['batch', 2]),
    ],
  })

const oneNode = (operator: string, around: Parameters<typeof modelOf>[1] = {}, domain = '') =>
  modelOf(
    {
      node: [nodeOf(operator, ['x'], ['y'], [], domain)],
      input: [tensorInfo('x', 'FP32', [1])],
      output: [tensorInfo('y', 'FP32', [1])],
    },
    domain === ''
      ? around
      : {
          opsetImport: [
            { domain: '', version: 17n },
            { domain, version: 1n },
          ],
        },
  )

/** A loop that adds 0 to `x` for ever. */
function endlessModel(): Uint8Array {
  const body = create(GraphProtoSchema, {
    name: 'body',
    node: [nodeOf('Identity', ['go'], ['goOn']), nodeOf('Add', ['value', 'zero'], ['next'])],
    input: [
      tensorInfo('turn', 'INT64', []),
      tensorInfo('go', 'BOOL', []),
      tensorInfo('value', 'FP32', [1]),
    ],
    output: [tensorInfo('goOn', 'BOOL', []), tensorInfo('next', 'FP32', [1])],
  })
  const attribute = create(AttributeProtoSchema, {
    name: 'body',
    type: AttributeProto_AttributeType.GRAPH,
    g: body,
  })
  return modelOf({
    node: [nodeOf('Loop', ['', 'yes', 'x'], ['y'], [attribute])],
    input: [tensorInfo('x', 'FP32', [1])],
    output: [tensorInfo('y', 'FP32', [1])],
    initializer: [
      rawTensor('yes', 'BOOL', [], Uint8Array.of(1)),
      rawTensor('zero', 'FP32', [1], new Uint8Array(4)),
    ],
  })
}

/** `taken`: 10, 20 or 30, by their indices `at`. Refuses what is no index of them. */
const gatherModel = () =>
  modelOf({
    node: [nodeOf('Gather', ['from', 'at'], ['taken'])],
    input: [tensorInfo('at', 'INT64', ['n'])],
    output: [tensorInfo('taken', 'FP32', ['n'])],
    initializer: [
      rawTensor('from', 'FP32', [3], new Uint8Array(Float32Array.of(10, 20, 30).buffer)),
    ],
  })

const indices = (...at: readonly number[]): NamedTensor => ({
  name: 'at',
  tensor: { datatype: 'INT64', shape: [at.length], data: BigInt64Array.from(at, BigInt) },
})
