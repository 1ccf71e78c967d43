import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TextLines } from './text-line.ts'

test('what was written before changes nothing in what is written after', () => {
  const name = fc.constantFrom('id', 'ms', 'adminToken', 'odd name', '__proto__')
  const value = fc.oneof(
    fc.constantFrom(
      'a',
      'a b',
      '',
      0,
      -0,
      1.23456,
      Number.NaN,
      10n,
      true,
      null,
      undefined,
      'x'.repeat(300),
    ),
    fc.constantFrom(new Error('one'), { deep: 1 }, ['a']),
  )
  const fields = fc.dictionary(name, value, { noNullPrototype: true })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('info', 'error'), fields)), (all) => {
      const lines = new TextLines()
      for (const [level, fields] of all) {
        assert.equal(
          lines.line(level, 'event', fields, 5),
          new TextLines().line(level, 'event', fields, 5),
        )
      }
    }),
    { seed: 8, numRuns: 500 },
  )
})

test('a value that changes in its place is written as it is now', () => {
  const lines = new TextLines()
  const list = ['a']
  const at = () => lines.line('info', 'event', { list }, 0).split('list=')[1]
  assert.equal(at(), '"[\\"a\\"]"\n')
  list.push('b')
  assert.equal(at(), '"[\\"a\\",\\"b\\"]"\n')
})
