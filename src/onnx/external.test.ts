import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseOnnx, preflight } from './index.ts'
import { externalTensor, modelOf } from './testing.ts'

// 6 floats: 24 bytes
const dims = [2, 3]

for (const entries of [
  { location: 'w.bin' },
  { location: 'w.bin', offset: '40' },
  { location: 'w.bin', offset: '8', length: '24', checksum: 'abc' },
  { location: 'w.bin', length: '0' },
  { location: 'sub/v.bin' },
  { location: './w.bin' },
  { location: 'inside.bin' },
]) {
  test(`external data inside the folder passes: ${JSON.stringify(entries)}`, async (t) => {
    assert.deepEqual(await problems(t, entries), [])
  })
}

for (const { entries, says } of [
  { entries: { location: '/etc/hostname' }, says: /an absolute path/ },
  { entries: { location: 'C:\\weights.bin' }, says: /an absolute path/ },
  { entries: { location: 'c:weights.bin' }, says: /an absolute path/ },
  { entries: { location: '../secret.bin' }, says: /a path with "\.\."/ },
  { entries: { location: 'sub/../../secret.bin' }, says: /a path with "\.\."/ },
  { entries: { location: '..\\secret.bin' }, says: /a path with "\.\."/ },
  { entries: { location: 'link.bin' }, says: /a symbolic link out of it/ },
  { entries: { location: 'way/secret.bin' }, says: /a symbolic link out of it/ },
  { entries: { location: '*/_ORT_MEM_ADDR_/*', offset: '4096' }, says: /nothing of that name/ },
  { entries: { location: '' }, says: /no location/ },
  { entries: { offset: '0' }, says: /no location/ },
  { entries: { location: 'w\0.bin' }, says: /a name with NUL/ },
  {
    entries: { location: 'absent.bin' },
    says: /"absent.bin" is missing.*copy it beside the model/,
  },
  { entries: { location: 'sub' }, says: /a directory/ },
  { entries: { location: 'w.bin/x' }, says: /ENOTDIR/ },
  { entries: { location: 'w.bin', offset: '41' }, says: /bytes 41 to 65, got a file of 64/ },
  {
    entries: { location: 'w.bin', offset: '9007199254740991' },
    says: /got a file of 64|something else/,
  },
  { entries: { location: 'w.bin', offset: '9007199254740993' }, says: /an offset and a length/ },
  { entries: { location: 'w.bin', offset: '-4' }, says: /an offset and a length/ },
  { entries: { location: 'w.bin', offset: ' 4' }, says: /an offset and a length/ },
  { entries: { location: 'w.bin', length: '1e1' }, says: /an offset and a length/ },
  {
    entries: { location: 'w.bin', length: '23' },
    says: /expected 24 bytes for FLOAT \[2,3\], got 23/,
  },
  {
    entries: { location: 'w.bin', length: '25' },
    says: /expected 24 bytes for FLOAT \[2,3\], got 25/,
  },
]) {
  test(`external data is refused: ${JSON.stringify(entries)}`, async (t) => {
    const found = await problems(t, entries as Record<string, string>)
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0]!, says)
    assert.match(found[0]!, /expected .* got .*; /)
    assert.match(found[0]!, /tensor "w"/)
  })
}

test('a model without a folder has no external data', () => {
  const tensors = ['w', 'v', 'u'].map((name) => externalTensor(name, dims, { location: 'w.bin' }))
  const model = parseOnnx(modelOf({ initializer: tensors }), { name: 'm.onnx' })
  assert.deepEqual(preflight(model), [
    'external data "w.bin" cannot be found: expected a file in the folder of the model, got a model without one; load it from a file (tensor "w" and 2 more)',
  ])
})

test('a model in a folder that is itself a link has its external data there', async (t) => {
  const home = await layOut(t)
  await symlink(home, join(home, '..', 'other'))
  assert.deepEqual(preflight(modelIn(join(home, '..', 'other'), { location: 'w.bin' })), [])
})

async function problems(t: TestContext, entries: Record<string, string>) {
  return preflight(modelIn(await layOut(t), entries))
}

function modelIn(folder: string, entries: Record<string, string>) {
  const bytes = modelOf({ initializer: [externalTensor('w', dims, entries)] })
  return parseOnnx(bytes, { name: 'm.onnx', folder })
}

/** A model's folder with weights, and a secret beside it. */
async function layOut(t: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-external-'))
  t.after(() => rm(root, { recursive: true }))
  const home = join(root, 'model')
  await mkdir(join(home, 'sub'), { recursive: true })
  await writeFile(join(root, 'secret.bin'), new Uint8Array(64))
  await writeFile(join(home, 'w.bin'), new Uint8Array(64))
  await writeFile(join(home, 'sub', 'v.bin'), new Uint8Array(24))
  await symlink('../secret.bin', join(home, 'link.bin'))
  await symlink('..', join(home, 'way'))
  await symlink('sub/v.bin', join(home, 'inside.bin'))
  return home
}
