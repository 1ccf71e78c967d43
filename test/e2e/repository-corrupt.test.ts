/** New versions that are broken in every way: none takes traffic, each is told with its reason. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { noise, plusModel } from './models.ts'
import { type Server, until } from './server.ts'
import { allIsWell, serving, untilServed } from './serving.ts'
import { counted, index, logged, stateOf, states } from './states.ts'

/** Each in the place of version 2 and further, and what is to be said of it. */
const broken: readonly (readonly [
  what: string,
  files: Readonly<Record<string, Uint8Array | string>>,
  why: RegExp,
  reason: string,
])[] = [
  ['cut off', { 'model.onnx': plusModel(2).subarray(0, 60) }, /^model\.onnx/, 'MODEL_UNREADABLE'],
  ['random bytes', { 'model.onnx': noise(5000) }, /^model\.onnx/, 'MODEL_UNREADABLE'],
  ['an empty file', { 'model.onnx': '' }, /^model\.onnx is empty/, 'MODEL_UNREADABLE'],
  [
    'a page in place of a download',
    { 'model.onnx': '<!doctype html><title>404</title>' },
    /^model\.onnx/,
    'MODEL_UNREADABLE',
  ],
  [
    'no model',
    { 'README.md': 'soon' },
    /plus\/\d holds no model file, expected model\.onnx, got README\.md/,
    'MODEL_UNREADABLE',
  ],
  [
    'nothing',
    {},
    /plus\/\d holds no model file, expected model\.onnx, got nothing/,
    'MODEL_UNREADABLE',
  ],
]

describe('a broken version', { concurrency: true }, () => {
  it('is told everywhere with its reason, while the old one serves', async (t) => {
    const { server, published, asking } = await serving(t)
    const staged = broken.map(([, files], at) => published.stage('plus', at + 2, files))
    for (const [at, [what, , why, reason]] of broken.entries()) {
      const version = `${at + 2}`
      staged[at]!()
      await until(
        async () => (await stateOf(server, version))?.[1] === 'failed',
        `${what} has failed`,
      )
      const [, , told = ''] = (await stateOf(server, version))!
      assert.match(told, why, what)
      const rows = await index(server)
      assert.deepEqual(
        rows.find((row) => row.version === version),
        { name: 'plus', version, state: 'UNAVAILABLE', reason: told },
      )
      const lines = () => logged(server, 'model failed').filter((line) => line.version === version)
      await until(async () => lines().length > 0, 'it is logged')
      assert.deepEqual(
        lines().map((line) => [line.model, line.why]),
        [['plus', told]],
      )
      const failures = await counted(server, 'sluice_model_load_failures_total', {
        version,
        reason,
      })
      assert.equal(failures, 1, what)
      await refused(server, version, `"plus" is failed: ${told}`)
    }
    // more of them than a server steps back over that starts
    assert.deepEqual((await states(server))[0], ['1', 'ready', undefined])
    published.version('plus', 9, { 'model.onnx': plusModel(9) })
    await untilServed(server, '9')
    await allIsWell({ server, asking }, '9')
  })

  it('is kept out by a lock where one bit was changed, and let in when it is right', async (t) => {
    const { server, published, asking } = await serving(t)
    const [one, two] = [plusModel(1), plusModel(2)]
    const flipped = Uint8Array.from(two)
    const weights = Buffer.from(flipped.buffer).indexOf(Buffer.from(Float32Array.of(2).buffer))
    assert.ok(weights > 0)
    flipped[weights] = flipped[weights]! ^ 1
    const lock = (second: Uint8Array) =>
      published.file('plus', 'sluice.lock', `${line(one, 1)}${line(second, 2)}`)

    published.version('plus', 2, { 'model.onnx': flipped })
    lock(two)
    await until(async () => (await stateOf(server, '2'))?.[1] === 'failed', 'version 2 has failed')
    assert.match(
      String((await stateOf(server, '2'))![2]),
      /^2\/model\.onnx is not what sluice\.lock says/,
    )
    assert.equal(
      await counted(server, 'sluice_model_load_failures_total', { reason: 'DIGEST_MISMATCH' }),
      1,
    )
    // the other way round: the file is right, and the lock is that of another
    published.remove('plus', 2)
    published.version('plus', 2, { 'model.onnx': two })
    lock(flipped)
    await until(
      async () =>
        (await counted(server, 'sluice_model_load_failures_total', {
          reason: 'DIGEST_MISMATCH',
        })) === 2,
      'it has failed again',
    )
    assert.deepEqual((await stateOf(server, '1'))?.slice(0, 2), ['1', 'ready'])
    lock(two)
    await untilServed(server, '2')
    await allIsWell({ server, asking }, '2')
  })
})

const line = (bytes: Uint8Array, version: number) =>
  `${hash('sha256', bytes)}  ${version}/model.onnx\n`

/** Whoever asks this very version is told why there is none. */
async function refused(server: Server, version: string, why: string): Promise<void> {
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [1] }]
  const path = `/v2/models/plus/versions/${version}/infer`
  const oip = await server.ask({ path, body: { inputs } })
  assert.deepEqual([oip.status, oip.json?.error], [503, why])
  const headers = { 'x-sluice-version': version }
  const plain = await server.ask({ path: '/predict/plus', headers, body: { features: [1] } })
  assert.deepEqual([plain.status, plain.json?.detail], [503, why])
}
