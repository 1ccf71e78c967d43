/** The end of a server whose models are changing: what was accepted is answered, and it ends in time. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Answer } from './ask.ts'
import { laboriousModel, plusModel, slowModel } from './models.ts'
import { Published } from './published.ts'
import { type Server, Sluice, until } from './server.ts'
import { startOver } from './serving.ts'
import { occupy, turnsFor } from './slow.ts'
import { stateOf } from './states.ts'

/** Far longer than a server may take to end. */
const rounds = 400
const inTimeMs = 15_000

describe('a server that is told to end', { concurrency: true }, () => {
  it('while a version loads answers what it accepted, and waits for no load', async (t) => {
    const published = new Published()
    published.version('plus', 1, { 'model.onnx': plusModel(1) })
    published.version('slow', 1, { 'model.onnx': slowModel() })
    // one run at once, and one ahead of it
    const server = await startOver(t, published, { yaml: 'onnx: { executors: 1 }' })
    published.version('plus', 2, { 'model.onnx': laboriousModel(2, rounds) })
    await untilLoading(server)
    const running = await occupy(server, await turnsFor(server, 1500))
    const { code, ms } = await server.process.end()
    for (const answer of running) assert.equal((await answer)?.status, 200)
    assert.equal(code, 0)
    assert.ok(ms < inTimeMs, `${ms} ms`)
  })

  it('while versions are swapped under load loses nothing that it accepted', async (t) => {
    const published = new Published()
    published.version('plus', 1, { 'model.onnx': plusModel(1) })
    const server = await startOver(t, published)
    const staged = Array.from({ length: 40 }, (_, at) =>
      published.stage('plus', at + 2, { 'model.onnx': plusModel(at + 2) }),
    )
    const seen = new Set<unknown>()
    const clients = [1, 2, 3].map(() => askUntilRefused(server, seen))
    for (const place of staged.slice(0, 20)) place()
    await until(async () => seen.size > 1, 'versions change')
    const ending = server.process.end()
    for (const place of staged.slice(20)) place()
    const { code, ms, stderr } = await ending
    assert.equal(code, 0, stderr)
    assert.ok(ms < inTimeMs, `${ms} ms`)
    // a connection that was never accepted is all that may be refused
    for (const client of clients) assert.match(await client, /^ECONN(REFUSED|RESET)$/)
    assert.doesNotMatch(stderr, /\n {4}at |"stack"/)
  })

  it('tells whoever waits for a load or a reload that it ends', async (t) => {
    const published = new Published()
    published.version('plus', 1, { 'model.onnx': plusModel(1) })
    const server = await startOver(t, published, { mode: 'explicit' })
    published.version('plus', 2, { 'model.onnx': laboriousModel(2, rounds) })
    const load = server.ask({ path: '/v2/repository/models/plus/load', body: {} })
    await untilLoading(server)
    const admin = server.ask({ path: '/admin/v1/models/plus/load', body: {} })
    const reload = server.ask({ path: '/admin/v1/reload', body: {} })
    // each is refused if it came after the end of the first
    await server.ask({ path: '/health' })
    const { code, ms } = await server.process.end()
    assert.equal(code, 0)
    assert.ok(ms < inTimeMs, `${ms} ms`)
    const { status, json } = await load
    assert.deepEqual([status, json?.error], [503, 'the server is shutting down'])
    for (const answer of [await admin, await reload]) {
      assert.deepEqual([answer.status, answer.json?.detail], [503, 'the server is shutting down'])
    }
  })

  it('before its first model is loaded ends at once, without a ready line', async (t) => {
    const published = new Published()
    published.version('plus', 1, { 'model.onnx': laboriousModel(1, rounds) })
    const ports = ['--http-port', '0', '--metrics-port', '0']
    const starting = new Sluice(['serve', published.root, ...ports])
    t.after(() => starting.end('SIGKILL'))
    await starting.said(/runtime started/)
    const { code, ms, stdout, stderr } = await starting.end()
    assert.deepEqual([code, stdout], [0, ''])
    assert.ok(ms < inTimeMs, `${ms} ms`)
    assert.doesNotMatch(stderr, /cannot serve|model failed|\n {4}at /)
  })
})

/** Resolves with why there was no answer in the end; every answer before it must be a good one. */
async function askUntilRefused(server: Server, seen: Set<unknown>): Promise<string> {
  for (;;) {
    let answer: Answer
    try {
      answer = await server.ask({ path: '/predict/plus', body: { features: [1] } })
    } catch (thrown) {
      return (thrown as NodeJS.ErrnoException).code ?? String(thrown)
    }
    assert.equal(answer.status, 200, answer.text)
    seen.add(answer.json?.model_version)
  }
}

const untilLoading = (server: Server): Promise<void> =>
  until(async () => (await stateOf(server, '2'))?.[1] === 'loading', 'version 2 is loading')
