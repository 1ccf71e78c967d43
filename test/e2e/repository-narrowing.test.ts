/** Versions that would not answer the clients of the one that serves, and the command that serves them. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { identityModel } from '../../src/onnx/testing.ts'
import { pairModel, plusModel } from './models.ts'
import { type Exit, type Server, Sluice, until } from './server.ts'
import { allIsWell, serving, untilServed } from './serving.ts'
import { counted, served, stateOf } from './states.ts'

/** In the place of `plus`, whose `x` is FP32 of any number of rows of one. */
const narrower: readonly (readonly [what: string, model: Uint8Array, why: RegExp])[] = [
  ['other inputs', pairModel(), /input "x" was taken, and is none of the new version/],
  ['another datatype', identityModel('INT32', ['batch', 1]), /FP32.*INT32/],
  [
    'wider rows',
    identityModel('FP32', ['batch', 3]),
    /shape \[-1,1\], the new version takes \[-1,3\]/,
  ],
  ['one row only', identityModel('FP32', [1, 1]), /shape \[-1,1\], the new version takes \[1,1\]/],
]

test('a version that narrows is refused while the old one serves, and served when it is forced', async (t) => {
  const { server, published, asking } = await serving(t)
  for (const [at, [what, model, why]] of narrower.entries()) {
    const version = at + 2
    published.version('plus', version, { 'model.onnx': model })
    const state = async () => (await stateOf(server, `${version}`))?.[1]
    await until(async () => (await state()) === 'failed', `${what} are refused`)
    const [, , told = ''] = (await stateOf(server, `${version}`))!
    assert.match(told, /^clients of version 1 could not be answered: /)
    assert.match(told, why, what)
    assert.match(told, /sluice models load plus --force serves it all the same/)
    const labels = { version: `${version}`, reason: 'SIGNATURE_NARROWED' }
    assert.equal(await counted(server, 'sluice_model_load_failures_total', labels), 1)
  }
  await allIsWell({ server, asking }, '1')

  published.version('plus', 6, { 'model.onnx': identityModel('FP32', ['batch', 3]) })
  await until(async () => (await stateOf(server, '6'))?.[1] === 'failed', 'it is refused')
  const refused = await models(t, server, 'load', 'plus')
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  assert.match(refused.stderr, /failed to load 'plus', clients of version 1 could not be answered/)
  assert.deepEqual(await served(server), ['1'])

  const forced = await models(t, server, 'load', 'plus', '--force')
  assert.equal(forced.code, 0, forced.stderr)
  assert.match(forced.stdout, /^plus +6 +ready +by default/m)
  await untilServed(server, '6')
  const { json } = await server.ask({ path: '/predict/plus', body: { features: [1, 2, 3] } })
  assert.deepEqual(json?.outputs, { y: [1, 2, 3] })

  // and back again is another change that narrows
  published.version('plus', 7, { 'model.onnx': plusModel(7) })
  await until(async () => (await stateOf(server, '7'))?.[1] === 'failed', 'it is refused')
  assert.equal((await models(t, server, 'load', 'plus', '--force')).code, 0)
  await untilServed(server, '7')
})

test('the command tells by its exit code what became of it', async (t) => {
  const { server, published, asking } = await serving(t, { mode: 'explicit' })
  published.version('broken', 1, { 'model.onnx': 'no model' })
  const cases: readonly (readonly [words: readonly string[], code: number, said: RegExp])[] = [
    [['list'], 0, /^plus +1 +ready/m],
    [['status', 'plus'], 0, /^plus, version 1: ready$/m],
    [['load', 'broken'], 1, /failed to load 'broken', /],
    [['status', 'broken'], 1, /^broken, version 1: failed$/m],
    [['status'], 0, /^broken +1 +failed/m],
    [['load', 'nobody'], 1, /no model is named "nobody"/],
    [['unload', 'nobody'], 1, /no model is named "nobody"/],
    [['status', 'nobody'], 1, /no model is named "nobody"/],
    [['unload', 'broken'], 0, /broken/],
    [['reload'], 0, /^plus +1 +ready/m],
    [['load'], 2, /missing required argument 'name'/],
    [['load', 'plus', '--nosuch'], 2, /unknown option '--nosuch'/],
    [['load', '../plus'], 1, /./],
  ]
  for (const [words, code, said] of cases) {
    const exit = await models(t, server, ...words)
    assert.equal(exit.code, code, `${words}: ${exit.stdout}${exit.stderr}`)
    assert.match(exit.stdout + exit.stderr, said, `${words}`)
    assert.doesNotMatch(exit.stderr, /\n {4}at /)
  }
  await allIsWell({ server, asking }, '1')
  assert.equal((await models(t, server, 'unload', 'plus')).code, 0)
  assert.equal((await models(t, server, 'status', 'plus')).code, 1)
  await server.process.end()
  const away = await models(t, server, 'list')
  assert.equal(away.code, 1)
  assert.match(away.stderr, /127\.0\.0\.1/)
})

async function models(
  t: TestContext,
  server: Pick<Server, 'port'>,
  ...words: readonly string[]
): Promise<Exit> {
  const [what = '', ...rest] = words
  const url = `http://127.0.0.1:${server.port}`
  const process = new Sluice(['models', what, '--url', url, ...rest])
  t.after(() => process.end('SIGKILL'))
  return process.exit
}
