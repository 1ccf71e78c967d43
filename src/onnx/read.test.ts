import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ServingError } from '../errors.ts'
import { parseOnnx, readModelBytes, readOnnx, signatureOf } from './index.ts'
import { maxFileBytes, refuseFile } from './read.ts'
import { addModel, identityModel } from './testing.ts'

test('a model is read from its file', async (t) => {
  const folder = await temporary(t)
  const bytes = addModel('FP32', ['batch', 3])
  await writeFile(join(folder, 'sum.onnx'), bytes)
  const model = await readOnnx(join(folder, 'sum.onnx'))
  assert.equal(model.name, 'sum.onnx')
  assert.equal(model.folder, folder)
  assert.equal(model.fileBytes, bytes.byteLength)
  assert.deepEqual(
    signatureOf(model).inputs.map(({ name }) => name),
    ['a', 'b'],
  )
})

const whole = identityModel('INT32', [4])

for (const { kind, bytes, says, hints } of [
  { kind: 'an empty file', bytes: '', says: /got 0 bytes/, hints: /copy the file again/ },
  { kind: 'a file cut off', bytes: whole.subarray(0, 40), says: /got 40 bytes/, hints: /cut off/ },
  { kind: 'random bytes', bytes: noise(500), says: /got 500 bytes/, hints: /export the file/ },
  {
    kind: 'a Git LFS pointer',
    bytes: lfs(),
    says: /expected an ONNX model/,
    hints: /git lfs pull/,
  },
  { kind: 'a zip archive', bytes: 'PK\x03\x04abc', says: /ONNX model/, hints: /zip archive/ },
  {
    kind: 'protobuf without a graph',
    bytes: '\x08\x08',
    says: /graph, got 2 bytes/,
    hints: /right file/,
  },
]) {
  test(`${kind} is refused with what was expected, what came and a hint`, async (t) => {
    const folder = await temporary(t)
    await writeFile(join(folder, 'm.onnx'), bytes)
    const error = await refusalOf(join(folder, 'm.onnx'))
    assert.match(error.message, says)
    assert.match(error.hint ?? '', hints)
    assert.ok(error.message.startsWith('m.onnx '), error.message)
    assert.doesNotMatch(error.message + error.hint, /\/tmp/)
  })
}

test('what is no readable file is refused for what it is', async (t) => {
  const folder = await temporary(t)
  await mkdir(join(folder, 'folder.onnx'))
  await symlink('circle.onnx', join(folder, 'circle.onnx'))
  await writeFile(join(folder, 'file'), 'x')
  for (const [path, got] of [
    ['folder.onnx', /a directory/],
    ['absent.onnx', /nothing of that name/],
    ['circle.onnx', /go round in a circle/],
    ['file/m.onnx', /a path through something that is no folder/],
    ['/dev/zero', /a device/],
  ] as const) {
    const error = await refusalOf(path.startsWith('/') ? path : join(folder, path))
    assert.match(error.message, got)
    assert.notEqual(error.hint, undefined)
    assert.ok(!error.message.includes(folder))
  }
})

test('a file beyond the end of protobuf is refused before it is read', async (t) => {
  const folder = await temporary(t)
  const path = join(folder, 'large.onnx')
  await writeFile(path, '')
  await truncate(path, maxFileBytes + 1)
  const error = await refusalOf(path)
  assert.match(error.message, /at most 2147483647 bytes.*got 2147483648/)
  assert.match(error.hint ?? '', /external data/)
  const file = { isFile: true, isDirectory: false, size: maxFileBytes }
  assert.equal(refuseFile('m.onnx', file), undefined)
})

test('the bytes of a file are read with their digest, in pieces between which it can end', async (t) => {
  const folder = await temporary(t)
  const path = join(folder, 'large.onnx')
  const bytes = noise(3_000_000)
  await writeFile(path, bytes)
  let pieces = 0
  const read = readModelBytes(path, () => {
    pieces += 1
  })
  assert.ok(Buffer.from(bytes).equals(read.bytes))
  assert.equal(read.sha256, createHash('sha256').update(bytes).digest('hex'))
  assert.equal(pieces, 3)
  const enough = () => {
    throw new Error('enough')
  }
  assert.throws(() => readModelBytes(path, enough), /enough/)
})

test('a pipe is refused, and not waited for', { skip: process.platform === 'win32' }, async (t) => {
  const folder = await temporary(t)
  const path = join(folder, 'pipe.onnx')
  execFileSync('mkfifo', [path])
  assert.match((await refusalOf(path)).message, /got a pipe/)
})

/** The same, whichever way it is read. */
async function refusalOf(path: string): Promise<ServingError> {
  const read = async () => parseOnnx(readModelBytes(path, () => {}).bytes, { name: basename(path) })
  const [error, other] = await Promise.all(
    [readOnnx(path), read()].map((reading) =>
      reading.then(
        () => assert.fail(`${path} was read`),
        (thrown: unknown) => thrown,
      ),
    ),
  )
  assert.ok(error instanceof ServingError, String(error))
  assert.equal(error.reason, 'MODEL_UNREADABLE')
  assert.equal((other as ServingError).message, error.message)
  return error
}

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-onnx-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** The same bytes each time. */
function noise(length: number): Uint8Array {
  let state = 7
  return Uint8Array.from({ length }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state >> 16
  })
}

function lfs(): string {
  return 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'
}
