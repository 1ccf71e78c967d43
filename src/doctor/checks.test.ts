import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { doctorCommand } from '../cli/doctor.ts'
import { captured } from '../cli/testing.ts'
import type { Check } from './check.ts'
import { diagnose } from './index.ts'
import { checkCores, checkMemory, checkOpenFiles } from './machine.ts'
import { checkLibc, checkNode } from './node.ts'
import { checkOnnxRuntime } from './onnx.ts'
import { checkPort, tryPort } from './ports.ts'
import { checkPython } from './python.ts'

const limits = (
  soft: string,
) => `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max open files            ${soft}                 524288               files
`

describe('a check', () => {
  const gib = 2 ** 30
  const cases: readonly (readonly [string, Check, Check['status'], RegExp])[] = [
    ['all cores', checkCores(4, 4), 'ok', /^4 cores$/],
    ['a part of the cores', checkCores(1.5, 8), 'ok', /^1.5 cores of 8:/],
    ['less than a core', checkCores(0.25, 8), 'warn', /^0.25 cores of 8/],
    ['memory without a limit', checkMemory(undefined, 8 * gib), 'ok', /^8192 MiB \(no limit\)/],
    ['memory with a limit', checkMemory(gib, 8 * gib), 'ok', /^1024 MiB \(limit of the cgroup\)/],
    ['little memory', checkMemory(gib / 4, 8 * gib), 'warn', /^256 MiB/],
    ['many open files', checkOpenFiles(limits('20000')), 'ok', /^20000 at most/],
    ['any number of files', checkOpenFiles(limits('unlimited')), 'ok', /^unlimited/],
    ['few open files', checkOpenFiles(limits('1024')), 'warn', /^1024 at most/],
    ['no such limits', checkOpenFiles(undefined), 'ok', /does not tell/],
    ['a new Node', checkNode('v24.1.0', '>=22.18'), 'ok', /v24.1.0/],
    ['the oldest Node', checkNode('v22.18.0', '>=22.18'), 'ok', /v22.18.0/],
    ['an old Node', checkNode('v22.9.3', '>=22.18'), 'fail', />=22.18 is needed/],
    ['glibc', checkLibc('linux', '2.36'), 'ok', /glibc 2.36/],
    ['musl', checkLibc('linux', undefined), 'fail', /musl/],
    ['another system', checkLibc('darwin', undefined), 'ok', /darwin/],
    ['a Python', checkPython({ command: 'python3', says: 'Python 3.12.1' }), 'ok', /3.12.1/],
    ['an old Python', checkPython({ command: 'python', says: 'Python 3.9.2' }), 'warn', /3.9.2/],
    ['no Python', checkPython(undefined), 'warn', /there is none/],
    ['a free port', checkPort(8000, '--http-port', undefined), 'ok', /free/],
    ['a port in use', checkPort(8002, '--metrics-port', 'EADDRINUSE'), 'warn', /listens there/],
    ['a port it may not have', checkPort(80, '--http-port', 'EACCES'), 'warn', /EACCES/],
  ]
  for (const [name, check, status, fact] of cases) {
    it(`says ${status} of ${name}`, () => {
      assert.equal(check.status, status)
      assert.match(check.fact, fact)
      assert.equal(check.mend === undefined, status === 'ok')
    })
  }

  it('names the library that was opened, or why it was not', () => {
    const found = checkOnnxRuntime(() => ({ path: '/l.so', version: '1.30.0', providers: ['CPU'] }))
    assert.equal(found.fact, '1.30.0, compiled with CPU (/l.so)')
    const failed = checkOnnxRuntime(() => {
      throw new Error('invalid ELF header')
    })
    assert.equal(failed.status, 'fail')
    assert.match(failed.fact, /invalid ELF header/)
  })
})

describe('tryPort', () => {
  it('knows a port in use from a free one', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    assert.equal(await tryPort(port, '127.0.0.1'), 'EADDRINUSE')
    server.close()
    await once(server, 'close')
    assert.equal(await tryPort(port, '127.0.0.1'), undefined)
  })
})

describe('sluice doctor', () => {
  it('looks at this machine', async () => {
    const checks = await diagnose()
    assert.equal(checks.find(({ name }) => name === 'node')?.status, 'ok')
    assert.equal(checks.find(({ name }) => name === 'onnx runtime')?.status, 'ok')
    assert.equal(checks.length, 10)
  })

  it('ends with 1 only where something fails, and prints each mend', async () => {
    const fine = await run([{ name: 'a', status: 'warn', fact: 'so', mend: 'do this' }])
    assert.equal(fine.exitCode, 0)
    assert.match(fine.out, /warn.*a {2}so\n +-> do this\n$/)
    const broken = await run([{ name: 'b', status: 'fail', fact: 'no' }], '--json')
    assert.equal(broken.exitCode, 1)
    assert.deepEqual(JSON.parse(broken.out), [{ name: 'b', status: 'fail', fact: 'no' }])
  })

  it('ends with 2 where the configuration is wrong', async () => {
    const { err, exitCode } = await run([], '--config', '/no/such/file.yaml')
    assert.match(err, /^--config: /)
    assert.equal(exitCode, 2)
  })
})

async function run(checks: readonly Check[], ...args: string[]) {
  const { said, io } = captured()
  const command = doctorCommand({
    ...io,
    diagnose: async () => checks,
  })
  await command.parseAsync(args, { from: 'user' })
  return said
}
