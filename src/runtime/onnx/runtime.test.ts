import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { Call } from '../../call.ts'
import { defaultModelConfig, parseModelConfig } from '../../config/index.ts'
import type { ServingError } from '../../errors.ts'
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
} from '../../onnx/generated/onnx-ml_pb.ts'
import {
  identityModel,
  modelOf,
  nodeOf,
  rawTensor,
  tensorInfo,
  zipMapModel,
} from '../../onnx/testing.ts'
import {
  binaryOf,
  DATATYPES,
  type Datatype,
  layoutOf,
  type NamedTensor,
  type Tensor,
  tensorFromBytes,
} from '../../tensor/index.ts'
import { describeRuntime } from '../contract.ts'
import type { Executable } from '../runtime.ts'
import { OnnxRuntime } from './index.ts'
import { NATIVE_KINDS } from './ledger.ts'

const open = () => OnnxRuntime.start({ threadsPerRun: 1, executors: 2 })
let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-onnx-'))
})
after(() => rm(folder, { recursive: true, force: true }))

describeRuntime('onnx', {
  open,
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

describe('the ONNX runtime', () => {
  let runtime: OnnxRuntime
  before(async () => {
    runtime = await open()
  })
  after(() => runtime.close())

  const load = async (name: string, bytes: Uint8Array, config = defaultModelConfig) =>
    runtime.load({ ...(await saved(name, bytes)), version: '1', config })

  for (const datatype of DATATYPES) {
    it(`takes ${datatype} in and out, bit by bit`, async () => {
      const model = await load(`identity-${datatype}`, identityModel(datatype, ['n', 2]))
      assert.deepEqual(model.signature.inputs, [
        { name: 'x', datatype, shape: [-1, 2], axes: ['n', undefined] },
      ])
      for (const rows of [3, 1, 0]) {
        const tensor = sample(datatype, rows)
        const answer = await runOf(model, [{ name: 'x', tensor }])
        assert.deepEqual(answer, [{ name: 'y', ...plain(tensor) }])
      }
      await model.dispose()
    })
  }

  it('takes scalars, and strings that are all empty', async () => {
    const scalar = await load('scalar', identityModel('FP64', []))
    const one: Tensor = { datatype: 'FP64', shape: [], data: Float64Array.of(Math.PI) }
    assert.deepEqual(await runOf(scalar, [{ name: 'x', tensor: one }]), [
      { name: 'y', ...plain(one) },
    ])
    const strings = await load('strings', identityModel('BYTES', [2]))
    const nothing = new Uint8Array(0)
    const empty: Tensor = { datatype: 'BYTES', shape: [2], data: [nothing, nothing] }
    assert.deepEqual(await runOf(strings, [{ name: 'x', tensor: empty }]), [
      { name: 'y', ...plain(empty) },
    ])
    await Promise.all([scalar.dispose(), strings.dispose()])
  })

  it('takes views of larger memory as they lie', async () => {
    const model = await load('view', identityModel('FP32', [-1, 2]))
    const memory = Float32Array.from({ length: 12 }, (_, index) => index)
    const tensor: Tensor = { datatype: 'FP32', shape: [2, 2], data: memory.subarray(5, 9) }
    const [answer] = await runOf(model, [{ name: 'x', tensor }])
    assert.deepEqual(answer, { name: 'y', ...plain(tensor) })
    await model.dispose()
  })

  it('gives the scores of a classifier as a tensor in place of its dictionaries', async () => {
    const model = await load('zipmap', zipMapModel(['no', 'maybe', 'yes']))
    assert.deepEqual(
      model.signature.outputs.map(({ name, datatype }) => [name, datatype]),
      [
        ['label', 'BYTES'],
        ['probabilities', 'FP32'],
      ],
    )
    assert.equal(model.signature.task?.kind, 'classifier')
    assert.deepEqual((model.signature.task as { labels?: unknown }).labels, ['no', 'maybe', 'yes'])
    const x = fp32('x', [3, 2], (index) => [4, 0, -4, 1, 2, -1][index]!)
    const { outputs } = await model.run(request(model, [x]), callOf())
    const [label, scores] = outputs
    assert.deepEqual(
      (label!.tensor.data as Uint8Array[]).map((bytes) => Buffer.from(bytes).toString()),
      ['yes', 'no', 'yes'],
    )
    assert.deepEqual(scores!.tensor.shape, [3, 3])
    const rowOf = (a: number, b: number) => [0, 1, 2].map((k) => (k + 0.5) * a + 1.5 * b + 0.25 * k)
    assert.deepEqual([...scores!.tensor.data], [...rowOf(4, 0), ...rowOf(-4, 1), ...rowOf(2, -1)])
    await model.dispose()
  })

  it('says that a model refused its input, without the words of its source, and runs the next', async () => {
    const model = await load('gather', gatherModel())
    const at = (...indices: number[]): NamedTensor => ({
      name: 'at',
      tensor: {
        datatype: 'INT64',
        shape: [indices.length],
        data: BigInt64Array.from(indices, BigInt),
      },
    })
    const taken = fp32('taken', [2], (index) => [30, 10][index]!)
    for (let round = 0; round < 3; round++) {
      const refused = model.run(request(model, [at(0, 9)]), callOf())
      await assert.rejects(refused, (thrown: ServingError) => {
        assert.equal(thrown.reason, 'RUN_REFUSED')
        assert.match(thrown.message, /9/)
        assert.doesNotMatch(thrown.message, /\.(cc|h):\d+|onnxruntime::|\//)
        return true
      })
      assert.deepEqual(await runOf(model, [at(2, 0)]), [{ name: 'taken', ...plain(taken.tensor) }])
    }
    await model.dispose()
  })

  it('refuses a provider that is not there when strict, and warns when not', async () => {
    const bytes = identityModel('FP32', [-1])
    const strict = parseModelConfig('onnx: {providers: [imaginary]}', 'model.yaml')
    await assert.rejects(load('strict', bytes, strict), (thrown: ServingError) => {
      assert.equal(thrown.reason, 'MODEL_UNSUPPORTED')
      assert.match(thrown.message, /"imaginary" is not in this ONNX Runtime, which has .*cpu/)
      assert.match(`${thrown.hint}`, /strict: false/)
      return true
    })
    const lenient = parseModelConfig(
      'onnx: {providers: [imaginary, cpu], strict: false}',
      'model.yaml',
    )
    const model = await load('lenient', bytes, lenient)
    assert.equal(model.provider, 'cpu')
    assert.equal(model.warnings.length, 1)
    assert.match(model.warnings[0]!, /"imaginary".*the CPU is used instead/)
    const x = fp32('x', [2], (index) => index + 1)
    assert.deepEqual(await runOf(model, [x]), [{ name: 'y', ...plain(x.tensor) }])
    await model.dispose()
    assert.deepEqual(alive(runtime, 'disposed'), {})
  })

  it('takes every option of a model at once', async () => {
    const config = parseModelConfig(
      [
        'onnx:',
        '  graphOptimization: basic',
        '  executionMode: parallel',
        '  intraOpThreads: 1',
        '  interOpThreads: 1',
        '  memoryPattern: false',
        '  cpuMemoryArena: false',
        '  deterministic: true',
        '  freeDimensions: {n: 2}',
        '  session: {session.dynamic_block_base: "4"}',
      ].join('\n'),
      'model.yaml',
    )
    const model = await load('options', identityModel('FP32', ['n']), config)
    const x = fp32('x', [2], (index) => index + 1)
    assert.deepEqual(await runOf(model, [x]), [{ name: 'y', ...plain(x.tensor) }])
    await model.dispose()
  })

  it('tells a run that its call ended while it waits behind another', async () => {
    const model = await load('endless-queue', endlessModel())
    const calls = Array.from({ length: runtime.capacity }, callOf)
    const x = fp32('x', [1], () => 1)
    const runs = calls.map((call) => model.run(request(model, [x]), call))
    const outcomes = Promise.allSettled(runs)
    // the last ones were handed over ahead, and have not begun
    for (const call of calls.toReversed()) call.cancel()
    for (const outcome of await outcomes) {
      assert.equal((outcome as PromiseRejectedResult).reason.reason, 'CANCELLED')
    }
    await model.dispose()
  })

  it('does not block the loop while a run goes on', async () => {
    const model = await load('endless-loop', endlessModel())
    const call = callOf()
    const run = model.run(request(model, [fp32('x', [1], () => 1)]), call)
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

  it('makes and releases as much in a hundred loads as in one', async () => {
    const sessions = runtime.ledger.total('session')
    const { path } = await saved('cycle', sumModel())
    for (let cycle = 0; cycle < 100; cycle++) {
      const model = await runtime.load({
        name: 'cycle',
        version: '1',
        path,
        config: defaultModelConfig,
      })
      const a = fp32('a', [1, 2], (index) => cycle + index)
      const b = fp32('b', [1, 2], () => 1)
      const answer = await runOf(model, [a, b])
      const expected = fp32('sum', [1, 2], (index) => cycle + index + 1)
      assert.deepEqual(answer[0], { name: 'sum', ...plain(expected.tensor) })
      await model.dispose()
      assert.deepEqual(alive(runtime, 'disposed'), {}, `cycle ${cycle}`)
    }
    assert.equal(runtime.ledger.total('session') - sessions, 100)
  })

  it('leaves nothing behind of loads, runs and inputs that failed', async () => {
    for (const bytes of [new Uint8Array(0), oneNode('NoSuchOperator')]) {
      await assert.rejects(load('failing', bytes), { reason: 'MODEL_UNREADABLE' })
    }
    assert.deepEqual(alive(runtime, 'disposed'), {})
  })
})

async function saved(name: string, bytes: Uint8Array) {
  const path = join(folder, `${name}.onnx`)
  await writeFile(path, bytes)
  return { name, path }
}

/** Kinds of native objects that should be gone and are not. */
function alive({ ledger }: OnnxRuntime, when: 'disposed' | 'closed') {
  const kept: readonly string[] =
    when === 'closed' ? [] : ['environment', 'memoryInfo', 'runOptions']
  const counts = NATIVE_KINDS.map((kind) => [kind, ledger.alive(kind)] as const)
  return Object.fromEntries(counts.filter(([kind, count]) => count !== 0 && !kept.includes(kind)))
}

const callOf = () => new Call({ requestId: 'test' })

const request = (model: Executable, inputs: readonly NamedTensor[]) => ({
  inputs,
  outputs: model.signature.outputs.map(({ name }) => name),
})

async function runOf(model: Executable, inputs: readonly NamedTensor[]) {
  const { outputs } = await model.run(request(model, inputs), callOf())
  return outputs.map(({ name, tensor }) => ({ name, ...plain(tensor) }))
}

const plain = (tensor: Tensor) => ({
  datatype: tensor.datatype,
  shape: [...tensor.shape],
  bytes: Buffer.from(binaryOf(tensor)).toString('hex'),
})

const spec = (name: string, shape: readonly number[]) => ({
  name,
  datatype: 'FP32' as const,
  shape,
  axes: ['batch', undefined],
})

function fp32(name: string, shape: readonly number[], at: (index: number) => number): NamedTensor {
  const length = shape.reduce((product, size) => product * size, 1)
  const data = Float32Array.from({ length }, (_, index) => at(index))
  return { name, tensor: { datatype: 'FP32', shape, data } }
}

const valueAt = ({ tensor }: NamedTensor, index: number) => Number(tensor.data[index])

/** Rows of two elements with every bit set somewhere, all different. */
function sample(datatype: Datatype, rows: number): Tensor {
  const shape = [rows, 2]
  if (datatype === 'BYTES') {
    const strings = ['', 'a\0b', '\0', 'é', 'plain', 'last'].map((text) => Buffer.from(text))
    strings[4] = Buffer.of(0xff, 0x00, 0xfe, 0x80)
    return { datatype, shape, data: strings.slice(0, rows * 2) }
  }
  const bytes = new Uint8Array(rows * 2 * layoutOf(datatype).size)
  for (const index of bytes.keys()) {
    bytes[index] = datatype === 'BOOL' ? (index + 1) % 2 : 255 - index * 5
  }
  return tensorFromBytes('x', datatype, shape, bytes)
}

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

const gatherModel = () =>
  modelOf({
    node: [nodeOf('Gather', ['from', 'at'], ['taken'])],
    input: [tensorInfo('at', 'INT64', ['n'])],
    output: [tensorInfo('taken', 'FP32', ['n'])],
    initializer: [
      rawTensor('from', 'FP32', [3], new Uint8Array(Float32Array.of(10, 20, 30).buffer)),
    ],
  })

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
