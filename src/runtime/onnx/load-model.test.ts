import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { defaultModelConfig } from '../../config/index.ts'
import type { ServingError } from '../../errors.ts'
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
} from '../../onnx/generated/onnx-ml_pb.ts'
import { memoryOf, sizesOfFile } from '../../onnx/index.ts'
import { attribute, externalTensor, modelOf, nodeOf, tensorInfo } from '../../onnx/testing.ts'
import type { NamedTensor } from '../../tensor/index.ts'
import type { Executable } from '../runtime.ts'
import { callOf, fp32 } from '../testing/tensors.ts'
import { Environment } from './environment.ts'
import { OnnxExecutable } from './executable.ts'
import type { OnnxRuntime } from './index.ts'
import { bundledLibraryPath } from './library-path.ts'
import type { LoadedModel } from './load-job.ts'
import { type LoadTools, loadModel } from './load-model.ts'
import { NativeObjects } from './native-objects.ts'
import { RunThreads } from './run-threads.ts'
import { alive, openRuntime } from './testing.ts'

const one = Float32Array.of(1, 2, 3, 4)
const other = Float32Array.of(50, 60, 70, 80)
const large = Float32Array.from({ length: 400_000 }, (_, index) => index % 7)

describe('a model with external data', () => {
  let runtime: OnnxRuntime
  let root: string
  before(async () => {
    runtime = await openRuntime()
    root = await mkdtemp(join(tmpdir(), 'sluice-load-'))
  })
  after(async () => {
    await runtime.close()
    await rm(root, { recursive: true })
  })

  it('is served with its weights from several files, wherever they are used', async () => {
    const source = await layOut(root, 'several')
    const model = await runtime.load(source)
    assert.deepEqual(await answerOf(model), [
      // x + one[0..1] + other[2..3] in a body + other[0..1] in a node
      [0 + 1 + 70 + 50, 1 + 2 + 80 + 60],
      [large.reduce((sum, value) => sum + value, 0)],
    ])
    assert.deepEqual(model.files, [
      await fileOf(source.folder, '1/model.onnx'),
      await fileOf(source.folder, '1/one.bin'),
      await fileOf(source.folder, '1/sub/large.bin'),
      await fileOf(source.folder, '1/sub/other.bin'),
    ])
    assert.ok(model.memoryBytes > 4 * large.length)
    assert.ok((await runtime.estimate(source)) > 4 * large.length)
    await model.dispose()
    assert.deepEqual(alive(runtime, 'disposed'), {})
  })

  it('is refused where the lock does not have one of its files right', async () => {
    const source = await layOut(root, 'locked')
    const { files } = await loaded(source)
    const right = new Map(files.map(({ path, sha256 }) => [path, sha256]))
    for (const { path } of files) {
      const without = new Map(right)
      without.delete(path)
      const wrong = new Map(right).set(
        path,
        right.get(path)!.replace(/^./, (c) => (c === '0' ? '1' : '0')),
      )
      for (const lock of [without, wrong]) {
        await assert.rejects(runtime.load({ ...source, lock }), (thrown: ServingError) => {
          assert.equal(thrown.reason, 'DIGEST_MISMATCH')
          assert.equal(thrown.facts.file, path)
          return true
        })
      }
    }
    const model = await runtime.load({ ...source, lock: right })
    await model.dispose()
  })

  it('is refused where a file is not in its folder', async () => {
    const source = await layOut(root, 'outside')
    await rename(join(source.folder, '1', 'one.bin'), join(root, 'one.bin'))
    await assert.rejects(runtime.load(source), {
      reason: 'MODEL_UNSUPPORTED',
      message: /"one.bin" is missing/,
    })
    await assert.rejects(runtime.load({ ...source, folder: join(source.folder, '2') }), {
      reason: 'MODEL_UNREADABLE',
      message: /model.onnx is outside/,
    })
    assert.deepEqual(alive(runtime, 'disposed'), {})
  })

  async function loaded(source: Parameters<OnnxRuntime['load']>[0]) {
    const model = await runtime.load(source)
    await model.dispose()
    return model
  }
})

