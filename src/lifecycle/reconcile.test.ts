import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { VersionSpec } from '../model-spec.ts'
import { type Held, reconcile } from './reconcile.ts'

test('what is wanted and not there is loaded, what is there is left alone', () => {
  const { load } = reconcile(files({ 1: 'a', 2: 'b' }), [{ version: '1', serving: 'a' }])
  assert.deepEqual(
    load.map(({ version }) => version),
    ['2'],
  )
})

test('what serves and is not wanted goes when something wanted serves, not before', () => {
  const one: Held = { version: '1', serving: 'a' }
  assert.deepEqual(reconcile(files({ 2: 'b' }), [one]).retire, [])
  assert.deepEqual(reconcile(files({ 2: 'b' }), [one, { version: '2', coming: 'b' }]).retire, [])
  assert.deepEqual(reconcile(files({ 2: 'b' }), [one, { version: '2', failed: 'b' }]).retire, [])
  assert.deepEqual(reconcile(files({ 2: 'b' }), [one, { version: '2', serving: 'b' }]).retire, [
    '1',
  ])
  assert.deepEqual(reconcile([], [one]).retire, ['1'])
})

test('what is on its way is stopped when it is not wanted, or not with these files', () => {
  const coming: Held = { version: '1', coming: 'a' }
  assert.deepEqual(reconcile(files({ 1: 'a' }), [coming]).cancel, [])
  assert.deepEqual(reconcile(files({ 1: 'b' }), [coming]).cancel, ['1'])
  assert.deepEqual(reconcile(files({ 2: 'b' }), [coming]).cancel, ['1'])
})

test('files that come back while others are on their way are not loaded twice', () => {
  const { load, cancel } = reconcile(files({ 1: 'a' }), [
    { version: '1', serving: 'a', coming: 'b' },
  ])
  assert.deepEqual([load, cancel], [[], ['1']])
})

test('what has failed is tried again only with other files', () => {
  assert.deepEqual(reconcile(files({ 1: 'a' }), [{ version: '1', failed: 'a' }]).load, [])
  assert.equal(reconcile(files({ 1: 'b' }), [{ version: '1', failed: 'a' }]).load.length, 1)
})

test('whatever is wanted, the last version that serves is kept until another one can', () => {
  const someHeld = fc.uniqueArray(
    fc.record({ version: number, serving: some, coming: some, failed: some, asleep: some }),
    { selector: ({ version }) => version, maxLength: 5 },
  )
  fc.assert(
    fc.property(someVersions, someHeld, (wanted, held) => {
      const { retire, load, cancel } = reconcile(wanted, held as readonly Held[])
      const left = held.filter(
        ({ version, serving }) => serving !== undefined && !retire.includes(version),
      )
      const served = held.some(({ serving }) => serving !== undefined)
      assert.ok(!served || wanted.length === 0 || left.length > 0)
      // nothing is done to what is as it should be
      for (const { version, fingerprint } of wanted) {
        const one = held.find((other) => other.version === version)
        if (one?.coming === fingerprint) assert.ok(!cancel.includes(version))
        if (one?.serving === fingerprint) assert.ok(!load.some((two) => two.version === version))
      }
    }),
  )
})

const number = fc.constantFrom('1', '2', '3', '4', '5')
const some = fc.constantFrom(undefined, 'a', 'b')

const someVersions = fc
  .dictionary(number, fc.constantFrom('a', 'b'), { maxKeys: 4 })
  .map((versions) => files(versions))

function files(versions: Readonly<Record<string, string>>): readonly VersionSpec[] {
  return Object.entries(versions).map(([version, fingerprint]) => ({
    version,
    path: fingerprint,
    fingerprint,
    sealed: true,
    changedAt: 0,
  }))
}
