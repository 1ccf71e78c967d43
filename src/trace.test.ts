import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { childTraceparent, parseTraceparent } from './trace.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const span = 'b7ad6b7169203331'

test('a traceparent is read', () => {
  const ids = { traceId: trace, spanId: span, flags: 1 }
  assert.deepEqual(parseTraceparent(`00-${trace}-${span}-01`), ids)
  assert.deepEqual(parseTraceparent(`cc-${trace}-${span}-01-what-comes-later`), ids)
})

test('a malformed traceparent is treated as absent', () => {
  const malformed = [
    '',
    'x',
    `00-${trace}-${span}`,
    `00-${trace}-${span}-01-more`,
    `ff-${trace}-${span}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace}-${span}-01\n`,
    ` 00-${trace}-${span}-01`,
  ]
  for (const header of malformed) assert.equal(parseTraceparent(header), undefined, header)
})

test('a child keeps the trace and its sampled flag, under an identity of its own', () => {
  assert.equal(
    childTraceparent(`00-${trace}-${span}-03`, counting),
    `00-${trace}-0102030405060708-01`,
  )
  assert.equal(
    childTraceparent(`00-${trace}-${span}-00`, counting, true),
    `00-${trace}-0102030405060708-00`,
  )
})

test('without a valid parent a trace begins, sampled where it is recorded', () => {
  const fresh = '00-0102030405060708090a0b0c0d0e0f10-0102030405060708'
  assert.equal(childTraceparent(undefined, counting), `${fresh}-00`)
  assert.equal(childTraceparent('nonsense', counting, true), `${fresh}-01`)
})

test('whatever comes in, what goes out is valid', () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 })
  fc.assert(
    fc.property(fc.string(), bytes, (header, random) => {
      const child = childTraceparent(header, (count) => random.subarray(0, count))
      assert.notEqual(parseTraceparent(child), undefined)
    }),
    { seed: 3, numRuns: 500, examples: [['', new Uint8Array(16)]] },
  )
})

const counting = (count: number) => Uint8Array.from({ length: count }, (_, i) => i + 1)
