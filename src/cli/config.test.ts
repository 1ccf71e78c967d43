import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configCommand } from './config.ts'
import { captured } from './testing.ts'

const redis = 'rediss://me:pa:ss@redis.internal:6380/1'

describe('sluice config show', () => {
  it('prints values with their origins, from the flags of serve', async () => {
    const { out, exitCode } = await run(
      'show',
      'a.onnx',
      '--allow-host',
      'x',
      '--http-port',
      '0',
      'b',
    )
    assert.match(out, /^models +\["\/srv\/a\.onnx","\/srv\/b"\] +PATH$/m)
    assert.match(out, /^http\.allowedHosts +\["x"\] +--allow-host$/m)
    assert.match(out, /^http\.port +0 +--http-port$/m)
    assert.match(out, /^log\.level +debug +SLUICE_LOG_LEVEL$/m)
    assert.match(out, /^server\.name +here +sluice\.yaml:1$/m)
    assert.match(out, /^metrics\.port +8002 +default$/m)
    assert.equal(exitCode, 0)
  })

  it('prints JSON', async () => {
    const { out } = await run('show', '--json', '--shutdown-timeout', '3')
    const values = JSON.parse(out)
    assert.deepEqual(values.shutdownTimeoutMs, {
      value: 3000,
      origin: { source: 'flag', name: '--shutdown-timeout' },
    })
    assert.equal(values.name.value, null)
  })

  it('shows no password', async () => {
    for (const args of [['show'], ['show', '--json']]) {
      const { out } = await run(...args)
      assert.match(out, /rediss:\/\/me:\*\*\*@redis\.internal:6380\/1/)
    }
  })

  it('ends with 2 and every problem for what is wrong', async () => {
    const { out, err, exitCode } = await run('show', '--http-port', 'x', '--grpc-port', '8001')
    assert.equal(out, '')
    assert.deepEqual(err.trim().split('\n'), [
      '--http-port: expected a number or off, got "x"',
      '--grpc-port 8001: gRPC is not built yet; use off',
    ])
    assert.equal(exitCode, 2)
  })
})

describe('sluice config validate', () => {
  it('tells files that are right from those that are not', async () => {
    const { out, err, exitCode } = await run('validate', 'sluice.yaml', 'm/model.yaml', 'no.yaml')
    assert.equal(out, 'sluice.yaml: ok\n')
    assert.deepEqual(err.trim().split('\n'), [
      'm/model.yaml:1: nmae: there is no such key; did you mean "name"?',
      'no.yaml: there is no such file',
    ])
    assert.equal(exitCode, 2)
  })

  it('ends with 0 where all are right', async () => {
    assert.equal((await run('validate', 'sluice.yaml')).exitCode, 0)
  })

  it('asks what a file is where nothing tells', async () => {
    const unknown = await run('validate', 'either.yaml')
    assert.match(unknown.err, /^either\.yaml: neither .*; say --as server or --as model\n$/)
    assert.equal(unknown.exitCode, 2)
    assert.equal((await run('validate', '--as', 'model', 'either.yaml')).exitCode, 0)
  })
})

describe('sluice config schema', () => {
  it('prints the schema asked for', async () => {
    assert.ok(JSON.parse((await run('schema', 'server')).out).properties.http)
    assert.ok(JSON.parse((await run('schema', 'model')).out).properties.labels)
    assert.equal((await run('schema', 'modle')).exitCode, 2)
  })
})

async function run(...args: string[]) {
  const files: Record<string, string> = {
    '/srv/sluice.yaml': 'server: {name: here}',
    '/srv/m/model.yaml': 'nmae: x',
    '/srv/either.yaml': 'onnx: {}',
  }
  const { said, io } = captured()
  const command = configCommand({
    ...io,
    sources: {
      env: { SLUICE_LOG_LEVEL: 'debug', SLUICE_CACHE_REDIS: redis },
      cwd: '/srv',
      readFile(path) {
        const text = files[path]
        if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' })
        return text
      },
    },
  })
  await command.parseAsync(args, { from: 'user' })
  return said
}
