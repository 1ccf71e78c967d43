import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { inspectCommand } from '../cli/inspect.ts'
import { captured } from '../cli/testing.ts'
import { addModel, externalTensor, modelOf, zipMapModel } from '../onnx/testing.ts'
import { byteSize } from './byte-size.ts'
import { detailsOf, inspectModels, titleOf, verdictOf } from './index.ts'

describe('an inspection', () => {
  it('shows a model as it would be served, with the rules of model.yaml', async (t) => {
    const folder = await filesIn(t, {
      'pets/model.onnx': zipMapModel(['cat', 'dog', 'emu']),
      'pets/model.yaml': 'inputs: [{name: x, fields: [weight, age], minimum: 0.5}]',
    })
    const [found] = await inspectModels([join(folder, 'pets')])
    assert.ok(found)
    assert.deepEqual(
      { served: found.served, problems: found.problems, notes: found.notes },
      { served: true, problems: [], notes: ['ZipMap output "probabilities" becomes a tensor'] },
    )
    const { signature, operators } = found.wanted[0]!.description!
    assert.deepEqual(signature?.inputs[0]?.constraints, { fields: ['weight', 'age'], minimum: 0.5 })
    assert.deepEqual(operators['ai.onnx.ml'], { LinearClassifier: 1, ZipMap: 1 })
    const text = detailsOf(found)
    for (const line of [
      /file +\/.*pets\/model\.onnx$/m,
      /IR version +8 \(up to 13\)$/m,
      /opsets +ai\.onnx 17 \(up to 26\)\n +ai\.onnx\.ml 3 \(up to 5\)$/m,
      /inputs +x {2}FP32 \[batch,2\]\n +fields weight, age\n +at least 0.5$/m,
      /outputs +label {2}BYTES \[batch\]\n +probabilities {2}FP32 \[-1,3\]$/m,
      /task +classifier of 3: cat, dog, emu$/m,
      /parameters +none counted/,
    ]) {
      assert.match(text, line)
    }
  })

  for (const [yaml, says] of [
    ['{}', 'requests are joined where a trial shows that to be right, when it is loaded'],
    ['batching: {maxBatchSize: 8}', 'requests are joined, as its configuration says'],
    ['batching: off', 'requests run apart: batching is off in its configuration'],
  ] as const) {
    it(`says whether requests would share runs: ${yaml}`, async (t) => {
      const folder = await filesIn(t, {
        'pets/model.onnx': zipMapModel(['cat', 'dog', 'emu']),
        'pets/model.yaml': yaml,
      })
      const [found] = await inspectModels([join(folder, 'pets')])
      assert.ok(detailsOf(found!).includes(`  batching       ${says}\n`), detailsOf(found!))
    })
  }

  it('says which tensor keeps requests from sharing runs', async (t) => {
    const folder = await filesIn(t, { 'm.onnx': addModel('FP32', [3]) })
    const [found] = await inspectModels([join(folder, 'm.onnx')])
    const why = 'input "a" has a first axis of 3'
    assert.deepEqual(found!.wanted[0]!.joining, { kind: 'off', why })
    assert.match(
      detailsOf(found!),
      /batching +requests run apart: input "a" has a first axis of 3$/m,
    )
  })

  it('counts parameters and lists the files they lie in', async (t) => {
    const initializer = [externalTensor('w', [2, 3], { location: 'w.bin' })]
    const folder = await filesIn(t, {
      'm.onnx': modelOf({ initializer }),
      'w.bin': new Uint8Array(24),
    })
    const [found] = await inspectModels([join(folder, 'm.onnx')])
    assert.match(
      detailsOf(found!),
      /parameters +6 in 24 bytes\n +external data +w\.bin {2}24 bytes\n/,
    )
    assert.equal(verdictOf(found!), 'would be served')
  })

  for (const { name, files, says } of [
    {
      name: 'an opset that the runtime does not know',
      files: { 'm.onnx': modelOf({}, { opsetImport: [{ domain: '', version: 27n }] }) },
      says: /^would not be served: opset of ai\.onnx: expected 1 to 26/,
    },
    {
      name: 'external data that is missing',
      files: {
        'm.onnx': modelOf({ initializer: [externalTensor('w', [2], { location: 'no.bin' })] }),
      },
      says: /external data "no\.bin" is missing/,
    },
    {
      name: 'a model.yaml that contradicts the file',
      files: {
        'model.onnx': addModel('FP32', [3]),
        'model.yaml': 'inputs: [{name: a, datatype: INT64}]',
      },
      says: /input "a" has datatype FP32, but model\.yaml says INT64$/,
    },
    {
      name: 'a model.yaml with a key that is not known',
      files: { 'model.onnx': addModel('FP32', [3]), 'model.yaml': 'nmae: x' },
      says: /did you mean "name"/,
    },
    { name: 'an empty file', files: { 'm.onnx': new Uint8Array() }, says: /m\.onnx is empty/ },
    {
      name: 'a file that was cut off',
      files: { 'm.onnx': zipMapModel([1, 2]).subarray(0, 90) },
      says: /m\.onnx cannot be read: .*90 bytes/,
    },
  ]) {
    it(`refuses ${name}`, async (t) => {
      const [found] = await inspectModels([await filesIn(t, files)])
      assert.equal(found?.served, false)
      assert.match(verdictOf(found), says)
    })
  }
})

