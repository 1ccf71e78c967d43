import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ServingError } from '../../errors.ts'
import type { VersionSpec } from '../../model-spec.ts'
import { discover } from '../find/discover.ts'
import { addTo, tree } from '../testing.ts'
import { changedAt, fingerprintOf, isSealed, type Stamp } from './fingerprint.ts'

const stamp = (mtimeMs: number, ctimeMs: number, more: Partial<Stamp> = {}): Stamp => ({
  path: 'model.onnx',
  size: 7,
  mtimeMs,
  ctimeMs,
  ino: 3,
  ...more,
})

describe('a fingerprint', () => {
  it('is another one for any difference of a file, and of what configures it', () => {
    const base = { files: [stamp(1, 2)] }
    const others = [
      { files: [stamp(1, 2, { size: 8 })] },
      { files: [stamp(1.5, 2)] },
      { files: [stamp(1, 2.25)] },
      { files: [stamp(1, 2, { ino: 4 })] },
      { files: [stamp(1, 2, { path: 'other.onnx' })] },
      { files: [stamp(1, 2), stamp(1, 2, { path: 'w.bin' })] },
      { files: [] },
    ]
    const all = [base, ...others].map((stamps) => fingerprintOf(stamps, 'c'))
    all.push(fingerprintOf(base, 'd'))
    assert.equal(new Set(all).size, 9)
    assert.equal(fingerprintOf(base, 'c'), all[0])
  })
})

describe('files are sealed', () => {
  const home = stamp(10, 50)
  const written = stamp(50, 50)
  const cases = [
    { name: 'when all times were set after the last write', files: [stamp(5, 20)], home },
    { name: 'in a folder that was written elsewhere and moved here', files: [stamp(9, 9)], home },
    { name: 'with folders inside', files: [stamp(9, 9)], folders: [stamp(9, 9)], home },
    { name: 'when the folder was moved at that moment', files: [stamp(5, 50)], home },
    { name: 'as a single file that was renamed', files: [stamp(5, 20)] },
    { name: 'as the only file, renamed into its folder', files: [stamp(5, 50)], home: written },
    { name: 'not as a single file that was written only', files: [stamp(20, 20)], no: true },
    { name: 'not while a file is written', files: [stamp(60, 60)], home: written, no: true },
    {
      name: 'not when others may be to come after a file that was renamed',
      files: [stamp(5, 50), stamp(5, 49)],
      home: written,
      no: true,
    },
    {
      name: 'not when something inside changed after the folder',
      files: [stamp(5, 51)],
      home,
      no: true,
    },
    {
      name: 'not when a folder inside changed after it',
      files: [stamp(5, 20)],
      folders: [stamp(51, 51)],
      home,
      no: true,
    },
    { name: 'not when there is nothing', files: [], home, no: true },
  ]
  for (const { name, files, folders = [], home, no = false } of cases) {
    it(name, () => {
      assert.equal(isSealed({ files, folders, ...(home && { home }) }), !no)
    })
  }
})

it('the last change is that of any file or folder', () => {
  assert.equal(changedAt({ files: [stamp(1, 4), stamp(1, 9)], folders: [stamp(1, 6)] }), 9)
  assert.equal(changedAt({ files: [stamp(1, 4)], folders: [stamp(1, 6)], home: stamp(1, 5) }), 6)
  assert.equal(changedAt({ files: [], folders: [], home: stamp(1, 5) }), 5)
})

