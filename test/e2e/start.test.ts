/** How a server starts, and what it says where it cannot. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server as NetServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  externalTensor,
  identityModel,
  modelOf,
  nodeOf,
  tensorInfo,
} from '../../src/onnx/testing.ts'
import { echoModel, modelFolder, pairModel } from './models.ts'
import { Sluice, type StartOptions, startServer } from './server.ts'

const noPorts = ['--http-port', '0', '--metrics-port', 'off']

/** Files that are no model that can be served, and what is to be said of each. */
const badModels: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['truncated', pairModel().subarray(0, 70), /expected an? /],
  ['empty', new Uint8Array(), /empty/],
  ['random', noise(5000), /expected an? /],
  ['text', Buffer.from('<!doctype html><html><body>404 Not Found</body></html>'), /expected an? /],
  [
    'newer',
    modelOf(echoGraph(), { irVersion: 99n }),
    /IR version: expected at most 13 .*, got 99;/,
  ],
  [
    'opset',
    modelOf(echoGraph(), { opsetImport: [{ domain: '', version: 77n }] }),
    /opset of ai\.onnx: expected 1 to 26 .*, got 77;/,
  ],
  [
    'external',
    modelOf({
      ...echoGraph(),
      initializer: [externalTensor('w', [2], { location: 'weights.bin', length: '8' })],
    }),
    /external data "weights\.bin" is missing: expected a file in the folder of the model/,
  ],
  [
    'outside',
    modelOf({
      ...echoGraph(),
      initializer: [externalTensor('w', [2], { location: '../../etc/passwd', length: '8' })],
    }),
    /external data "\.\.\/\.\.\/etc\/passwd" is outside/,
  ],
]

test('where no model can be served the start ends with 1 and says why of each', async (t) => {
  const folder = modelFolder(badFiles)
  const { code, stdout, stderr } = await end(t, [folder, ...noPorts])
  assert.deepEqual([code, stdout], [1, ''])
  for (const [name, , expected] of badModels) {
    const line = stderr.split('\n').find((one) => one.startsWith(`cannot serve "${name}": `))
    assert.match(line ?? stderr, expected)
  }
  assert.doesNotMatch(stderr, stack)
})

test('beside a good model the bad ones are told in /health and in the answer to who asks them', async (t) => {
  const folder = modelFolder({ ...badFiles, 'echo.onnx': echoModel() })
  const server = await startServer([folder])
  t.after(() => server.process.end('SIGKILL'))

  const health = await server.ask({ path: '/health' })
  assert.equal(health.status, 200)
  assert.equal((await server.ask({ path: '/health/ready' })).status, 200)
  const models = health.json?.models as readonly { name: string; state: string; why?: string }[]
  assert.equal(models.length, badModels.length + 1)
  for (const [name, , expected] of badModels) {
    const { state, why = '' } = models.find((model) => model.name === name) ?? {}
    assert.equal(state, 'failed', name)
    assert.match(why, expected, name)

    const plain = await server.ask({ path: `/predict/${name}`, body: { features: [1, 2, 3] } })
    assert.equal(plain.status, 503, name)
    assert.equal(plain.json?.detail, `"${name}" is failed: ${why}`)
    assert.match(String(plain.headers['retry-after']), /^\d+$/)
    const oip = await server.ask({ path: `/v2/models/${name}/infer`, body: { inputs: [] } })
    assert.deepEqual([oip.status, oip.json], [503, { error: `"${name}" is failed: ${why}` }])
    for (const { text } of [health, plain, oip]) {
      assert.doesNotMatch(text, /\/tmp|node_modules|\bat \w+ \(|\.cc:\d/, name)
    }
  }
  const good = await server.ask({ path: '/predict/echo', body: { features: [1, 2, 4] } })
  assert.deepEqual(good.json?.outputs, { y: [1, 2, 4] })
})

test('with --exit-on-error one bad model ends the start', async (t) => {
  const folder = modelFolder({ 'empty.onnx': new Uint8Array(), 'echo.onnx': echoModel() })
  const { code, stdout, stderr } = await end(t, [folder, '--exit-on-error', ...noPorts])
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /^cannot serve "empty": /m)
})

