/** `sluice inspect` on a repository as people have them: some of everything. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { tree } from '../../src/repository/testing.ts'
import { echoModel, pairModel } from './models.ts'
import { Sluice } from './server.ts'

test('a repository is one line a model, with its versions, its layout, its size and its fate', async (t) => {
  const { code, stdout, stderr } = await inspect(t, repository(t))
  assert.equal(stderr, '')
  const rows = stdout.split('\n').map((line) => line.split(/ {2,}/))
  const [count, end] = [rows.at(-2), rows.at(-1)]
  const fates = Object.fromEntries(rows.slice(0, -2).map(([title, ...fate]) => [title, fate]))
  assert.deepEqual(Object.keys(fates), [
    'add, version 1',
    'broken, version 1',
    'echo, version 10 (of 9, 10)',
    'escape, version 1',
    'forest',
    'grid, versions 1, 2',
    'locked, version 1',
    'mlserver, version 4',
    'sk',
    'tampered, version 1',
  ])
  const served = ['would be served']
  const verdict = (title: string) => fates[title]?.slice(2)
  for (const title of [
    'add, version 1',
    'echo, version 10 (of 9, 10)',
    'grid, versions 1, 2',
    'locked, version 1',
    'mlserver, version 4',
  ]) {
    assert.deepEqual(verdict(title), served, title)
    assert.match(fates[title]![1]!, /^\d+ bytes$/)
  }
  assert.deepEqual(
    [
      'add, version 1',
      'echo, version 10 (of 9, 10)',
      'grid, versions 1, 2',
      'mlserver, version 4',
    ].map((title) => fates[title]?.[0]),
    ['file', 'folder', 'Triton', 'MLServer'],
  )
  assert.match(String(verdict('broken, version 1')), /^would not be served: broken\.onnx/)
  assert.match(String(verdict('escape, version 1')), /is a link that leaves the repository/)
  assert.match(String(verdict('forest')), /serving scikit-learn models is not built yet/)
  assert.match(String(verdict('sk')), /serving models of mlserver_sklearn\.SKLearnModel is not/)
  assert.match(String(verdict('tampered, version 1')), /is not what sluice\.lock says/)
  assert.deepEqual([count, end], [['5 of 10 would be served'], ['']])
  assert.equal(code, 1)
})

test('JSON has everything, of one model too', async (t) => {
  const root = repository(t)
  const { code, stdout } = await inspect(t, '--json', join(root, 'grid'))
  const [grid, ...others] = JSON.parse(stdout)
  assert.deepEqual([code, others.length], [0, 0])
  assert.deepEqual(
    [grid.name, grid.layout, grid.versions, grid.served, grid.problems],
    ['grid', 'Triton', ['1', '2'], true, []],
  )
  assert.deepEqual(
    grid.wanted.map((one: { version: string; path: string }) => [one.version, one.path]),
    [
      ['1', join(root, 'grid/1/model.onnx')],
      ['2', join(root, 'grid/2/model.onnx')],
    ],
  )
  assert.deepEqual(grid.wanted[1].description.signature.inputs[0].name, 'a')
})

function repository(t: TestContext): string {
  const outside = tree(t, { 'model.onnx': echoModel() })
  const echo = echoModel()
  return tree(t, {
    'add.onnx': pairModel(),
    'broken.onnx': echo.subarray(0, 40),
    'forest.pkl': 'x',
    'README.md': '# models',
    'docs/how.md': '',
    '.staging/1/model.onnx': echo,
    'echo/9/model.onnx': echo,
    'echo/10/model.onnx': echo,
    'grid/config.pbtxt': 'name: "grid" backend: "onnxruntime" version_policy { all {} }',
    'grid/1/model.onnx': pairModel(),
    'grid/2/model.onnx': pairModel(),
    'mlserver/model-settings.json': '{"parameters": {"uri": "net.onnx", "version": "4"}}',
    'mlserver/net.onnx': echo,
    'sk/model-settings.json': '{"implementation": "mlserver_sklearn.SKLearnModel"}',
    'escape/1/model.onnx': `-> ${outside}/model.onnx`,
    'locked/1/model.onnx': echo,
    'locked/sluice.lock': `${hash('sha256', echo)}  1/model.onnx\n`,
    'tampered/1/model.onnx': echo,
    'tampered/sluice.lock': `${hash('sha256', pairModel())}  1/model.onnx\n`,
  })
}

async function inspect(t: TestContext, ...args: readonly string[]) {
  const sluice = new Sluice(['inspect', ...args])
  t.after(() => sluice.exit)
  return sluice.exit
}
