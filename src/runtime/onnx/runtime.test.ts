import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { defaultModelConfig, parseModelConfig } from '../../config/index.ts'
import type { ServingError } from '../../errors.ts'
import { identityModel, modelOf, nodeOf, tensorInfo, zipMapModel } from '../../onnx/testing.ts'
import {
  DATATYPES,
  type Datatype,
  layoutOf,
  type NamedTensor,
  type Tensor,
  tensorFromBytes,
} from '../../tensor/index.ts'
import type { Executable } from '../runtime.ts'
import { callOf, fp32, plain } from '../testing/tensors.ts'
import type { OnnxRuntime } from './index.ts'
import { alive, openRuntime } from './testing.ts'

let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-onnx-'))
})
after(() => rm(folder, { recursive: true, force: true }))

describe('the ONNX runtime', () => {
  let runtime: OnnxRuntime
  before(async () => {
    runtime = await openRuntime()
  })
  after(() => runtime.close())

  const load = async (name: string, bytes: Uint8Array, config = defaultModelConfig) =>
    runtime.load({ ...(await saved(name, bytes)), folder, version: '1', config })

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
    const { outputs } = await model.run(request(model, [x]), callOf(), 0)
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

  it('makes and releases as much in a hundred loads as in one', async () => {
    const sessions = runtime.ledger.total('session')
    const { path } = await saved('cycle', identityModel('FP32', ['n']))
    for (let cycle = 0; cycle < 100; cycle++) {
      const model = await runtime.load({
        name: 'cycle',
        version: '1',
        folder,
        path,
        config: defaultModelConfig,
      })
      const x = fp32('x', [2], (index) => cycle + index)
      assert.deepEqual(await runOf(model, [x]), [{ name: 'y', ...plain(x.tensor) }])
      await model.dispose()
      assert.deepEqual(alive(runtime, 'disposed'), {}, `cycle ${cycle}`)
    }
    assert.equal(runtime.ledger.total('session') - sessions, 100)
  })

  it('releases hundreds at once', async () => {
    const { path } = await saved('many', identityModel('FP32', ['n']))
    const source = { name: 'many', version: '1', folder, path, config: defaultModelConfig }
    const models: Executable[] = []
    while (models.length < 300) models.push(await runtime.load(source))
    await Promise.all(models.map((model) => model.dispose()))
    assert.deepEqual(alive(runtime, 'disposed'), {})
  })

  it('leaves nothing behind of loads that failed', async () => {
    const cutOff = identityModel('FP32', ['n']).subarray(0, 40)
    for (const bytes of [new Uint8Array(0), cutOff, noSuchOperator()]) {
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

const request = (model: Executable, inputs: readonly NamedTensor[]) => ({
  inputs,
  outputs: model.signature.outputs.map(({ name }) => name),
})

async function runOf(model: Executable, inputs: readonly NamedTensor[]) {
  const { outputs } = await model.run(request(model, inputs), callOf(), 0)
  return outputs.map(({ name, tensor }) => ({ name, ...plain(tensor) }))
}

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

const noSuchOperator = () =>
  modelOf({
    node: [nodeOf('NoSuchOperator', ['x'], ['y'])],
    input: [tensorInfo('x', 'FP32', [1])],
    output: [tensorInfo('y', 'FP32', [1])],
  })
