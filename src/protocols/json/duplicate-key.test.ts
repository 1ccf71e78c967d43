import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { duplicateKey } from './duplicate-key.ts'

const cases: readonly (readonly [string, string | undefined])[] = [
  ['{"a":1,"b":2}', undefined],
  ['{"a":1,"a":2}', 'a'],
  ['{"inputs":{"x":1,"y":2,"x" : 3}}', 'x'],
  ['{"x":{"x":1}}', undefined],
  ['{"a":"b","c":"b"}', undefined],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['{"a\\"b":1,"a\\"b":2}', 'a"b'],
  ['{"a":"{\\"b\\":1,\\"b\\":2}"}', undefined],
  ['[{"a":1},{"a":2}]', undefined],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ['5', undefined],
]

for (const [text, key] of cases) {
  test(`${text} gives ${key === undefined ? 'no key' : `"${key}"`} twice`, () => {
    assert.equal(duplicateKey(text), key)
  })
}

test('no value that was written from objects has a key twice', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => duplicateKey(JSON.stringify(value)) === undefined),
    { seed: 5, numRuns: 500 },
  )
})
