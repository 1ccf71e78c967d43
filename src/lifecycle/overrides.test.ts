import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ServingError } from '../errors.ts'
import type { FoundModel, ModelSpec } from '../model-spec.ts'
import { discover } from '../repository/index.ts'
import { Overrides } from './overrides.ts'

const files = new Map([['1/model.onnx', Buffer.from('one')]])

test('files that were sent are there until their model is dropped', async () => {
  const overrides = new Overrides()
  const { model, folder } = await put(overrides)
  assert.ok(existsSync(join(folder, '1/model.onnx')))
  assert.equal(overrides.of('m'), model)
  await overrides.drop('m')
  assert.ok(!existsSync(folder))
  assert.equal(overrides.of('m'), undefined)
})

test('files that are sent again take the place of those before, and nothing stays at the end', async () => {
  const overrides = new Overrides()
  const first = await put(overrides)
  const second = await put(overrides)
  assert.deepEqual([existsSync(first.folder), existsSync(second.folder)], [false, true])
  await assert.rejects(overrides.prepare('m', undefined, { config: '{', files }))
  assert.ok(existsSync(second.folder), 'what is refused takes nothing away')
  await overrides.close()
  assert.ok(!existsSync(second.folder))
})

test('of many that are sent at once the files of one stay, and it is the one that holds', async () => {
  const overrides = new Overrides()
  const sent = await Promise.all(Array.from({ length: 8 }, () => put(overrides)))
  const left = sent.filter(({ folder }) => existsSync(folder))
  assert.deepEqual(
    left.map(({ model }) => model),
    [overrides.of('m')],
  )
  await overrides.close()
  const late = await put(overrides)
  assert.ok(!existsSync(late.folder), 'what comes after the end is taken away')
})

test('a configuration alone is laid over the files on disk, and leaves them where they are', async (t) => {
  const [onDisk] = await discover([repository(t)])
  const overrides = new Overrides()
  const sent = await overrides.prepare('m', onDisk, {
    config: '{"max_batch_size": "16"}',
    files: undefined,
  })
  const { triton, folder, versions } = specOf(sent?.model)
  assert.equal(triton?.maxBatchSize, 16)
  assert.equal(folder, specOf(onDisk).folder)
  assert.notEqual(versions[0]?.fingerprint, specOf(onDisk).versions[0]?.fingerprint)
  await sent!.remove()
  assert.ok(existsSync(join(folder, '1/model.onnx')))
})

test('a model that is nowhere cannot be configured, and files need a configuration', async () => {
  const overrides = new Overrides()
  const config = '{}'
  assert.equal(await overrides.prepare('m', undefined, { config, files: undefined }), undefined)
  await assert.rejects(
    overrides.prepare('m', undefined, { config: undefined, files }),
    /"config" must be the configuration of the model whose files are sent, got none/,
  )
})

async function put(overrides: Overrides) {
  const sent = await overrides.prepare('m', undefined, { config: '{}', files })
  await overrides.hold('m', sent!)
  return { model: sent!.model, folder: specOf(sent!.model).folder }
}

function specOf(model: FoundModel | undefined): ModelSpec {
  assert.ok(model !== undefined && !(model.spec instanceof ServingError))
  return model.spec
}

function repository(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'sluice-overrides-'))
  t.after(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'm/1'), { recursive: true })
  writeFileSync(join(root, 'm/1/model.onnx'), 'one')
  return root
}
