import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { addTo, tree } from '../testing.ts'
import { LocalSource } from './local-source.ts'

describe('a model that has another name than its folder', () => {
  for (const [what, text] of [
    ['is no YAML', 'name: ['],
    ['has an error', 'name: other\nnosuch: 1'],
    ['is empty but for an error', 'nosuch: 1'],
  ] as const) {
    it(`keeps it while its model.yaml ${what}`, async (t) => {
      const root = tree(t, { 'box/1/model.onnx': '', 'box/model.yaml': 'name: m', 'n.onnx': '' })
      const source = new LocalSource({ paths: [root] })
      assert.deepEqual(await found(source), { m: 'fine', n: 'fine' })
      writeFileSync(join(root, 'box/model.yaml'), text)
      for (let look = 0; look < 2; look++) {
        const { m, ...others } = await found(source)
        assert.match(m!, /model\.yaml/)
        assert.deepEqual(others, { n: 'fine' })
      }
      writeFileSync(join(root, 'box/model.yaml'), 'name: k')
      assert.deepEqual(await found(source), { k: 'fine', n: 'fine' })
    })
  }

  it('does not have it before one whose folder is called so', async (t) => {
    const root = tree(t, { 'm/1/model.onnx': '' })
    const source = new LocalSource({ paths: [root] })
    const folder = async () =>
      (await source.scan()).models.find(({ name }) => name === 'm')?.folders
    const before = await folder()
    addTo(root, { 'backup/1/model.onnx': '', 'backup/model.yaml': 'name: m' })
    assert.deepEqual(await folder(), before)
    assert.match((await found(source))['m#2']!, /another model has the name "m" already/)
    rmSync(join(root, 'm'), { recursive: true })
    assert.deepEqual(await found(source), { m: 'fine' })
  })
})

async function found(source: LocalSource): Promise<Readonly<Record<string, string>>> {
  const { models } = await source.scan()
  return Object.fromEntries(
    models.map(({ name, spec }) => [name, spec instanceof Error ? spec.message : 'fine']),
  )
}
