import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ServingError } from '../../errors.ts'
import { discover } from '../find/discover.ts'
import { tree } from '../testing.ts'
import { checkLock } from './lock-check.ts'
import { type Lock, parseLock } from './lock-file.ts'
import { wrongPath } from './relative-path.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const line = (path: string, text = '') => `${digest(text)}  ${path}\n`

describe('a sluice.lock', () => {
  it('is read as sha256sum writes it', (t) => {
    const root = tree(t, { 'a b.bin': 'x', '1/model.onnx': 'yy' })
    const find =
      'find . -type f ! -name sluice.lock -exec sha256sum {} + > sluice.lock; cat sluice.lock'
    const text = execFileSync('sh', ['-c', find], { cwd: root, encoding: 'utf8' })
    assert.deepEqual(
      [...parseLock(text)].sort(),
      [
        ['1/model.onnx', digest('yy')],
        ['a b.bin', digest('x')],
      ].sort(),
    )
  })

  it('may have stars, capitals, empty lines and the line ends of Windows', () => {
    const hex = digest('x')
    const lock = parseLock(`${hex} *a\r\n\r\n${hex.toUpperCase()}  ././b\n\n`)
    assert.deepEqual(
      [...lock],
      [
        ['a', hex],
        ['b', hex],
      ],
    )
    assert.equal(parseLock('').size, 0)
  })

  const hex = digest('')
  const refusals = [
    ['# a comment', /^sluice\.lock:2: expected 64 hex digits, two spaces and a path, got "# a c/],
    [`${hex.slice(1)}  a`, /expected 64 hex digits/],
    [`${hex}0  a`, /expected 64 hex digits/],
    [`${hex} a`, /expected 64 hex digits/],
    [`${hex}  `, /expected 64 hex digits/],
    [`\\${hex}  a\\nb`, /expected 64 hex digits/],
    [`SHA256 (a) = ${hex}`, /expected 64 hex digits/],
    [`${hex}  ../a`, /"\.\.\/a" is no path: it leads out of the folder/],
    [`${hex}  a/../../b`, /it leads out of the folder/],
    [`${hex}  /etc/passwd`, /it is absolute/],
    [`${hex}  C:/a`, /it is absolute/],
    [`${hex}  a\\b`, /it has a backslash/],
    [`${hex}  a\0b`, /it has a NUL/],
    [`${hex}  a//b`, /it has a step that is empty/],
    [`${hex}  a/./b`, /it has a step that is empty/],
    [`${hex}  a/`, /it has a step that is empty/],
    [`${hex}  ./`, /it is empty/],
    [`${hex}  ${'x'.repeat(5000)}`, /it is longer than 4096 characters/],
    [`${hex}  first`, /sluice\.lock:2: "first" is listed twice/],
  ] as const
  for (const [text, told] of refusals) {
    it(`is refused with the line of ${JSON.stringify(text.slice(0, 80))}`, () => {
      assert.throws(
        () => parseLock(`${line('first')}${text}\n`),
        (thrown) => {
          assert.ok(thrown instanceof ServingError)
          assert.equal(thrown.reason, 'MODEL_UNREADABLE')
          assert.match(thrown.message, told)
          return true
        },
      )
    })
  }

  it('of any text names files of its folder only, or is refused', () => {
    const pieces = fc.constantFrom(
      hex,
      hex.toUpperCase(),
      '  ',
      ' *',
      '\n',
      '\r\n',
      '..',
      '/',
      './',
      '\\',
      '\0',
      'a',
      'é',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces).map((list) => list.join('')),
    )
    fc.assert(
      fc.property(text, (written) => {
        let lock: Lock
        try {
          lock = parseLock(written)
        } catch (thrown) {
          return assert.ok(thrown instanceof ServingError && thrown.message.length < 1000)
        }
        for (const [path, sha256] of lock) {
          assert.equal(wrongPath(path), undefined)
          assert.match(sha256, /^[0-9a-f]{64}$/)
          assert.ok(join('/m', path).startsWith('/m/'))
        }
      }),
      { numRuns: 2000, seed: 5 },
    )
  })

  it('reads back whatever was listed', () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9_ é-]{1,8}$/).filter((one) => one.trim() !== '')
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))
    fc.assert(
      fc.property(fc.uniqueArray(path), (paths) => {
        const text = paths.map((one) => line(one, one)).join('')
        assert.deepEqual(
          [...parseLock(text)],
          paths.map((one) => [one, digest(one)]),
        )
      }),
      { seed: 6 },
    )
  })
})

describe('files are held against a lock', () => {
  const lock: Lock = new Map(
    ['1/model.onnx', '2/model.onnx', 'model.yaml', '.hidden/x'].map((path) => [path, digest(path)]),
  )
  const all = ['1/model.onnx', '2/model.onnx', 'model.yaml']
  const cases = [
    { name: 'all there', paths: [...all, 'sluice.lock'], problem: undefined, versions: {} },
    {
      name: 'one that is not listed, of the model',
      paths: [...all, 'notes.txt'],
      problem: '"notes.txt" is not listed in sluice.lock',
      versions: {},
    },
    {
      name: 'one that is missing, of the model',
      paths: all.slice(0, 2),
      problem: '"model.yaml" is listed in sluice.lock and is not there',
      versions: {},
    },
    {
      name: 'one that is not listed, of a version',
      paths: [...all, '2/w.bin'],
      problem: undefined,
      versions: { '2/': '"2/w.bin" is not listed in sluice.lock' },
    },
    {
      name: 'one that is missing, of a version that is there',
      paths: all.slice(1),
      problem: undefined,
      versions: { '1/': '"1/model.onnx" is listed in sluice.lock and is not there' },
    },
    {
      name: 'a version that is missing as a whole',
      paths: all.slice(1),
      folders: ['2/'],
      problem: '"1/model.onnx" is listed in sluice.lock and is not there',
      versions: {},
    },
  ]
  for (const { name, paths, folders = ['1/', '2/'], problem, versions } of cases) {
    it(name, () => {
      const checked = checkLock(lock, paths, folders)
      assert.equal(checked.problem?.message, problem)
      const told = [...checked.ofVersions].map(([folder, { message }]) => [folder, message])
      assert.deepEqual(Object.fromEntries(told), versions)
    })
  }
})

