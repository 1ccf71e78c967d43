import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { addTo, tree } from '../testing.ts'
import { LocalSource } from './local-source.ts'

describe('a folder that was a model', () => {
  const files = { 'm/1/model.onnx': '', 'n/model.onnx': '', 'o.onnx': '', 'docs/a.md': '' }

  for (const [what, path, left] of [
    ['has no version any more', 'm/1', '.'],
    ['has no file any more', 'n/model.onnx', '.'],
    ['is given by itself', 'm/1', 'm'],
  ] as const) {
    it(`and ${what} is still one, which is told, until it is gone`, async (t) => {
      const root = tree(t, files)
      const source = new LocalSource({ paths: [join(root, left)] })
      const before = await found(source)
      const name = path[0]!
      rmSync(join(root, path), { recursive: true })
      for (let look = 0; look < 2; look++) {
        const now = await found(source)
        assert.deepEqual(Object.keys(now), Object.keys(before))
        assert.equal(now[name], `ServingError: ${name} holds no version any more`)
      }
      const next = new LocalSource({ paths: [join(root, left)], after: source })
      assert.equal((await found(next))[name], `ServingError: ${name} holds no version any more`)
      addTo(root, { [`${name}/2/model.onnx`]: '' })
      assert.deepEqual(await found(next), before)
      rmSync(join(root, name), { recursive: true })
      assert.equal((await found(next))[name], undefined)
    })
  }

  it('and goes by another name now is that one alone', async (t) => {
    const root = tree(t, files)
    const source = new LocalSource({ paths: [root] })
    await found(source)
    addTo(root, { 'm/model.yaml': 'name: k' })
    assert.deepEqual(Object.keys(await found(source)), ['k', 'n', 'o'])
  })

  it('and whose name a file has taken is that file alone', async (t) => {
    const root = tree(t, files)
    const source = new LocalSource({ paths: [root] })
    await found(source)
    rmSync(join(root, 'm/1'), { recursive: true })
    addTo(root, { 'm.onnx': '' })
    assert.deepEqual(await found(source), { m: 'fine', n: 'fine', o: 'fine' })
  })
})

async function found(source: LocalSource): Promise<Readonly<Record<string, string>>> {
  const { models } = await source.scan()
  return Object.fromEntries(
    models.map(({ name, spec }) => [name, spec instanceof Error ? String(spec) : 'fine']),
  )
}