describe('an inspection of a model with versions', () => {
  const files = {
    'm/1/model.onnx': addModel('FP32', [1]),
    'm/2/model.onnx': addModel('FP32', [2]),
    'm/3/model.onnx': addModel('FP32', [3]),
  }

  it('looks at those that are wanted', async (t) => {
    const policies = [
      { yaml: '', title: 'm, version 3 (of 1, 2, 3)', shapes: [[3]] },
      { yaml: 'versions: {latest: 2}', title: 'm, versions 2, 3 (of 1, 2, 3)', shapes: [[2], [3]] },
      { yaml: 'versions: {all: true}', title: 'm, versions 1, 2, 3', shapes: [[1], [2], [3]] },
      { yaml: 'versions: {specific: [2]}', title: 'm, version 2 (of 1, 2, 3)', shapes: [[2]] },
    ]
    for (const { yaml, title, shapes } of policies) {
      const [found] = await inspectModels([await filesIn(t, { ...files, 'm/model.yaml': yaml })])
      assert.equal(titleOf(found!), title)
      const read = found!.wanted.map(({ description }) => description?.signature?.inputs[0]?.shape)
      assert.deepEqual(read, shapes)
      assert.equal(found?.served, true)
    }
  })

  it('tells which of them would not be served', async (t) => {
    const yaml = 'versions: {specific: [2, 7]}\nversionLabels: {best: 2}'
    const folder = await filesIn(t, {
      ...files,
      'm/2/model.onnx': new Uint8Array(3),
      'm/model.yaml': yaml,
    })
    const [found] = await inspectModels([folder])
    assert.equal(found?.served, false)
    assert.equal(found.problems[0], 'version 7 is to be served and is not there')
    assert.match(found.problems[1]!, /^model\.onnx cannot be read/)
    const [all] = await inspectModels([
      await filesIn(t, {
        ...files,
        'm/2/model.onnx': new Uint8Array(3),
        'm/model.yaml': 'versions: {all: true}',
      }),
    ])
    assert.match(verdictOf(all!), /^would not be served: version 2: model\.onnx cannot be read/)
  })

  it('shows them and their names', async (t) => {
    const yaml = 'versions: {latest: 2}\nversionLabels: {best: 2, next: 3}'
    const [found] = await inspectModels([await filesIn(t, { ...files, 'm/model.yaml': yaml })])
    const text = detailsOf(found!)
    for (const line of [
      /^ {2}version 2\n {2}file +.*\/2\/model\.onnx\n/m,
      /^ {2}version 3\n {2}file +.*\/3\/model\.onnx\n/m,
      /inputs +a {2}FP32 \[2\]$/m,
      /inputs +a {2}FP32 \[3\]$/m,
      /layout +folder$/m,
      /versions +1, 2, 3$/m,
      /labels +best is version 2\n +next is version 3$/m,
    ]) {
      assert.match(text, line)
    }
  })

  it('names a few of very many', async (t) => {
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [`m/${at + 1}/model.onnx`, addModel('FP32', [at])]),
    )
    const [found] = await inspectModels([await filesIn(t, many)])
    assert.equal(titleOf(found!), 'm, version 30 (of 1, 2 … 30)')
    assert.match(detailsOf(found!), /versions +1, 2, .* 12\n +13, .* 24\n +25, .* 30\n/)
  })
})

