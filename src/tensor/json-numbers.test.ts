import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  emptyData,
  type FixedData,
  isQuick,
  parseJson,
  readNumbers,
  tensorFromFlat,
} from './index.ts'

const datatypes = ['FP32', 'FP64', 'INT32', 'INT64'] as const

test('what is read is what the long way gives for the same bytes, to the last bit', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...datatypes),
      fc.array(numberText, { minLength: 1 }),
      blanks,
      (datatype, texts, blank) => {
        const text = `[${texts.join(`${blank},${blank}`)}${blank}]`
        const data = emptyData(datatype, texts.length)
        const end = readNumbers(Buffer.from(`${text}…`), 1, data, 0, texts.length)
        if (end === -1) return
        assert.equal(end, text.length)
        const source = { name: 'x', datatype, path: [] }
        const expected = parseJson(text, (value) => tensorFromFlat(source, value, [texts.length]))
        assert.deepEqual(bits(data), bits(expected.data as FixedData))
      },
    ),
    { seed: 3, numRuns: 3000 },
  )
})

test('plain numbers are read', () => {
  for (const [datatype, text, expected] of [
    ['FP32', '[1,-2.5, 0.1 ,0,-0]', [1, -2.5, Math.fround(0.1), 0, -0]],
    ['FP64', '[ 123456789012345,0.12345678901234]', [123456789012345, 0.12345678901234]],
    ['FP64', '[0.1234567890123456789,-1e-7,2E+3]', [0.12345678901234568, -1e-7, 2000]],
    ['INT64', '[9007199254740991,-12e2]', [9007199254740991n, -1200n]],
    ['INT32', '[2147483647,-2147483648,1.0]', [2147483647, -2147483648, 1]],
    ['INT64', '[\t\r\n7,-999999999999999]', [7n, -999999999999999n]],
  ] as const) {
    const data = emptyData(datatype, expected.length)
    assert.equal(readNumbers(Buffer.from(text), 1, data, 0, expected.length), text.length)
    assert.deepEqual([...data], expected)
  }
})

test('anything else is left to the long way', () => {
  const wrong = `
    1  1,  1,]  ,1]  1,,2]  1}  ]  -]  -,2]  --1,2]  +1]  01,2]  00,2]  .5,2]  1.,2]  1.e3,2]  1e,2]
    1e+,2]  1ee3,2]  1.2.3,2]  0x1,2]  NaN,2]  null,2]  true,2]  "1",2]  [1],2]  1e39,2]  -1e999,2]
    1]  1,2,3]`
  for (const text of [...wrong.trim().split(/\s+/), '', '1 2]', '1 ,2', '\v1,2]', '1\f,2]']) {
    const data = emptyData('FP32', 2)
    assert.equal(readNumbers(Buffer.from(text), 0, data, 0, 2), -1, text)
  }
  for (const text of ['0.5,2]', '2147483648,2]', '-2147483649,2]', '1e-1,2]']) {
    assert.equal(readNumbers(Buffer.from(text), 0, emptyData('INT32', 2), 0, 2), -1, text)
  }
  for (const text of ['0.5,2]', '9007199254740992,2]', '-1e300,2]']) {
    assert.equal(readNumbers(Buffer.from(text), 0, emptyData('INT64', 2), 0, 2), -1, text)
  }
  assert.deepEqual(
    ['BYTES', 'BOOL', 'FP16', 'UINT64', 'FP32'].filter((one) => isQuick(one as 'BOOL')),
    ['FP32'],
  )
})

/** Numbers as people and libraries write them, and as they should not. */
const numberText = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc
    .tuple(fc.maxSafeInteger(), fc.nat(17))
    .map(([whole, places]) => (whole / 10 ** places).toFixed(places)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
)

const blanks = fc.constantFrom('', ' ', '\n\t')

const bits = ({ buffer, byteOffset, byteLength }: FixedData) =>
  Buffer.from(buffer, byteOffset, byteLength).toString('hex')
