import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { defaultModelConfig } from '../../config/index.ts'
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
} from '../../onnx/generated/onnx-ml_pb.ts'
import { identityModel, modelOf, nodeOf, rawTensor, tensorInfo } from '../../onnx/testing.ts'
import type { NamedTensor } from '../../tensor/index.ts'
import type { Executable } from '../runtime.ts'
import { callOf, fp32, plain } from '../testing/tensors.ts'
import type { OnnxRuntime } from './index.ts'
import { alive, openRuntime } from './testing.ts'

describe('a run on the loop', () => {
  let runtime: OnnxRuntime
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-now-'))
    runtime = await openRuntime()
  })
  after(async () => {
    await runtime.close()
    await rm(folder, { recursive: true })
  })

  const using = async (bytes: Uint8Array, body: (model: Executable) => Promise<void> | void) => {
    const path = join(folder, 'model.onnx')
    await writeFile(path, bytes)
    const source = { name: 'model', version: '1', folder, path, config: defaultModelConfig }
    const model = await runtime.load(source)
    try {
      await body(model)
    } finally {
      await model.dispose()
      assert.deepEqual(alive(runtime, 'disposed'), {})
    }
  }

  it('gives outputs whose shape the values decide', () =>
    using(whereModel(), async (model) => {
      for (const numbers of [
        [1, 0, 2],
        [1, 0, 2],
        [3, 4, 5],
        [0, 0, 6],
        [7, 8, 9],
      ]) {
        await assertSameAsThread(model, [fp32('x', [3], (index) => numbers[index]!)])
      }
      // it has learned that, and still writes the other output to memory of its own
      const before = runtime.ledger.total('value')
      for (const zeroes of [0, 1, 2, 3]) {
        model.runNow!(requestOf(model, [fp32('x', [3], (index) => (index < zeroes ? 0 : 1))]))
      }
      assert.equal(runtime.ledger.total('value') - before, 4)
    }))

  it('gives outputs of which a value decides the shape but not the size', () =>
    using(reshapeModel(), async (model) => {
      const x = fp32('x', [6], (index) => index)
      for (const shape of [
        [2, 3],
        [2, 3],
        [3, 2],
        [6, 1],
        [2, 3],
      ]) {
        await assertSameAsThread(model, [x, int64('shape', shape)])
      }
    }))

  it('gives outputs that no operator makes', () =>
    using(passingModel(), async (model) => {
      for (const first of [1, 20, 300, 4000]) {
        await assertSameAsThread(model, [fp32('x', [2], (index) => first + index)])
      }
    }))

  it('gives outputs of either branch', () =>
    using(branchModel(), async (model) => {
      for (const [round, go] of [1, 1, 0, 0, 1, 0].entries()) {
        const x = fp32('x', [2], (index) => index - round)
        const tensor = { datatype: 'BOOL' as const, shape: [], data: Uint8Array.of(go) }
        await assertSameAsThread(model, [x, { name: 'go', tensor }])
      }
    }))

  it('keeps no more values than a few hundred, however many shapes there are', () =>
    using(identityModel('FP32', [-1, -1]), async (model) => {
      for (let round = 0; round < 2; round++) {
        for (let rows = 1; rows <= 400; rows++) {
          const x = fp32('x', [rows, 1 + (rows % 3)], (index) => rows + index)
          for (const again of [x, x]) {
            const [y] = model.runNow!(requestOf(model, [again])).outputs
            assert.deepEqual(plain(y!.tensor), plain(x.tensor))
          }
          assert.ok(runtime.ledger.alive('value') <= 256, `after ${rows} rows`)
        }
      }
    }))

  it('keeps the values of shapes that come again and again', () =>
    using(identityModel('FP32', [-1]), (model) => {
      const made = () => runtime.ledger.total('value')
      const runOf = (rows: number) => {
        const before = made()
        const x = fp32('x', [rows], (index) => index)
        model.runNow!(requestOf(model, [x]))
        return made() - before
      }
      for (let once = 1; once <= 100; once++) {
        runOf(1000 + once)
        for (const often of [1, 2, 3]) {
          const values = runOf(often)
          if (once > 2) assert.equal(values, 0, `${often} rows after ${once} others`)
        }
      }
    }))

  it('tells shapes apart that have the same key', () =>
    using(identityModel('FP32', [-1, -1]), async (model) => {
      const [one, other] = [
        [1, 62],
        [2, 31],
      ] as const
      for (const shape of [one, other, other, one, other]) {
        await assertSameAsThread(model, [fp32('x', shape, (index) => shape[0]! * index)])
      }
    }))

  it('takes what is larger than the memory that is kept for it', () =>
    using(identityModel('FP32', [-1]), async (model) => {
      // all fits, only the input does, nothing does
      for (const length of [10_000, 20_000, 40_000]) {
        for (const first of [1, 2, 3]) {
          await assertSameAsThread(model, [fp32('x', [length], (index) => first * index)])
        }
      }
    }))

  it('refuses a tensor of the wrong shape, datatype or length as a thread does', () =>
    using(identityModel('FP32', ['n', 2]), async (model) => {
      const right = fp32('x', [2, 2], (index) => index + 1)
      const wrong: NamedTensor[] = [
        fp32('x', [2, 3], (index) => index),
        fp32('x', [4], (index) => index),
        int64('x', [1, 2]),
        { name: 'x', tensor: { datatype: 'FP32', shape: [2, 2], data: new Float32Array(3) } },
      ]
      for (const input of [...wrong, ...wrong]) {
        const inThread = model.run(requestOf(model, [input]), callOf(), 0)
        const told = await inThread.catch((thrown: Error) => thrown)
        assert.ok(told instanceof Error)
        assert.throws(() => model.runNow!(requestOf(model, [input])), { message: told.message })
        await assertSameAsThread(model, [right])
      }
    }))
})