test('with --strict-readiness one bad model keeps the server from being ready', async (t) => {
  const folder = modelFolder({ 'empty.onnx': new Uint8Array(), 'echo.onnx': echoModel() })
  const server = await startServer([folder, '--strict-readiness'])
  t.after(() => server.process.end('SIGKILL'))
  assert.equal((await server.ask({ path: '/health/ready' })).status, 503)
  assert.equal((await server.ask({ path: '/v2/health/ready' })).status, 503)
  assert.equal((await server.ask({ path: '/health/live' })).status, 200)
  const good = await server.ask({ path: '/predict/echo', body: { features: [1, 2, 5] } })
  assert.deepEqual(good.json?.outputs, { y: [1, 2, 5] })
})

test('a path that is no model, and one that is nothing, are told in one line', async (t) => {
  const folder = modelFolder({ 'echo.onnx': echoModel() })
  mkdirSync(join(folder, 'broken'))
  // a version that is a file stands for a folder that cannot be read, which root always can
  writeFileSync(join(folder, 'broken', '3'), 'no folder')
  const cases = [
    [join(folder, 'nosuch'), /^cannot serve "nosuch": nosuch: .*there is no such file/m],
    ['/dev/null', /^cannot serve "null": null is a pipe, a socket or a device/m],
    [join(folder, 'broken'), /^cannot serve "broken": broken\/3: it is no folder$/m],
  ] as const
  for (const [path, expected] of cases) {
    const { code, stderr } = await end(t, [path, ...noPorts])
    assert.equal(code, 1)
    assert.match(stderr, expected)
    assert.doesNotMatch(stderr, /\n {4}at |port/)
  }
})

test('of two models with one name the first is served', async (t) => {
  const folder = modelFolder({ 'one.onnx': echoModel() })
  const other = modelFolder({ 'one.onnx': identityModel('INT32', ['batch', 1]) })
  const server = await startServer([join(folder, 'one.onnx'), join(other, 'one.onnx')])
  t.after(() => server.process.end('SIGKILL'))
  const good = await server.ask({ path: '/predict/one', body: { features: [1, 2, 6] } })
  assert.deepEqual(good.json?.outputs, { y: [1, 2, 6] })
  const { json } = await server.ask({ path: '/health' })
  const [, second] = (json?.models ?? []) as readonly Readonly<Record<string, string>>[]
  assert.deepEqual([second?.name, second?.state], ['one#2', 'failed'])
  assert.match(second?.why ?? '', /another model has the name "one" already/)
})

test('a port in use ends the start with one clear line', async (t) => {
  const port = await taken(t)
  const folder = modelFolder({ 'echo.onnx': echoModel() })
  for (const flag of ['--http-port', '--metrics-port'] as const) {
    const other = flag === '--http-port' ? '--metrics-port' : '--http-port'
    const { code, stdout, stderr } = await end(t, [folder, flag, `${port}`, other, '0'])
    assert.deepEqual([code, stdout], [1, ''])
    assert.equal(
      stderr,
      `port ${port} of 127.0.0.1 is in use\n  choose another by ${flag}, or ${flag} 0 for a free one\n`,
    )
  }
})

test('an address that is not of this machine, or no address, ends the start', async (t) => {
  const folder = modelFolder({ 'echo.onnx': echoModel() })
  for (const host of ['192.0.2.1', 'no such host']) {
    const { code, stderr } = await end(t, [folder, ...noPorts, '--host', host])
    assert.equal(code, 1)
    assert.equal(stderr, `"${host}" is no address of this machine\n  choose another by --host\n`)
  }
})

