import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Fields, type Log, silentLog } from '../log.ts'
import { defaultStateFolder } from './default-folder.ts'
import { StateFolder } from './index.ts'

async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-state-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'state')
}

function listening() {
  const warnings: (readonly [string, Fields])[] = []
  const log: Log = { ...silentLog, warn: (event, fields = {}) => warnings.push([event, fields]) }
  return { log, warnings }
}

async function opened(t: TestContext, path: string | undefined, log: Log = silentLog) {
  const folder = await StateFolder.open({ path, log })
  t.after(() => folder.close())
  return folder
}

describe('a state folder', () => {
  it('is made, for its owner alone, and gives back what was written', async (t) => {
    const path = await aFolder(t)
    const first = await opened(t, path)
    assert.equal(first.remembers, true)
    assert.equal(await first.read('inner/a.json'), undefined)
    assert.equal(await first.write('inner/a.json', 'é1'), true)
    assert.equal(await first.write('inner/a.json', 'é2'), true)
    await first.close()
    assert.equal(await (await opened(t, path)).read('inner/a.json'), 'é2')
    assert.equal((await stat(path)).mode & 0o777, 0o700)
    assert.deepEqual(
      await readdir(join(path, 'inner')),
      ['a.json'],
      'and nothing is left beside it',
    )
  })

  it('holds the last of what is written at once', async (t) => {
    const path = await aFolder(t)
    const folder = await opened(t, path)
    const long = 'x'.repeat(2 ** 20)
    await Promise.all([
      folder.write('a', long),
      folder.write('a', `${long}y`),
      folder.write('a', 'z'),
    ])
    assert.equal(await readFile(join(path, 'a'), 'utf8'), 'z')
  })

  it('has written everything before it is closed', async (t) => {
    const path = await aFolder(t)
    const folder = await opened(t, path)
    void folder.write('a', 'x'.repeat(2 ** 20))
    await folder.close()
    assert.equal((await readFile(join(path, 'a'), 'utf8')).length, 2 ** 20)
  })

  it('is had by one server at a time: another is told so once, and remembers nothing', async (t) => {
    const path = await aFolder(t)
    const { log, warnings } = listening()
    const first = await opened(t, path)
    const second = await opened(t, path, log)
    assert.deepEqual(warnings, [
      ['nothing is remembered', { folder: path, why: 'another server has this folder' }],
    ])
    assert.equal(second.remembers, false)
    assert.equal(await second.write('a', '2'), false)
    await first.write('a', '1')
    assert.equal(await second.read('a'), undefined)
    await second.close()
    assert.equal((await opened(t, path)).remembers, false, 'it is still had')
    await first.close()
    assert.equal((await opened(t, path)).remembers, true)
    assert.equal(warnings.length, 1)
  })

  it('is free when its server was killed', async (t) => {
    const path = await aFolder(t)
    const index = new URL('./index.ts', import.meta.url)
    const script = `
      import { StateFolder } from ${JSON.stringify(index.href)}
      const log = { error() {}, warn() {}, info() {}, debug() {} }
      const folder = await StateFolder.open({ path: ${JSON.stringify(path)}, log })
      console.log(folder.remembers)
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => child.kill('SIGKILL'))
    const [said] = await once(child.stdout, 'data')
    assert.equal(String(said).trim(), 'true')
    assert.equal((await opened(t, path)).remembers, false)
    child.kill('SIGKILL')
    await once(child, 'close')
    assert.equal((await opened(t, path)).remembers, true)
  })

  it('that cannot be made is told of once, and remembers nothing', async (t) => {
    const path = await aFolder(t)
    await writeFile(path, 'a file')
    const { log, warnings } = listening()
    const folder = await opened(t, join(path, 'state'), log)
    assert.equal(folder.remembers, false)
    assert.match(String(warnings[0]?.[1].why), /ENOTDIR/)
    assert.equal(await folder.read('a'), undefined)
    assert.equal(await folder.write('a', '1'), false)
    await folder.keepNewest('a', 1)
    assert.equal(warnings.length, 1)
  })

  it('of which those above are not there is made with them, where that can be', async (t) => {
    const path = join(await aFolder(t), 'a', 'b', 'c')
    assert.equal((await opened(t, path)).remembers, true)
    const { log, warnings } = listening()
    assert.equal((await opened(t, '/proc/no/such/folder', log)).remembers, false)
    assert.equal(warnings.length, 1)
  })

  it('in which nothing can be written any more is told of once', async (t) => {
    const path = await aFolder(t)
    const { log, warnings } = listening()
    const folder = await opened(t, path, log)
    await writeFile(join(path, 'inner'), 'a file')
    assert.equal(await folder.write('inner/a', '1'), false)
    assert.equal(await folder.write('inner/b', '1'), false)
    assert.deepEqual(
      warnings.map(([event]) => event),
      ['state cannot be written'],
    )
    await rm(join(path, 'inner'))
    assert.equal(await folder.write('inner/a', '1'), true, 'and tries again')
  })

  it('in which something cannot be read is told of', async (t) => {
    const path = await aFolder(t)
    const { log, warnings } = listening()
    const folder = await opened(t, path, log)
    await mkdir(join(path, 'a'))
    assert.equal(await folder.read('a'), undefined)
    assert.deepEqual(
      warnings.map(([event]) => event),
      ['state cannot be read'],
    )
  })

  it('that is switched off remembers nothing and says nothing', async (t) => {
    const { log, warnings } = listening()
    const folder = await opened(t, undefined, log)
    assert.equal(folder.remembers, false)
    assert.equal(await folder.write('a', '1'), false)
    assert.deepEqual(warnings, [])
  })

  it('keeps so many files, those that were written last', async (t) => {
    const path = await aFolder(t)
    const folder = await opened(t, path)
    for (const [at, name] of ['c', 'a', 'd', 'b'].entries()) {
      await folder.write(`inner/${name}`, name)
      await utimes(join(path, 'inner', name), at + 1, at + 1)
    }
    await folder.keepNewest('inner', 3)
    await folder.keepNewest('inner', 3)
    assert.deepEqual((await readdir(join(path, 'inner'))).sort(), ['a', 'b', 'd'])
  })
})

describe('where nobody says where state lies, it lies', () => {
  const home = () => '/home/ann'
  it('in the folder of the user for it', () => {
    assert.equal(defaultStateFolder({ XDG_STATE_HOME: '/var/ann' }, home), '/var/ann/sluice')
    assert.equal(defaultStateFolder({}, home), '/home/ann/.local/state/sluice')
    assert.equal(
      defaultStateFolder({ XDG_STATE_HOME: 'ann' }, home),
      '/home/ann/.local/state/sluice',
    )
  })

  it('nowhere for a user without a home', () => {
    const none = () => {
      throw new Error('no such user')
    }
    assert.equal(defaultStateFolder({}, none), undefined)
    assert.equal(
      defaultStateFolder({}, () => ''),
      undefined,
    )
  })
})