describe('a load', () => {
  let root: string
  let environment: Environment
  let threads: RunThreads
  const library = bundledLibraryPath()
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-load-'))
    environment = new Environment({ library, threads: 1 })
    threads = await RunThreads.start(environment, library, 1)
  })
  after(async () => {
    await threads.close()
    environment.dispose()
    await rm(root, { recursive: true })
  })

  const tools = (more: Partial<LoadTools> = {}): LoadTools => ({
    native: environment,
    between: () => {},
    ...more,
  })
  const sourceOf = ({ folder, path }: { readonly folder: string; readonly path: string }) => ({
    folder,
    path,
    config: defaultModelConfig.onnx,
    threads: 1,
    environment: environment.handle,
  })
  const executable = (model: LoadedModel) => new OnnxExecutable({ environment, threads, model })

  it('serves what its digests tell of, although its files are swapped meanwhile', async () => {
    // however far the reading had come when it happened
    for (let when = 1; ; when++) {
      const source = sourceOf(await layOut(root, `swapped-${when}`))
      const { folder } = source
      const before = await Promise.all(paths.map((path) => fileOf(folder, path)))
      let pieces = 0
      const between = () => {
        pieces += 1
        if (pieces !== when) return
        const swapped = Float32Array.from(large, (value) => value + 1)
        for (const [path, numbers] of [
          ['1/one.bin', other],
          ['1/sub/other.bin', one],
          ['1/sub/large.bin', swapped],
        ] as const) {
          writeFileSync(join(folder, 'new'), bytesOf(numbers))
          renameSync(join(folder, 'new'), join(folder, path))
        }
        writeFileSync(join(folder, 'new'), modelOf({ name: 'another' }))
        renameSync(join(folder, 'new'), join(folder, '1/model.onnx'))
      }
      const outcome = loadModel(tools({ between }), source)
      const model = executable(outcome)
      const after = await Promise.all(paths.map((path) => fileOf(folder, path)))
      const answer = await answerOf(model)
      for (const [index, { path }] of before.entries()) {
        const old = model.files[index]!.sha256 === before[index]!.sha256
        const file = old ? before[index]! : after[index]!
        assert.deepEqual(model.files[index], file, path)
      }
      const isOld = (index: number) => model.files[index]!.sha256 === before[index]!.sha256
      assert.ok(isOld(0), 'the model itself is read before anything else')
      const first = isOld(1) ? one : other
      const third = isOld(3) ? other : one
      const sum = large.reduce((total, value) => total + value, isOld(2) ? 0 : large.length)
      assert.deepEqual(answer, [
        [first[0]! + third[2]! + third[0]!, 1 + first[1]! + third[3]! + third[1]!],
        [sum],
      ])
      await model.dispose()
      if (pieces < when) {
        assert.ok(when > 5, 'it was swapped between pieces of every file')
        return
      }
    }
  })

  it('tells the memory of trees and vectors, whose numbers lie in nodes', async () => {
    const values = Array.from({ length: 400_000 }, (_, index) => index / 2)
    const bytes = modelOf({
      node: [
        nodeOf(
          'Scaler',
          ['x'],
          ['y'],
          [attribute('scale', values), attribute('offset', values)],
          'ai.onnx.ml',
        ),
      ],
      input: [tensorInfo('x', 'FP32', ['n', values.length])],
      output: [tensorInfo('y', 'FP32', ['n', values.length])],
    })
    const path = join(root, 'scaler.onnx')
    await writeFile(path, bytes)
    const { session, memoryBytes } = loadModel(tools(), sourceOf({ folder: root, path }))
    await environment.releaseSession(session, memoryBytes)
    assert.equal(memoryBytes, memoryOf(sizesOfFile(path)))
    assert.ok(memoryBytes > 5 * bytes.byteLength)
  })

  it('is made in one step where the library knows no other', async () => {
    const native = Object.assign(new NativeObjects(library), { editor: undefined })
    const source = sourceOf(await layOut(root, 'one-step'))
    const model = executable(loadModel(tools({ native }), source))
    assert.equal(native.ledger.alive('session'), 1)
    assert.equal((await answerOf(model))[0]![0], 1 + 70 + 50)
    await model.dispose()
  })

  it('leaves external data that is too large in its files, and says so', async () => {
    const source = sourceOf(await layOut(root, 'on-disk'))
    const outcome = loadModel(tools({ mostBytes: 100_000 }), source)
    assert.deepEqual(
      outcome.files,
      await Promise.all(paths.map((path) => fileOf(source.folder, path))),
    )
    assert.match(outcome.warnings[0]!, /larger than 2 GiB/)
    const model = executable(outcome)
    assert.equal((await answerOf(model))[0]![0], 1 + 70 + 50)
    await model.dispose()
  })

  it('is refused where such files change meanwhile, with nothing left behind', async () => {
    const source = sourceOf(await layOut(root, 'changed'))
    const sessions = environment.ledger.alive('session')
    let pieces = 0
    const count = () => {
      pieces += 1
    }
    const model = loadModel(tools({ mostBytes: 100_000, between: count }), source)
    await environment.releaseSession(model.session, 0)
    const last = pieces
    pieces = 0
    const between = () => {
      count()
      if (pieces === last) writeFileSync(join(source.folder, '1/one.bin'), bytesOf(other))
    }
    assert.throws(() => loadModel(tools({ mostBytes: 100_000, between }), source), {
      reason: 'MODEL_UNREADABLE',
      message: /"one.bin" was changed while it was read/,
    })
    assert.equal(environment.ledger.alive('session'), sessions)
    assert.equal(environment.ledger.alive('sessionOptions'), 0)
  })
})

