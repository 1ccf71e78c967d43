/** What a server leaves on the disk of its machine. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { echoModel, modelFolder } from './models.ts'
import { startServer } from './server.ts'

test('a server leaves nothing in its temporary folder, and in the home only its own cache', async (t) => {
  const [temporary, home] = [emptyFolder(t), emptyFolder(t)]
  const env = { TMPDIR: temporary, HOME: home, XDG_CACHE_HOME: join(home, '.cache') }
  const server = await startServer([modelFolder({ 'echo.onnx': echoModel() })], { env })
  t.after(() => server.process.end('SIGKILL'))
  const good = await server.ask({ path: '/predict/echo', body: { features: [1, 2, 3] } })
  assert.equal(good.status, 200)
  assert.deepEqual(readdirSync(temporary), [])
  assert.equal((await server.process.end()).code, 0)
  assert.deepEqual(readdirSync(temporary), [])
  // the library that runs models would keep an id there, to be told to its makers
  const caches = readdirSync(home).flatMap((name) => readdirSync(join(home, name)))
  assert.deepEqual(caches, ['sluice'])
})

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-traces-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