test('an ONNX Runtime that cannot be opened ends the start, also with a metrics port open', async (t) => {
  const folder = modelFolder({ 'echo.onnx': echoModel() })
  const yaml = 'onnx: { library: ./nosuch.so }'
  const { code, stdout, stderr } = await end(
    t,
    [folder, '--http-port', '0', '--metrics-port', '0'],
    { yaml },
  )
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /^ONNX Runtime cannot be opened\n {2}sluice doctor/m)
})

test('wrong usage and a wrong configuration end with 2 and name the place', async (t) => {
  const cases: readonly (readonly [readonly string[], string | undefined, RegExp])[] = [
    [['--http-prot', '1'], undefined, /--http-prot/],
    [['--http-port', '70000'], undefined, /--http-port/],
    [['--max-body', 'much'], undefined, /--max-body.*64MiB/],
    [['--grpc-port', '8001'], undefined, /gRPC/],
    [[], 'http: { prot: 1 }', /sluice\.yaml:1.*prot/s],
    [[], 'http: [', /sluice\.yaml/],
    [['--config', 'nosuch.yaml'], undefined, /nosuch\.yaml/],
    [['--admin-token-file', 'nosuch.txt'], undefined, /nosuch\.txt/],
  ]
  for (const [args, yaml, expected] of cases) {
    const { code, stdout, stderr } = await end(t, args, yaml === undefined ? {} : { yaml })
    assert.deepEqual([code, stdout], [2, ''], `${args} ${yaml}: ${stderr}`)
    assert.match(stderr, expected)
    assert.doesNotMatch(stderr, stack)
  }
})

test('HTTP and the metrics can each be switched off', async (t) => {
  const folder = modelFolder({ 'echo.onnx': echoModel() })
  const quiet = new Sluice(['serve', folder, '--http-port', 'off', '--metrics-port', '0'])
  t.after(() => quiet.end('SIGKILL'))
  await quiet.said(/^ready without HTTP metrics http:\/\/127\.0\.0\.1:\d+\/metrics$/m)
  assert.equal((await quiet.end()).code, 0)

  const server = await startServer([folder, '--metrics-port', 'off'])
  t.after(() => server.process.end('SIGKILL'))
  assert.equal(server.metricsPort, undefined)
  assert.equal((await server.ask({ path: '/metrics' })).status, 200)
  assert.equal((await server.process.end()).code, 0)
})

test('the port of the metrics serves nothing else', async (t) => {
  const server = await startServer([modelFolder({ 'echo.onnx': echoModel() })])
  t.after(() => server.process.end('SIGKILL'))
  assert.equal(await server.metric('predictions_total', 'echo'), 0)
  for (const path of ['/health', '/predict/echo', '/v2', '/docs']) {
    const response = await fetch(`http://127.0.0.1:${server.metricsPort}${path}`)
    assert.equal(response.status, 404, path)
  }
})

const badFiles = Object.fromEntries(badModels.map(([name, bytes]) => [`${name}.onnx`, bytes]))

const stack = /\n {4}at /

/** Runs `sluice serve` to its end. */
async function end(t: TestContext, args: readonly string[], options: StartOptions = {}) {
  const process = new Sluice(['serve', ...args], options)
  t.after(() => process.end('SIGKILL'))
  return process.exit
}

function taken(t: TestContext): Promise<number> {
  return new Promise((resolve) => {
    const holder: NetServer = createServer().listen(0, '127.0.0.1', () => {
      resolve((holder.address() as { port: number }).port)
    })
    t.after(() => holder.close())
  })
}

/** The same at every run. */
function noise(bytes: number): Buffer {
  return createHash('shake256', { outputLength: bytes }).digest()
}

function echoGraph() {
  return {
    node: [nodeOf('Identity', ['x'], ['y'])],
    input: [tensorInfo('x', 'FP32', ['batch', 3])],
    output: [tensorInfo('y', 'FP32', ['batch', 3])],
  }
}