describe('on a real disk', () => {
  it('a version that is being copied is not sealed; one that cp -a, tar or rsync finished is', async (t) => {
    const root = tree(t, {
      'source/1/model.onnx': 'abc',
      'source/1/w/part.bin': 'd',
      'models/m/': '',
    })
    const old = new Date(Date.now() - 60_000)
    for (const path of ['1/model.onnx', '1/w/part.bin', '1/w', '1']) {
      utimesSync(join(root, 'source', path), old, old)
    }
    const model = join(root, 'models/m')
    addTo(model, { '1/model.onnx': 'abc' })
    execFileSync('cp', ['-a', join(root, 'source/1'), join(model, '2')])
    execFileSync('sh', [
      '-c',
      `mkdir ${model}/3 && tar -C ${root}/source/1 -c . | tar -C ${model}/3 -x`,
    ])
    const sealed = (await versionsOf(join(root, 'models'))).map(({ version, sealed }) => [
      version,
      sealed,
    ])
    assert.deepEqual(sealed, [
      ['1', false],
      ['2', true],
      ['3', true],
    ])
  })

  it('a single file that was renamed is sealed, one that was written is not', async (t) => {
    const root = tree(t, { 'm.onnx': 'abc' })
    assert.equal((await versionsOf(root))[0]?.sealed, false)
    await later(root)
    writeFileSync(join(root, '.new'), 'abcd')
    await later(root)
    renameSync(join(root, '.new'), join(root, 'm.onnx'))
    assert.equal((await versionsOf(root))[0]?.sealed, true)
  })

  it('a fingerprint stays while nothing happens, and follows files, weights and configuration', async (t) => {
    const root = tree(t, {
      'm/1/model.onnx': 'abc',
      'm/1/deep/w.bin': 'abc',
      'm/2/model.onnx': 'abc',
      'm/model.yaml': 'name: m',
    })
    const look = async () => (await versionsOf(root)).map(({ fingerprint }) => fingerprint)
    const first = await look()
    assert.deepEqual(await look(), first)
    assert.notEqual(first[0], first[1])

    writeFileSync(join(root, 'm/1/deep/w.bin'), 'abcd')
    const second = await look()
    assert.notEqual(second[0], first[0])
    assert.equal(second[1], first[1])

    writeFileSync(join(root, 'm/model.yaml'), 'labels: [a, b]')
    const third = await look()
    assert.notEqual(third[0], second[0])
    assert.notEqual(third[1], second[1])

    writeFileSync(join(root, 'm/model.yaml'), 'labels: [a, b]')
    writeFileSync(join(root, 'm/.hidden'), '')
    writeFileSync(join(root, 'm/README.md'), '')
    assert.deepEqual(await look(), third)
  })

  it('a model without version folders is all of its folder, but for what configures it', async (t) => {
    const root = tree(t, { 'm/model.onnx': 'abc', 'm/model.yaml': 'name: m' })
    const [first] = await versionsOf(root)
    writeFileSync(join(root, 'm/model.yaml'), 'name: m')
    assert.equal((await versionsOf(root))[0]?.fingerprint, first?.fingerprint)
    writeFileSync(join(root, 'm/w.bin'), 'x')
    assert.notEqual((await versionsOf(root))[0]?.fingerprint, first?.fingerprint)
  })

  it('the last changes of files and of configuration are told', async (t) => {
    const root = tree(t, { 'm/1/model.onnx': 'abc', 'm/model.yaml': 'name: m', 'n.onnx': 'abc' })
    const [m, n] = await discover([root])
    assert.ok(m && n && !(m.spec instanceof ServingError) && !(n.spec instanceof ServingError))
    const ctime = (path: string) => statSync(join(root, path)).ctimeMs
    const latest = Math.max(ctime('m/1'), ctime('m/1/model.onnx'))
    assert.equal(m.spec.versions[0]?.changedAt, latest)
    assert.equal(m.spec.configChangedAt, ctime('m/model.yaml'))
    assert.equal(n.spec.versions[0]?.changedAt, ctime('n.onnx'))
    assert.ok(!('configChangedAt' in n.spec))
  })

  it('links that lead in a circle are gone through once', async (t) => {
    const root = tree(t, { 'm/1/model.onnx': '', 'm/1/again': '-> .', 'm/1/up': '-> ..' })
    const [version] = await versionsOf(root)
    assert.equal(version?.path, join(root, 'm/1/model.onnx'))
  })

  it('a version of too many files is refused', async (t) => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`m/1/f${at}`, '']))
    const root = tree(t, { ...many, 'm/1/model.onnx': '' })
    const [version] = await versionsOf(root)
    assert.ok(version?.path instanceof ServingError)
    assert.equal(version.path.message, '1 holds more than 10000 files')
  })
})

async function versionsOf(root: string): Promise<readonly VersionSpec[]> {
  const [model] = await discover([root])
  assert.ok(model !== undefined && !(model.spec instanceof ServingError))
  return model.spec.versions
}

/** Until the clock of the disk has moved on: its ticks are some milliseconds long. */
async function later(root: string): Promise<void> {
  const probe = join(root, '.probe')
  writeFileSync(probe, '')
  const before = statSync(probe).ctimeMs
  do {
    await new Promise((resolve) => setImmediate(resolve))
    writeFileSync(probe, 'x')
  } while (statSync(probe).ctimeMs <= before)
}
