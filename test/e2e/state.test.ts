/** What a server has learned outlives it, in a folder that one server owns. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { addModel } from '../../src/onnx/testing.ts'
import { modelFolder } from './models.ts'
import { type Server, type StartOptions, startServer } from './server.ts'

const models = modelFolder({ 'sums.onnx': addModel('FP32', ['rows', 2]) })

function aFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-state-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'state')
}

async function started(t: TestContext, args: readonly string[], options: StartOptions = {}) {
  const server = await startServer([models, ...args], options)
  t.after(() => server.process.end('SIGKILL'))
  return server
}

async function batchingOf(server: Server): Promise<unknown> {
  const { json } = await server.ask({ path: '/admin/v1/models' })
  const { models } = json as { models: readonly { readonly batching: unknown }[] }
  return models[0]!.batching
}

async function answers(server: Server): Promise<void> {
  const body = { inputs: { a: [1, 2], b: [3, 5] } }
  const { status, json } = await server.ask({ path: '/predict/sums', body })
  assert.deepEqual([status, json?.outputs], [200, { sum: [4, 7] }])
}

it('what was learned is there at the next start, and what is damaged is learned again', async (t) => {
  const folder = aFolder(t)
  const first = await started(t, ['--state-dir', folder])
  assert.equal((await first.process.end()).code, 0)
  const [name, ...others] = readdirSync(join(folder, 'learned'))
  assert.deepEqual(others, [])
  const file = join(folder, 'learned', name!)
  const facts = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  assert.equal(facts.of, 'sums 1')

  writeFileSync(file, JSON.stringify({ ...facts, apart: 'this is recalled' }))
  const second = await started(t, ['--state-dir', folder])
  assert.deepEqual(await batchingOf(second), { joined: false, why: 'this is recalled' })
  await answers(second)
  await second.process.end()

  writeFileSync(file, '{')
  const third = await started(t, ['--state-dir', folder])
  assert.equal(((await batchingOf(third)) as { joined: unknown }).joined, true)
  assert.equal((await third.process.end()).stderr.split('damaged state is ignored').length, 2)
  assert.deepEqual((JSON.parse(readFileSync(file, 'utf8')) as typeof facts).apart, null)
})

it('a second server of one folder says so and serves; a killed one leaves it free', async (t) => {
  const folder = aFolder(t)
  const first = await started(t, ['--state-dir', folder])
  const second = await started(t, ['--state-dir', folder])
  await second.process.said(/another server has this folder.*nothing is remembered/)
  await answers(second)
  assert.equal((await second.process.end()).code, 0)
  assert.deepEqual(readdirSync(folder), ['lock'])

  await first.process.end('SIGKILL')
  const third = await started(t, ['--state-dir', folder])
  assert.equal((await third.process.end()).code, 0)
  assert.equal(readdirSync(join(folder, 'learned')).length, 1)
})

it('a folder that cannot be had is told of, and the server serves', async (t) => {
  const server = await started(t, ['--state-dir', '/proc/no/such/folder'])
  await server.process.said(/"warn".*ENOENT.*nothing is remembered/)
  await answers(server)
  assert.equal((await server.process.end()).code, 0)
})

it('where nobody says, it lies in the folder of the user; off keeps nothing', async (t) => {
  const home = aFolder(t)
  const env = { HOME: home, XDG_STATE_HOME: '' }
  const off = await started(t, ['--state-dir', 'off'], { env })
  await off.process.end()
  assert.ok(!existsSync(home))
  const own = await started(t, [], { env: { ...env, SLUICE_STATE_DIR: '' } })
  await own.process.end()
  assert.deepEqual(readdirSync(join(home, '.local/state/sluice')), ['learned', 'lock'])
})
