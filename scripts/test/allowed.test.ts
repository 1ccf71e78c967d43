import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AllowedSkip, objection, readAllowed } from './allowed.ts'

const allowed: readonly AllowedSkip[] = [
  { suite: 'browser', when: 'no chromium' },
  { suite: 'unit', test: 'a folder without rights is named', when: 'root' },
]

test('a listed suite may skip where its condition holds', () => {
  const skip = { suite: 'browser', why: 'no chromium here' }
  assert.equal(objection(skip, allowed, { 'no chromium': true }), undefined)
  assert.equal(objection(skip, allowed, { 'no chromium': false }), 'allowed only here: no chromium')
})

test('a listed test gives no leave to its neighbours', () => {
  const skip = { suite: 'unit', test: 'a folder without rights is named', why: 'root' }
  assert.equal(objection(skip, allowed, { root: true }), undefined)
  assert.equal(
    objection({ ...skip, test: 'another' }, allowed, { root: true }),
    'test/allowed-skips.json does not name it',
  )
})

test('leave for one reason is none for another', () => {
  const list = [{ suite: 'unit', test: 'streams', reason: 'one answer only', when: 'everywhere' }]
  const skip = { suite: 'unit', test: 'streams', why: 'one answer only' }
  assert.equal(objection(skip, list, { everywhere: true }), undefined)
  assert.notEqual(objection({ ...skip, why: 'flaky' }, list, { everywhere: true }), undefined)
})

test('a whole suite is not left out by leave for one of its tests', () => {
  assert.notEqual(objection({ suite: 'unit', why: '' }, allowed, { root: true }), undefined)
})

test('an entry with an unknown condition or key is an error', () => {
  const read = (entry: object) => readAllowed(JSON.stringify([entry]), { root: false })
  assert.deepEqual(read({ suite: 'unit', when: 'root' }), [{ suite: 'unit', when: 'root' }])
  assert.throws(() => read({ suite: 'unit', when: 'rainy' }), /unknown condition "rainy"/)
  assert.throws(() => read({ suite: 'unit', when: 'root', tset: 'x' }), /unknown key tset/)
  assert.throws(() => read({ suite: 'unit' }), /every entry has a suite and a when/)
})
