import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Commands } from './command.ts'

const forever = 'setInterval(() => {}, 1000)'

test('a command that ends by itself gives its code and its words', async () => {
  const end = await run('console.log("out"); console.error("err"); process.exitCode = 3', 20_000)
  assert.equal(end.exitCode, 3)
  assert.match(end.output, /out/)
  assert.match(end.output, /err/)
  assert.deepEqual([end.passedLimit, end.leftProcesses], [false, false])
})

test('a command that passes its limit is killed with what it started', async () => {
  const end = await run(`${startsChild} ${forever}`, 1500)
  assert.equal(end.passedLimit, true)
  assert.equal(end.exitCode, null)
  await assertGone(Number(end.output))
})

test('a command that leaves a process behind is told, and the process is killed', async () => {
  const end = await run(`${startsChild} child.unref()`, 20_000)
  assert.deepEqual([end.exitCode, end.leftProcesses], [0, true])
  await assertGone(Number(end.output))
})

const startsChild = `
  const child = require('node:child_process')
    .spawn(process.execPath, ['-e', ${JSON.stringify(forever)}], { stdio: 'ignore' })
  console.log(child.pid)
`

function run(script: string, limitMs: number) {
  return new Commands(process.cwd(), process.env).run(process.execPath, ['-e', script], limitMs)
}

/** A killed process stays visible, as a zombie, until its new parent has taken note. */
async function assertGone(pid: number): Promise<void> {
  assert.ok(pid > 1)
  const deadline = Date.now() + 10_000
  while (isAlive(pid)) {
    assert.ok(Date.now() < deadline, `process ${pid} is still there`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
