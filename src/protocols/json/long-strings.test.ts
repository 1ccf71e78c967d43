import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cutLongStrings } from './long-strings.ts'

const long = 'x'.repeat(70_000)

describe('long strings', () => {
  it('are taken out of a body, and stand where their marks are', () => {
    const body = { a: long, b: { [long]: ['short', `${long}"\\é\n`] }, c: [1.5, null] }
    assert.deepEqual(putBack(JSON.stringify(body)), body)
    const { rest, strings } = cutLongStrings(Buffer.from(JSON.stringify(body)))
    assert.equal(strings.size, 3)
    assert.ok(rest.byteLength < 500)
  })

  it('are put back in any JSON', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('"', '\\', '\\"', '"\\', '\\\\'),
    )
    const value = fc.oneof(
      text,
      fc.array(text).map((parts) => parts.join(long)),
      text.map((end) => `${long}${end}`),
    )
    const json = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 3 }, value, fc.integer(), tie('list'), tie('object')),
      list: fc.array(tie('any'), { maxLength: 4 }),
      object: fc.dictionary(text, tie('any'), { maxKeys: 3, noNullPrototype: true }),
    }))
    fc.assert(
      fc.property(json.any, fc.constantFrom(undefined, 2), (body, indent) => {
        assert.deepEqual(putBack(JSON.stringify(body, null, indent)), body)
      }),
      { seed: 11, numRuns: 300 },
    )
  })

  it('stay where the body is no JSON, for the parser to tell', () => {
    for (const text of ['', '"', `"${long}`, `"${long}\\"`, `{"a": ${long}}`, '\\"']) {
      const { rest, strings } = cutLongStrings(Buffer.from(text))
      assert.equal(Buffer.from(rest).toString(), text)
      assert.equal(strings.size, 0)
    }
  })

  it('lie in the memory of the body, wherever that begins', () => {
    const text = JSON.stringify(`${long}!`)
    const memory = new Uint8Array(100_000)
    memory.set(Buffer.from(text), 17)
    const { strings } = cutLongStrings(memory.subarray(17, 17 + text.length))
    const [string] = [...strings.values()]
    assert.equal(string?.toString(), `${long}!`)
    assert.equal(string?.buffer, memory.buffer)
  })

  it('are not looked for among too many others', () => {
    for (const text of [`["${'\\"'.repeat(600_000)}"]`, `[${'"",'.repeat(300_000)}0]`]) {
      assert.throws(() => cutLongStrings(Buffer.from(text)), {
        message: 'the JSON has more than 500000 strings',
      })
    }
  })
})

/** What the body would have been parsed as. */
function putBack(text: string): unknown {
  const { rest, strings } = cutLongStrings(Buffer.from(text))
  const whole = (value: string): string => {
    const cut = strings.get(value)
    return cut === undefined ? value : (JSON.parse(`"${cut.toString()}"`) as string)
  }
  return JSON.parse(Buffer.from(rest).toString(), (_key, value: unknown) => {
    if (typeof value === 'string') return whole(value)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [whole(key), inner]))
  })
}
