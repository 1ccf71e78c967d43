import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { layeredModelConfig } from '../../config/index.ts'
import { readInitialStates } from './initial-states.ts'

async function setUp(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), 'sluice-states-'))
  t.after(() => rm(root, { recursive: true }))
  const folder = join(root, 'model')
  await mkdir(join(folder, 'initial_state/deep'), { recursive: true })
  await writeFile(join(folder, 'initial_state/h'), 'abc')
  await writeFile(join(folder, 'initial_state/deep/c'), 'de')
  await writeFile(join(root, 'secret'), 'secret')
  await symlink(join(root, 'secret'), join(folder, 'initial_state/link'))
  return (...files: readonly string[]) => {
    const state = files.map((file) => ({ input: file, output: file, initial: { file } }))
    const value = { sequences: { state } }
    const config = layeredModelConfig([{ name: 'model.yaml', value }])
    return readInitialStates({ folder, config })
  }
}

test('the files with which states begin are read from their folder', async (t) => {
  const read = await setUp(t)
  const files = await read('h', 'deep/c')
  assert.deepEqual(
    [...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
    [
      ['h', 'abc'],
      ['deep/c', 'de'],
    ],
  )
  assert.equal((await read()).size, 0)
})

test('nothing else is read for them', async (t) => {
  const read = await setUp(t)
  const problems = [
    ['nowhere', 'initial_state/nowhere is not there'],
    ['deep', "initial_state/deep is no file of the model's folder"],
    ['link', "initial_state/link is no file of the model's folder"],
  ] as const
  for (const [file, message] of problems) {
    await assert.rejects(read(file), { reason: 'MODEL_UNSUPPORTED', message })
  }
  for (const file of ['../../secret', '/etc/hostname']) {
    await assert.rejects(read(file), { reason: 'MODEL_UNSUPPORTED', message: /cannot be read/ })
  }
})