describe('an inspection with files of other systems', () => {
  it('shows what config.pbtxt makes of a model, or why it does not fit', async (t) => {
    const folder = await filesIn(t, {
      'fits/config.pbtxt': 'backend: "onnxruntime" max_batch_size: 4',
      'fits/1/model.onnx': addModel('FP32', ['batch', 3]),
      'not/config.pbtxt': 'input { name: "a" data_type: TYPE_INT64 dims: 3 }',
      'not/1/model.onnx': addModel('FP32', [3]),
      'broken/config.pbtxt': 'max_batch_size: many',
      'broken/1/model.onnx': addModel('FP32', [3]),
    })
    const [broken, fits, not] = await inspectModels([folder])
    assert.match(verdictOf(broken!), /config\.pbtxt/)
    assert.deepEqual([fits?.served, fits?.layout], [true, 'Triton'])
    assert.equal(fits?.wanted[0]?.description?.signature?.maxBatchSize, 4)
    assert.match(verdictOf(not!), /would not be served: .*expects 1 inputs, model provides 2/)
  })

  it('shows what clients see of a model that keeps a state', async (t) => {
    const state = 'state { input_name: "b" output_name: "sum" data_type: TYPE_FP32 dims: 2'
    const config = (more: string) => `max_batch_size: 4
      input { name: "a" data_type: TYPE_FP32 dims: 2 } output { name: "sum" data_type: TYPE_FP32 dims: 2 }
      sequence_batching { ${state} ${more} } }`
    const files = { 'm/1/model.onnx': addModel('FP32', ['batch', 2]) }
    const folder = await filesIn(t, { ...files, 'm/config.pbtxt': config('') })
    const [found] = await inspectModels([join(folder, 'm')])
    const [version] = found!.wanted
    assert.deepEqual(version?.problems, [])
    const names = version!.description!.signature!.inputs.map(({ name }) => name)
    assert.deepEqual(names, ['a'])
    const initial = 'initial_state { name: "i" data_type: TYPE_FP32 dims: 2 data_file: "nowhere" }'
    const other = await filesIn(t, { ...files, 'm/config.pbtxt': config(initial) })
    const [lacking] = await inspectModels([join(other, 'm')])
    assert.deepEqual(lacking?.wanted[0]?.problems, ['initial_state/nowhere is not there'])
  })

  it('holds the bytes of a model against its lock', async (t) => {
    const initializer = [externalTensor('w', [2, 3], { location: 'w.bin' })]
    const bytes = modelOf({ initializer })
    const weights = new Uint8Array(24)
    const lines = (model: Uint8Array, data: Uint8Array) =>
      `${hash('sha256', model)}  1/model.onnx\n${hash('sha256', data)}  1/w.bin\n`
    const files = { 'm/1/model.onnx': bytes, 'm/1/w.bin': weights }
    const inspect = async (lock: string) => {
      const [found] = await inspectModels([await filesIn(t, { ...files, 'm/sluice.lock': lock })])
      return verdictOf(found!)
    }
    assert.equal(await inspect(lines(bytes, weights)), 'would be served')
    const other = new Uint8Array([1])
    assert.match(
      await inspect(lines(other, weights)),
      /1\/model\.onnx is not what sluice\.lock says/,
    )
    assert.match(await inspect(lines(bytes, other)), /1\/w\.bin is not what sluice\.lock says/)
  })
})

