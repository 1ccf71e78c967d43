import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { inspectCommand } from '../cli/inspect.ts'
import { captured } from '../cli/testing.ts'
import { addModel, externalTensor, modelOf, zipMapModel } from '../onnx/testing.ts'
import { byteSize } from './byte-size.ts'
import { detailsOf, inspectModels, verdictOf } from './index.ts'

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
    const { signature, operators } = found.description!
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

describe('sluice inspect', () => {
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
      'add, version 1          would be served',
      'trees, version 1        would not be served: serving XGBoost models is not built yet',
      '1 of 3 would be served',
    ])
    assert.match(lines[1]!, /^longer-name, version 1 {2}would not be served: longer-name\.onnx/)
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
    assert.deepEqual(found.description.signature.inputs[1], {
      name: 'b',
      datatype: 'INT32',
      shape: [3],
    })
    assert.deepEqual(found.supported.opsets, { 'ai.onnx': 26, 'ai.onnx.ml': 5 })
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
