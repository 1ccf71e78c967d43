import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail } from '../errors.ts'
import type { Fields } from '../log.ts'
import { type Access, accessLog } from './index.ts'

const answered: Access = {
  method: 'POST',
  route: '/predict/:model',
  url: '/predict/iris',
  status: 200,
  requestId: 'r1',
  durationMs: 1.23456789,
  bytesIn: 31,
  bytesOut: 47,
  model: 'iris',
  version: '2',
}

test('an answered request is one line', () => {
  const { log, lines } = setUp()
  log(answered)
  assert.deepEqual(lines, [
    {
      level: 'info',
      event: 'request',
      method: 'POST',
      route: '/predict/:model',
      url: '/predict/iris',
      status: 200,
      ms: 1.235,
      in: 31,
      out: 47,
      model: 'iris',
      version: '2',
      reason: undefined,
      id: 'r1',
    },
  ])
})

test('an error of the client or of the moment is named by its reason', () => {
  const { log, lines } = setUp()
  log({ ...answered, status: 429, error: fail('QUEUE_FULL', { model: 'iris', limit: 9 }) })
  assert.equal(lines[0]?.level, 'info')
  assert.equal(lines[0]?.reason, 'QUEUE_FULL')
  assert.equal(lines[0]?.error, undefined)
})

test('an error of our own making is an error, with all that is known of it', () => {
  const { log, lines } = setUp()
  const error = fail('RUN_FAILED', {}, new Error('node 7'))
  log({ ...answered, status: 500, error })
  assert.equal(lines[0]?.level, 'error')
  assert.equal(lines[0]?.reason, 'RUN_FAILED')
  assert.equal(lines[0]?.error, error)
})

test('query strings are left out, and long addresses and ids are cut', () => {
  const { log, lines } = setUp()
  log({ ...answered, url: '/predict/iris?token=hush' })
  log({ ...answered, url: `/${'x'.repeat(5000)}`, requestId: 'y'.repeat(5000) })
  assert.equal(lines[0]?.url, '/predict/iris?…')
  assert.equal(lines[1]?.url, `/${'x'.repeat(199)}… (4801 more)`)
  assert.equal(lines[1]?.id, `${'y'.repeat(128)}… (4872 more)`)
})

function setUp() {
  const lines: Fields[] = []
  const method = (level: string) => (event: string, fields?: Fields) =>
    void lines.push({ level, event, ...fields })
  const log = {
    error: method('error'),
    warn: method('warn'),
    info: method('info'),
    debug: method('debug'),
  }
  return { log: accessLog(log), lines }
}
