import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeJsonBody } from './index.ts'

const decode = (body: string | Uint8Array) => decodeJsonBody(Buffer.from(body), (value) => value)

describe('a body that is no JSON says where', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['', 'the body is empty, expected JSON'],
    [' \n', 'the body is not JSON: it is blank'],
    ['{"a":', 'the body is not JSON: it ends too early'],
    ['{"a', 'the body is not JSON: it ends too early'],
    ['{"a": nope}', 'the body is not JSON: unexpected "o"'],
    ['nope', 'the body is not JSON: unexpected "o"'],
    ["{'a': 1}", 'the body is not JSON: unexpected character at line 1, column 2'],
    ['{"a": 1,\n "b": 2,}', 'the body is not JSON: unexpected character at line 2, column 9'],
    ['undefined', 'the body is not JSON: it is no value'],
  ]
  for (const [body, message] of cases) {
    it(JSON.stringify(body), () => {
      assert.throws(() => decode(body), { reason: 'BODY_MALFORMED', message })
    })
  }

  it('and how to write a float that Python wrote as NaN', () => {
    for (const body of ['{"features": [1, NaN]}', 'NaN', '[-Infinity]']) {
      assert.throws(() => decode(body), { reason: 'BODY_MALFORMED', hint: floats })
    }
  })

  it('and not what it holds', () => {
    assert.throws(
      () => decode('{"secret": hush}'),
      ({ message }: Error) => !/secret/.test(message),
    )
  })
})

describe('a body', () => {
  it('may begin with a byte order mark', () => assert.deepEqual(decode('\ufeff[1]'), [1]))

  it('is text in UTF-8', () => {
    assert.throws(() => decode(new Uint8Array([0x22, 0xff, 0x22])), {
      message: 'the body is not text in UTF-8',
    })
  })

  it('that is large may nest as deep as any tensor', () => {
    const body = (depth: number) =>
      `${'['.repeat(depth)}"${'[{'.repeat(10_000)}"${']'.repeat(depth)}`
    decode(body(100))
    assert.throws(() => decode(body(101)), { message: 'the JSON nests deeper than 100 levels' })
  })
})

const floats = 'a float that is not finite is the string "NaN", "Infinity" or "-Infinity"'