describe('sluice inspect', () => {
  it('prints a line for each model of a repository, with its fate', async (t) => {
    const folder = await filesIn(t, {
      'iris/1/model.onnx': addModel('FP32', [1]),
      'iris/12/model.onnx': addModel('FP32', [1]),
      'net/config.pbtxt': 'name: "other"',
      'net/1/model.onnx': addModel('FP32', [1]),
      'sk/model-settings.json': '{"implementation": "mlserver_sklearn.SKLearnModel"}',
      'docs/README.md': '',
    })
    const { out } = await run(folder)
    const lines = out.split('\n')
    assert.match(
      lines[0]!,
      /^iris, version 12 \(of 1, 12\) {2}folder {4}\d+ bytes {2}would be served$/,
    )
    assert.match(lines[1]!, /^net {26}Triton {4}- +would not be served: .*other/)
    assert.match(lines[2]!, /^sk {27}MLServer {2}- +would not be served: .*SKLearnModel/)
    assert.equal(lines[3], '1 of 3 would be served')
  })

  it('prints a line for each of several models, and ends with 1 where one would not be served', async (t) => {
    const folder = await filesIn(t, {
      'add.onnx': addModel('FP32', [3]),
      'longer-name.onnx': new TextEncoder().encode('hello'),
      'trees.ubj': new Uint8Array(1),
      'README.md': new Uint8Array(1),
    })
    const { out, exitCode, progress } = await run(folder)
    const lines = out.trim().split('\n')
    assert.deepEqual(lines.slice(0, 1).concat(lines.slice(2)), [
      'add, version 1          file  105 bytes  would be served',
      'trees                   file  -          would not be served: serving XGBoost models is not built yet',
      '1 of 3 would be served',
    ])
    assert.match(
      lines[1]!,
      /^longer-name, version 1 {2}file {2}- {10}would not be served: longer-n/,
    )
    assert.equal(exitCode, 1)
    assert.deepEqual(progress, [
      'reading add (1 of 3)',
      'reading longer-name (2 of 3)',
      'reading trees (3 of 3)',
    ])
  })

  it('prints everything of one model, and ends with 0', async (t) => {
    const folder = await filesIn(t, { 'add.onnx': addModel('FP32', [3]) })
    const { out, exitCode } = await run(join(folder, 'add.onnx'))
    assert.match(out, /^add, version 1: would be served\n {2}file +\/.*add\.onnx\n/)
    assert.equal(exitCode, 0)
  })

  it('prints JSON', async (t) => {
    const folder = await filesIn(t, { 'add.onnx': addModel('INT32', [3]) })
    const [found] = JSON.parse((await run('--json', folder)).out)
    assert.equal(found.served, true)
    assert.deepEqual([found.layout, found.versions, found.labels], ['file', ['1'], {}])
    const [version] = found.wanted
    assert.deepEqual(version.description.signature.inputs[1], {
      name: 'b',
      datatype: 'INT32',
      shape: [3],
    })
    assert.deepEqual(version.supported.opsets, { 'ai.onnx': 26, 'ai.onnx.ml': 5 })
  })

  it('ends with 1 where there is no model', async (t) => {
    const folder = await filesIn(t, { 'README.md': new Uint8Array(1) })
    const { out, err, exitCode } = await run(folder)
    assert.deepEqual({ out, exitCode }, { out: '', exitCode: 1 })
    assert.match(err, /^no model in .*: expected \.onnx files/)
  })

  it('shows control characters of a file as escapes', async (t) => {
    const bytes = modelOf({}, { producerName: 'evil\x1b[2J\u202e' })
    const folder = await filesIn(t, { 'm.onnx': bytes })
    const { out } = await run(join(folder, 'm.onnx'))
    assert.match(out, /producer +evil\\u001b\[2J\\u202e/)
  })
})

it('sizes have few digits', () => {
  assert.deepEqual([0, 1, 1023, 1536, 98 * 2 ** 20 + 7, 3 * 2 ** 30].map(byteSize), [
    '0 bytes',
    '1 byte',
    '1023 bytes',
    '1.5 KiB',
    '98 MiB',
    '3.0 GiB',
  ])
})

async function filesIn(t: TestContext, files: Readonly<Record<string, Uint8Array | string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'inspect-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, content)
  }
  return folder
}

async function run(...args: string[]) {
  const { said, io } = captured()
  const progress: string[] = []
  const command = inspectCommand({
    ...io,
    progress: { say: (text) => progress.push(text), end() {} },
  })
  await command.parseAsync(args, { from: 'user' })
  return { ...said, progress }
}
