import assert from 'node:assert/strict'
import { getPriority } from 'node:os'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { lowerPriority } from './priority.ts'

const linux = { skip: process.platform === 'linux' ? false : 'only Linux has one for each thread' }

test('the priority of one thread is lowered, and that of the others stays', linux, async () => {
  const usual = getPriority()
  const module = JSON.stringify(new URL('./priority.ts', import.meta.url))
  const farSide = `
    import { parentPort } from 'node:worker_threads'
    import { getPriority } from 'node:os'
    import { readFileSync, readlinkSync } from 'node:fs'
    import { lowerPriority } from ${module}
    lowerPriority()
    const thread = readlinkSync('/proc/thread-self').split('/').at(-1)
    parentPort.postMessage(getPriority(Number(thread)))`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(farSide)}`))
  const [told] = await Promise.all([
    new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
    new Promise((resolve) => worker.once('exit', resolve)),
  ])
  assert.equal(told, Math.max(usual, 10))
  assert.equal(getPriority(), usual)
})

test('elsewhere nothing is done', () => {
  const usual = getPriority()
  lowerPriority('darwin')
  assert.equal(getPriority(), usual)
})
