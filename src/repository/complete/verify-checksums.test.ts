import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { verifyChecksums } from './verify-checksums.ts'

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, '1'))
  writeFileSync(join(folder, '1', 'model.onnx'), 'weights')
  return folder
}

const md5 = '91b64b47562f1f8e4c29b6cbe2f60b5b'

test('files with the checksums that they should have pass', async (t) => {
  const folder = folderOf(t)
  const right = createHash('md5').update('weights').digest('hex')
  await verifyChecksums(folder, new Map([['1/model.onnx', right]]))
  await verifyChecksums(folder, new Map())
})

test('a file with another is refused in the words of Triton', async (t) => {
  const folder = folderOf(t)
  await assert.rejects(
    verifyChecksums(folder, new Map([['1/model.onnx', md5]])),
    (thrown: Error) => {
      assert.match(
        thrown.message,
        new RegExp(
          `^Mismatched MD5 hash for file 1/model\\.onnx, expect: ${md5}, got: [0-9a-f]{32}$`,
        ),
      )
      return true
    },
  )
})

test('a file that is not there is refused without a path of the system', async (t) => {
  const folder = folderOf(t)
  await assert.rejects(verifyChecksums(folder, new Map([['2/model.onnx', md5]])), {
    reason: 'MODEL_UNREADABLE',
    message: '2/model.onnx is to have a checksum, and cannot be read',
  })
})

test('a wait that is given up ends with its reason', async (t) => {
  const giveUp = AbortSignal.abort(new Error('too long'))
  await assert.rejects(
    verifyChecksums(folderOf(t), new Map([['1/model.onnx', md5]]), giveUp),
    /^Error: too long$/,
  )
})