async function assertSameAsThread(model: Executable, inputs: readonly NamedTensor[]) {
  const request = requestOf(model, inputs)
  const named = ({ name, tensor }: NamedTensor) => ({ name, ...plain(tensor) })
  const { outputs } = await model.run(request, callOf(), 0)
  for (let again = 0; again < 2; again++) {
    assert.deepEqual(model.runNow!(request).outputs.map(named), outputs.map(named))
  }
}

const requestOf = (model: Executable, inputs: readonly NamedTensor[]) => ({
  inputs,
  outputs: model.signature.outputs.map(({ name }) => name),
})

const int64 = (name: string, values: readonly number[]): NamedTensor => ({
  name,
  tensor: { datatype: 'INT64', shape: [values.length], data: BigInt64Array.from(values, BigInt) },
})

/** Where `x` is not zero, and twice `x`. */
const whereModel = () =>
  modelOf({
    node: [nodeOf('NonZero', ['x'], ['where']), nodeOf('Add', ['x', 'x'], ['twice'])],
    input: [tensorInfo('x', 'FP32', ['n'])],
    output: [tensorInfo('where', 'INT64', [1, 'found']), tensorInfo('twice', 'FP32', ['n'])],
  })

const reshapeModel = () =>
  modelOf({
    node: [nodeOf('Relu', ['x'], ['r']), nodeOf('Reshape', ['r', 'shape'], ['y'])],
    input: [tensorInfo('x', 'FP32', ['n']), tensorInfo('shape', 'INT64', [2])],
    output: [tensorInfo('y', 'FP32', ['a', 'b'])],
  })

/** The input itself, a weight, and what is made of it. */
const passingModel = () =>
  modelOf({
    node: [nodeOf('Relu', ['x'], ['y']), nodeOf('Add', ['w', 'w'], ['folded'])],
    input: [tensorInfo('x', 'FP32', [2])],
    output: ['x', 'w', 'folded', 'y'].map((name) => tensorInfo(name, 'FP32', [2])),
    initializer: [rawTensor('w', 'FP32', [2], new Uint8Array(Float32Array.of(5, 6).buffer))],
  })

/** `x` without what is negative, or as it is. */
function branchModel(): Uint8Array {
  const branch = (name: string, operator: string) =>
    create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.GRAPH,
      g: {
        name,
        node: [nodeOf(operator, ['x'], [name])],
        output: [tensorInfo(name, 'FP32', ['n'])],
      },
    })
  const branches = [branch('then_branch', 'Relu'), branch('else_branch', 'Identity')]
  return modelOf({
    node: [nodeOf('If', ['go'], ['y'], branches)],
    input: [tensorInfo('x', 'FP32', [2]), tensorInfo('go', 'BOOL', [])],
    output: [tensorInfo('y', 'FP32', ['n'])],
  })
}