const paths = ['1/model.onnx', '1/one.bin', '1/sub/large.bin', '1/sub/other.bin']

/** A model in the folder of its version, with external data of every kind. */
async function layOut(root: string, name: string) {
  const folder = join(root, name)
  await mkdir(join(folder, '1', 'sub'), { recursive: true })
  await writeFile(join(folder, '1', 'one.bin'), bytesOf(one))
  await writeFile(join(folder, '1', 'sub', 'other.bin'), bytesOf(other))
  await writeFile(join(folder, '1', 'sub', 'large.bin'), bytesOf(large))
  const constant = create(AttributeProtoSchema, {
    name: 'value',
    type: AttributeProto_AttributeType.TENSOR,
    t: externalTensor('constant', [2], { location: 'sub/other.bin' }),
  })
  const branch = (attribute: string, weight: string) =>
    create(AttributeProtoSchema, {
      name: attribute,
      type: AttributeProto_AttributeType.GRAPH,
      g: {
        name: attribute,
        node: [nodeOf('Add', ['shifted', weight], [attribute])],
        initializer: [externalTensor(weight, [2], { location: './sub/other.bin', offset: '8' })],
        output: [tensorInfo(attribute, 'FP32', [2])],
      },
    })
  const bytes = modelOf({
    node: [
      nodeOf('Add', ['x', 'weight'], ['shifted']),
      nodeOf('If', ['go'], ['z'], [branch('then_branch', 'a'), branch('else_branch', 'b')]),
      nodeOf('Constant', [], ['k'], [constant]),
      nodeOf('Add', ['z', 'k'], ['y']),
      nodeOf('ReduceSum', ['large'], ['sum']),
    ],
    initializer: [
      externalTensor('weight', [2], { location: 'one.bin', length: '8' }),
      externalTensor('large', [large.length], { location: 'sub/large.bin' }),
    ],
    input: [tensorInfo('x', 'FP32', [2]), tensorInfo('go', 'BOOL', [])],
    output: [tensorInfo('y', 'FP32', [2]), tensorInfo('sum', 'FP32', [1])],
  })
  await writeFile(join(folder, '1', 'model.onnx'), bytes)
  return {
    name,
    version: '1',
    folder,
    path: join(folder, '1', 'model.onnx'),
    config: defaultModelConfig,
  }
}

const bytesOf = ({ buffer }: Float32Array) => new Uint8Array(buffer)

async function fileOf(folder: string, path: string) {
  const bytes = await readFile(join(folder, path))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { path, bytes: bytes.byteLength, sha256 }
}

/** To 0 and 1. */
async function answerOf(model: Executable): Promise<readonly number[][]> {
  const x = fp32('x', [2], (index) => index)
  const go: NamedTensor = {
    name: 'go',
    tensor: { datatype: 'BOOL', shape: [], data: Uint8Array.of(1) },
  }
  const request = { inputs: [x, go], outputs: ['y', 'sum'] }
  const { outputs } = await model.run(request, callOf(), 0)
  return outputs.map(({ tensor }) => Array.from(tensor.data as Float32Array))
}
