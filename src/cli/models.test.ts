import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { adminProtocol } from '../admin/index.ts'
import { systemClock } from '../clock.ts'
import { fail } from '../errors.ts'
import { silentLog } from '../log.ts'
import type { IndexEntry, ModelControl } from '../model-control.ts'
import { echoModel, modelsOf, statusOf } from '../protocols/testing.ts'
import { HttpServer } from '../transport/http/index.ts'
import { modelsCommand } from './models.ts'
import { captured } from './testing.ts'

const iris = { ...echoModel('iris', []), memoryBytes: 3 * 2 ** 20 }
const entries: readonly IndexEntry[] = [
  { name: 'iris', version: '2', state: 'failed', why: 'it is empty\n  now' },
  { ...statusOf(iris), labels: ['best'] },
  { name: 'lazy', version: '1', state: 'unloaded', asleep: true },
  { name: 'a name\u001b[2J', version: '1', state: 'loading' },
  { name: 'never' },
]

describe('sluice models', () => {
  let server: HttpServer
  let url: string
  let does: Partial<ModelControl> = {}
  let ready = true
  let calls: unknown[] = []
  before(async () => {
    const control: ModelControl = {
      mode: 'explicit',
      index: () => does.index?.() ?? entries,
      load: async (...args) => {
        calls.push('load', ...args)
        await does.load?.(...args)
      },
      unload: async (...args) => {
        calls.push('unload', ...args)
      },
      reload: async () => ({
        models: [statusOf(iris)],
        needRestart: ['http.port', 'onnx.threads'],
      }),
    }
    const models = { ...modelsOf(), ready: () => ready }
    server = await HttpServer.listen({
      ...{ host: '127.0.0.1', port: 0, maxBodyBytes: 1000, headersTimeoutMs: 1000 },
      ...{ bodyTimeoutMs: 1000, idleTimeoutMs: 1000, clock: systemClock, log: silentLog },
      protocols: [adminProtocol({ models, control, fleet: () => undefined })],
      access: { boundTo: '', adminToken: undefined, allowedHosts: [], corsOrigins: [] },
      onAnswered: () => {},
    })
    url = server.url
  })
  beforeEach(() => {
    does = {}
    ready = true
    calls = []
  })
  after(() => {
    server.abort()
    return server.drain()
  })

  it('list prints a line for every version', async () => {
    const { out, err, exitCode } = await run(['list', '--url', url])
    assert.deepEqual(out.split('\n'), [
      'model            version  state       asked                provider  memory   why',
      'iris             2        failed                                              it is empty now',
      'iris             3        ready       by default, as best  test      3.0 MiB',
      'lazy             1        asleep',
      'a name\\u001b[2J  1        loading',
      'never                     not loaded',
      '',
    ])
    assert.deepEqual([err, exitCode], ['', 0])
  })

  it('list says that there are none', async () => {
    does = { index: () => [] }
    assert.equal((await run(['list', '--url', url])).out, 'no models\n')
  })

  it('prints what the server says as JSON', async () => {
    const { out } = await run(['list', '--url', url, '--json'])
    const { mode, models } = JSON.parse(out) as { mode: string; models: unknown[] }
    assert.deepEqual([mode, models.length], ['explicit', entries.length])
  })

  it('status tells all of one model, and by the exit code whether it is ready', async () => {
    const { out, exitCode } = await run(['status', 'iris', '--url', url])
    assert.equal(
      out,
      [
        'iris, version 2: failed',
        '  why       it is empty now',
        'iris, version 3: ready',
        '  asked     by default, as best',
        '  platform  test',
        '  provider  test',
        '  memory    3.0 MiB',
        '  digest    sha256:d1',
        '  files     model.onnx  3 bytes  sha256:f1',
        '',
      ].join('\n'),
    )
    assert.equal(exitCode, 0)
    assert.equal((await run(['status', 'lazy', '--url', url])).exitCode, 0)
    const never = await run(['status', 'never', '--url', url])
    assert.deepEqual([never.out, never.exitCode], ['never: not loaded\n', 1])
  })

  it('status of no name tells of all, and whether the server is ready', async () => {
    assert.equal((await run(['status', '--url', url])).exitCode, 0)
    ready = false
    const { out, exitCode } = await run(['status', '--url', url])
    assert.match(out, /^iris +3 +ready/m)
    assert.equal(exitCode, 1)
  })

  it('load waits for the model, and prints what became of it', async () => {
    const { out, exitCode } = await run(['load', 'iris', '--url', url])
    assert.match(out, /^iris +2 +failed .*\niris +3 +ready/m)
    assert.equal(exitCode, 0)
    await run(['load', 'iris', '--force', '--url', url])
    assert.deepEqual(calls, [
      ...['load', 'iris', { force: false }],
      ...['load', 'iris', { force: true }],
    ])
  })

  it('load says why the server did not load it', async () => {
    does = {
      load: async () => {
        throw fail('LOAD_FAILED', { model: 'iris', why: 'it is empty', hint: 'mend it' })
      },
    }
    const { out, err, exitCode } = await run(['load', 'iris', '--url', url])
    assert.deepEqual([out, err], ['', "failed to load 'iris', it is empty\n  mend it\n"])
    assert.equal(exitCode, 1)
  })

  it('unload prints what is left', async () => {
    const { out, exitCode } = await run(['unload', 'lazy', '--url', url])
    assert.match(out, /^lazy +1 +asleep$/m)
    assert.deepEqual([exitCode, calls], [0, ['unload', 'lazy']])
  })

  it('asks for a name as it is', async () => {
    const { err, exitCode } = await run(['status', '../x y/é', '--url', url])
    assert.match(err, /^no model is named "\.\.\/x y\/é"\n {2}known models: "iris"/)
    assert.equal(exitCode, 1)
  })

  it('reload prints what is served, and what waits for a restart', async () => {
    const { out } = await run(['reload', '--url', url])
    assert.match(out, /^iris +3 +ready .*\nfrom the next start on: http\.port, onnx\.threads\n$/m)
  })

  it('finds the server by its variable where no flag names one', async () => {
    assert.equal((await run(['list'], { SLUICE_URL: url })).exitCode, 0)
    assert.equal((await run(['list', '--url', url], { SLUICE_URL: 'http://[' })).exitCode, 0)
  })

  it('says in one line that nobody listens', async () => {
    const silent = await listening()
    await silent.close()
    const { err, exitCode } = await run(['list', '--url', silent.url])
    assert.match(
      err,
      /^no server answers at http:\/\/127\.0\.0\.1:\d+: the connection is refused\n/,
    )
    assert.equal(exitCode, 1)
  })

  it('knows a server that is no Sluice', async () => {
    const alien = await listening((_authorization) => [404, '<html>'])
    const { err, exitCode } = await run(['list', '--url', `${alien.url}/prefix`])
    assert.match(err, /\/prefix\/admin\/v1\/models gave no answer of a Sluice server, .* 404\n/)
    const listless = await listening(() => [200, '{}'])
    assert.match((await run(['list', '--url', listless.url])).err, /^the server gave no list/)
    assert.equal(exitCode, 1)
    await Promise.all([alien.close(), listless.close()])
  })

  describe('shows a token', () => {
    const tokens: (string | undefined)[] = []
    let asked: Awaited<ReturnType<typeof listening>>
    before(async () => {
      asked = await listening((authorization) => {
        tokens.push(authorization)
        return [200, '{"models":[]}']
      })
    })
    after(() => asked.close())

    it('from a file, or else its variable', async () => {
      const env = { SLUICE_ADMIN_TOKEN: ' spoken\n' }
      await run(['list', '--url', asked.url], env)
      await run(['list', '--url', asked.url, '--token-file', 'token'], env)
      await run(['list', '--url', asked.url])
      assert.deepEqual(tokens, ['Bearer spoken', 'Bearer from-file', undefined])
    })

    for (const [file, says] of [
      ['missing', /^--token-file missing: there is no such file$/m],
      ['empty', /^--token-file empty: it is empty$/m],
      ['words', /^--token-file words: a token is one word of printable ASCII characters$/m],
    ] as const) {
      it(`but not from a file that has none: ${file}`, async () => {
        const { err, exitCode } = await run(['list', '--url', asked.url, '--token-file', file])
        assert.match(err, says)
        assert.equal(exitCode, 2)
      })
    }
  })

  for (const address of ['127.0.0.1:8000', 'models', 'ftp://x', 'http://[', 'http://x/predict/m']) {
    it(`refuses an address that is none, as wrong usage: ${address}`, async () => {
      const { err, exitCode } = await run(['list', '--url', address])
      assert.notEqual(err, '')
      assert.equal(exitCode, 2)
    })
  }
})

const files: Readonly<Record<string, string>> = {
  token: 'from-file\n',
  empty: ' \n',
  words: 'two words',
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { said, io } = captured()
  const command = modelsCommand({
    ...io,
    progress: { say() {}, end() {} },
    env,
    readFile: async (path) => {
      const content = files[path]
      if (content === undefined) throw Object.assign(new Error(), { code: 'ENOENT', path })
      return content
    },
  })
  await command.parseAsync(args, { from: 'user' })
  return said
}

async function listening(
  answer: (authorization: string | undefined) => readonly [number, string] = () => [200, ''],
) {
  const server = createServer((request, response) => {
    const [status, body] = answer(request.headers.authorization)
    request.resume()
    response.writeHead(status, { connection: 'close' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () => new Promise((resolve) => server.close(resolve))
  return { url: `http://127.0.0.1:${port}`, close }
}
