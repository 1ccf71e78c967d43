import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keysThatNeedRestart } from './changed-keys.ts'
import { loadServerConfig } from './load.ts'

test('a key that holds from the next start on is named, where models are is taken over', () => {
  const before = load('http: {port: 1, allowedHosts: [a]}\nmodels: [a]')
  const after = load('http: {port: 2, allowedHosts: [a]}\nmodels: [b]\nload: {atOnce: 4}')
  assert.deepEqual(keysThatNeedRestart(before, after), ['http.port', 'load.atOnce'])
  assert.deepEqual(keysThatNeedRestart(before, before), [])
})

const load = (text: string) =>
  loadServerConfig({ env: {}, cwd: '/srv', readFile: () => text }).config
