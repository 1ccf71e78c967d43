/** A disk that has no room left for models that are sent. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { heavyModel, plusModel } from './models.ts'
import { allIsWell, serving } from './serving.ts'
import { served } from './states.ts'

/** Runs what follows with a disk of 1 MiB in its temporary folder, which nobody else sees. */
const onSmallDisk = [
  ...['unshare', '-rm', 'sh', '-ec'],
  ...['mount -t tmpfs -o size=1m tmpfs "$TMPDIR"; exec "$@"', 'sh'],
]

test('a full disk refuses what is sent, and nothing else', async (t) => {
  const temporary = mkdtempSync(join(tmpdir(), 'sluice-e2e-full-'))
  t.after(() => rmSync(temporary, { recursive: true }))
  const env = { TMPDIR: temporary }
  const [command, ...words] = [...onSmallDisk, 'true']
  if (spawnSync(command!, words, { env: { ...process.env, ...env } }).status !== 0) {
    t.skip('nothing can be mounted here')
    return
  }
  const { server, asking } = await serving(t, { mode: 'explicit', env, through: onSmallDisk })
  const left = () => readdirSync(join(`/proc/${server.process.pid}/root`, temporary))
  const load = (files: Readonly<Record<string, Uint8Array>>) => {
    const sent = Object.entries(files).map(([path, bytes]) => [
      `file:${path}`,
      Buffer.from(bytes).toString('base64'),
    ])
    const parameters = { config: '{"backend": "onnxruntime"}', ...Object.fromEntries(sent) }
    return server.ask({ path: '/v2/repository/models/plus/load', body: { parameters } })
  }
  const small = await load({ '7/model.onnx': plusModel(7) })
  assert.equal(small.status, 200, small.text)
  const before = left()
  assert.equal(before.length, 1)
  for (let round = 0; round < 3; round++) {
    const refused = await load({ '8/model.onnx': heavyModel(8, 2 ** 21), '8/more': plusModel(8) })
    assert.equal(refused.status, 400)
    const why = /the files that were sent cannot be kept: no space is left on the disk$/
    assert.match(String(refused.json?.error), why)
    assert.deepEqual(left(), before)
    assert.deepEqual(await served(server), ['7'])
  }
  const next = await load({ '9/model.onnx': heavyModel(9, 2 ** 18) })
  assert.equal(next.status, 200, next.text)
  await allIsWell({ server, asking }, '9')
  assert.equal((await server.process.end()).code, 0)
})