describe('a model with a lock', () => {
  const files = {
    'm/1/model.onnx': 'one',
    'm/2/model.onnx': 'two',
    'm/2/w.bin': 'weights',
    'm/model.yaml': 'labels: [a]',
    'm/warmup/x.json': '{}',
    'm/.git/config': '',
    'm/sluice.lock':
      line('1/model.onnx', 'one') +
      line('2/model.onnx', 'two') +
      line('2/w.bin', 'weights') +
      line('model.yaml', 'labels: [a]') +
      line('warmup/x.json', '{}'),
  }

  it('is found with its digests', async (t) => {
    const spec = await only(tree(t, files))
    assert.ok(!(spec instanceof ServingError), String(spec))
    assert.equal(spec.lock?.get('2/w.bin'), digest('weights'))
    assert.deepEqual(
      spec.versions.map(({ path }) => typeof path),
      ['string', 'string'],
    )
  })

  it('is refused when what configures it is not what the lock says', async (t) => {
    const root = tree(t, files)
    writeFileSync(join(root, 'm/model.yaml'), 'labels: [b]')
    const spec = await only(root)
    assert.ok(spec instanceof ServingError)
    assert.equal(spec.reason, 'DIGEST_MISMATCH')
    assert.equal(
      spec.message,
      `model.yaml is not what sluice.lock says: expected SHA-256 ${digest('labels: [a]')}, got ${digest('labels: [b]')}`,
    )
  })

  it('is refused when a file was added or taken away beside its versions', async (t) => {
    const root = tree(t, files)
    writeFileSync(join(root, 'm/warmup/more.json'), '')
    assert.match(String(await only(root)), /"warmup\/more\.json" is not listed in sluice\.lock/)
    rmSync(join(root, 'm/warmup'), { recursive: true })
    assert.match(String(await only(root)), /"warmup\/x\.json" is listed in sluice\.lock and is not/)
  })

  it('loses a version to which a file was added, and no other', async (t) => {
    const root = tree(t, files)
    writeFileSync(join(root, 'm/2/more.bin'), '')
    const spec = await only(root)
    assert.ok(!(spec instanceof ServingError))
    const [one, two] = spec.versions
    assert.equal(typeof one?.path, 'string')
    assert.match(String(two?.path), /"2\/more\.bin" is not listed in sluice\.lock/)
    assert.equal(two?.sealed, false)
  })

  it('is another one when its lock changes', async (t) => {
    const root = tree(t, files)
    const before = await only(root)
    writeFileSync(join(root, 'm/sluice.lock'), `${files['m/sluice.lock']}\n`)
    const after = await only(root)
    assert.ok(!(before instanceof ServingError) && !(after instanceof ServingError))
    assert.notEqual(before.versions[0]?.fingerprint, after.versions[0]?.fingerprint)
  })

  it('without version folders is held against it as well', async (t) => {
    const root = tree(t, { 'm/model.onnx': 'x', 'm/sluice.lock': line('model.onnx', 'x') })
    assert.ok(!((await only(root)) instanceof ServingError))
    writeFileSync(join(root, 'm/more.bin'), '')
    assert.match(String(await only(root)), /"more\.bin" is not listed in sluice\.lock/)
  })

  it('cannot be served where the lock cannot be read', async (t) => {
    const root = tree(t, { 'm/model.onnx': 'x', 'm/sluice.lock': 'x' })
    assert.match(String(await only(root)), /sluice\.lock:1: expected 64 hex digits/)
  })
})

describe('a lock beside models that are files', () => {
  it('must list each of them, and is said to hold for nothing else', async (t) => {
    const root = tree(t, {
      'a.onnx': 'a',
      'b.onnx': 'b',
      'c/model.onnx': 'c',
      'sluice.lock': line('a.onnx', 'a'),
    })
    const [a, b, c] = await discover([root])
    assert.ok(a && !(a.spec instanceof ServingError))
    assert.equal(a.spec.lock?.get('a.onnx'), digest('a'))
    assert.match(String(b?.spec), /"b\.onnx" is not listed in sluice\.lock/)
    assert.ok(c && !(c.spec instanceof ServingError))
    assert.equal(c.spec.lock, undefined)
  })

  it('holds for a file that is given by itself', async (t) => {
    const root = tree(t, { 'a.onnx': 'a', 'sluice.lock': line('other.onnx') })
    const [a] = await discover([join(root, 'a.onnx')])
    assert.match(String(a?.spec), /"a\.onnx" is not listed in sluice\.lock/)
  })
})

async function only(root: string) {
  const [model, ...others] = await discover([root])
  assert.ok(model !== undefined && others.length === 0)
  return model.spec
}
