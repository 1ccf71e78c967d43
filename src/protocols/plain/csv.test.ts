import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ServingError } from '../../errors.ts'
import type { InputSpec } from '../../signature.ts'
import type { Tensor } from '../../tensor/index.ts'
import { inputOf } from '../testing.ts'
import { decodeCsv } from './csv.ts'
import { parseCsv } from './csv-records.ts'

const named = inputOf('x', 'FP32', [-1, 2], { constraints: { fields: ['length', 'width'] } })
const unnamed = inputOf('x', 'FP32', [-1, 2])
const words = inputOf('x', 'BYTES', [-1, 2], { constraints: { fields: ['first', 'second'] } })

describe('CSV is cut into records', () => {
  const cases: { name: string; text: string; records: readonly (readonly string[])[] }[] = [
    {
      name: 'without an end of the last line',
      text: 'a,b\nc,d',
      records: [
        ['a', 'b'],
        ['c', 'd'],
      ],
    },
    {
      name: 'with ends as CRLF',
      text: 'a,b\r\nc,d\r\n',
      records: [
        ['a', 'b'],
        ['c', 'd'],
      ],
    },
    { name: 'with ends as CR', text: 'a\rb\r', records: [['a'], ['b']] },
    {
      name: 'with empty fields',
      text: ',a,\n,\n',
      records: [
        ['', 'a', ''],
        ['', ''],
      ],
    },
    { name: 'with commas in quotes', text: '"a,b",c', records: [['a,b', 'c']] },
    {
      name: 'with line ends in quotes',
      text: '"a\r\nb\n",c\nd,e',
      records: [
        ['a\r\nb\n', 'c'],
        ['d', 'e'],
      ],
    },
    { name: 'with quotes in quotes', text: '"say ""a""",""""', records: [['say "a"', '"']] },
    { name: 'with a quote inside a bare field', text: 'a"b,c', records: [['a"b', 'c']] },
    {
      name: 'without blank lines',
      text: '\na,b\n\r\n\nc,d\n\n',
      records: [
        ['a', 'b'],
        ['c', 'd'],
      ],
    },
    { name: 'with an empty text in quotes', text: 'a\n""\nb', records: [['a'], [''], ['b']] },
    { name: 'with spaces as they are', text: ' a , b', records: [[' a ', ' b']] },
    { name: 'of nothing', text: '', records: [] },
  ]
  for (const { name, text, records } of cases) {
    it(name, () => assert.deepEqual(parseCsv(text), records))
  }

  it('whatever the fields hold', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\r', '\n', ' ', 'é') })
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
        fc.constantFrom('\n', '\r\n'),
        (records, end) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
          const text = records.map((record) => record.map(quoted).join(',') + end).join('')
          assert.deepEqual(parseCsv(text), records)
        },
      ),
      { seed: 11, numRuns: 500 },
    )
  })
})

describe('CSV is rows', () => {
  const cases: {
    name: string
    input: InputSpec
    text: string
    shape: readonly number[]
    data: readonly unknown[]
  }[] = [
    {
      name: 'without a header',
      input: unnamed,
      text: '1,2\n3,4\n',
      shape: [2, 2],
      data: [1, 2, 3, 4],
    },
    {
      name: 'of named fields without a header',
      input: named,
      text: '1,2\n3,4',
      shape: [2, 2],
      data: [1, 2, 3, 4],
    },
    {
      name: 'with a header',
      input: named,
      text: 'length,width\n1,2\n3,4',
      shape: [2, 2],
      data: [1, 2, 3, 4],
    },
    {
      name: 'with a header in another order',
      input: named,
      text: 'width,length\n2,1\n4,3',
      shape: [2, 2],
      data: [1, 2, 3, 4],
    },
    {
      name: 'less the columns of other names',
      input: named,
      text: 'id,width,x,length\n7,2,a,1\n8,4,b,3',
      shape: [2, 2],
      data: [1, 2, 3, 4],
    },
    {
      name: 'with numbers in quotes and spaces',
      input: unnamed,
      text: '"1.5", -2e1 ',
      shape: [1, 2],
      data: [1.5, -20],
    },
    {
      name: 'with floats that are not finite',
      input: inputOf('x', 'FP64', [-1, 7]),
      text: 'NaN,nan,,inf,-inf,Infinity,-Infinity',
      shape: [1, 7],
      data: [NaN, NaN, NaN, Infinity, -Infinity, Infinity, -Infinity],
    },
    {
      name: 'with floats of many digits',
      input: inputOf('x', 'FP64', [-1, 2]),
      text: '12345678901234567000,-98765432109876540000',
      shape: [1, 2],
      data: [12345678901234567000, -98765432109876540000],
    },
    {
      name: 'with every digit of 64-bit integers',
      input: inputOf('x', 'INT64', [-1, 3]),
      text: '9007199254740993,-9223372036854775808,1.0',
      shape: [1, 3],
      data: [9007199254740993n, -(2n ** 63n), 1n],
    },
    {
      name: 'with zeros before an integer',
      input: inputOf('x', 'UINT64', [-1, 2]),
      text: `007,${'0'.repeat(19)}5`,
      shape: [1, 2],
      data: [7n, 5n],
    },
    {
      name: 'of booleans as most languages write them',
      input: inputOf('x', 'BOOL', [-1, 4]),
      text: 'true,False,TRUE,false',
      shape: [1, 4],
      data: [1, 0, 1, 0],
    },
    {
      name: 'of text, numbers too',
      input: words,
      text: 'second,first\n1,"a,b"\n,é',
      shape: [2, 2],
      data: ['a,b', '1', 'é', ''],
    },
    {
      name: 'of text without a header',
      input: words,
      text: 'red,big\nblue,small',
      shape: [2, 2],
      data: ['red', 'big', 'blue', 'small'],
    },
    {
      name: 'of text named as a member of every object',
      input: inputOf('x', 'BYTES', [-1, 1]),
      text: 'constructor',
      shape: [1, 1],
      data: ['constructor'],
    },
  ]
  for (const { name, input, text, shape, data } of cases) {
    it(name, () => {
      const { request, oneRow } = decode(input, text)
      const tensor = request.inputs[0]!.tensor
      assert.deepEqual([tensor.shape, elements(tensor)], [shape, data])
      assert.equal(oneRow, false)
    })
  }
})

describe('CSV is refused', () => {
  const cases: {
    name: string
    input?: InputSpec
    text: string
    reason: string
    path?: readonly (string | number)[]
    says: RegExp
  }[] = [
    { name: 'with nothing in it', text: '', reason: 'BODY_MALFORMED', says: /no rows/ },
    {
      name: 'with nothing but a header',
      text: 'length,width\n',
      reason: 'BODY_MALFORMED',
      says: /no rows/,
    },
    {
      name: 'with a column missing',
      text: 'length,height\n1,2',
      reason: 'BODY_MALFORMED',
      says: /lacks width/,
    },
    {
      name: 'with a column given twice',
      text: 'length,width,length\n1,2,3',
      reason: 'BODY_MALFORMED',
      says: /has length twice/,
    },
    {
      name: 'with a header where no column has a name',
      input: unnamed,
      text: 'a,b\n1,2',
      reason: 'BODY_MALFORMED',
      says: /a header, and input "x" has no names/,
    },
    {
      name: 'with a row shorter than its header',
      text: 'length,width\n1,2\n3',
      reason: 'SHAPE_INVALID',
      path: [1],
      says: /2 columns, as the header has, got a row of 1/,
    },
    {
      name: 'with a row longer than its header',
      text: 'width,length\n1,2,3',
      reason: 'SHAPE_INVALID',
      path: [0],
      says: /got a row of 3/,
    },
    {
      name: 'with ragged rows',
      input: unnamed,
      text: '1,2\n3',
      reason: 'SHAPE_INVALID',
      path: [1],
      says: /one length \(2\)/,
    },
    {
      name: 'with a cell that is no number, by its column',
      text: 'width,length\n1,2\n3,tall',
      reason: 'VALUE_INVALID',
      path: [1, 'length'],
      says: /got "tall"/,
    },
    {
      name: 'with a number of another base',
      input: unnamed,
      text: '1,2\n0x10,1',
      reason: 'VALUE_INVALID',
      path: [1, 0],
      says: /got "0x10"/,
    },
    {
      name: 'with a cell named as a member of every object',
      input: unnamed,
      text: '1,constructor',
      reason: 'VALUE_INVALID',
      path: [0, 1],
      says: /got "constructor"/,
    },
    {
      name: 'with an empty cell for an integer',
      input: inputOf('x', 'INT32', [-1, 2]),
      text: '1,',
      reason: 'VALUE_INVALID',
      path: [0, 1],
      says: /an integer \(INT32\), got ""/,
    },
    {
      name: 'with an integer that a number would round',
      input: inputOf('x', 'INT64', [-1, 1]),
      text: '1\n1e20',
      reason: 'VALUE_INVALID',
      path: [1, 0],
      says: /an integer \(INT64\), got "1e20"/,
    },
    {
      name: 'with an integer out of range',
      input: inputOf('x', 'INT64', [-1, 1]),
      text: '9223372036854775808',
      reason: 'VALUE_OUT_OF_RANGE',
      path: [0, 0],
      says: /9223372036854775808 is out of range/,
    },
    {
      name: 'with a float too large',
      input: unnamed,
      text: '1e39,1',
      reason: 'VALUE_OUT_OF_RANGE',
      path: [0, 0],
      says: /1e\+39/,
    },
    {
      name: 'with a quote that never ends',
      input: words,
      text: '"a,b\nc,d',
      reason: 'BODY_MALFORMED',
      says: /never ends/,
    },
    {
      name: 'with text after a closing quote',
      input: words,
      text: 'a,b\n"c"d,e',
      reason: 'BODY_MALFORMED',
      says: /record 2 of the CSV has text after a closing quote/,
    },
  ]
  for (const { name, input = named, text, reason, path, says } of cases) {
    it(name, () => {
      assert.throws(
        () => decode(input, text),
        (error) => {
          assert.ok(error instanceof ServingError, `${error}`)
          assert.equal(error.reason, reason)
          assert.deepEqual(error.facts.path, path)
          assert.match(error.message, says)
          return true
        },
      )
    })
  }

  it('by a model that takes more than rows and columns', () => {
    for (const inputs of [[named, unnamed], [inputOf('x', 'FP32', [-1])], []]) {
      assert.throws(() => decodeCsv('model', { inputs, outputs: [] }, '1,2'), {
        reason: 'MEDIA_TYPE_UNSUPPORTED',
      })
    }
  })
})

const decode = (input: InputSpec, text: string) =>
  decodeCsv('model', { inputs: [input], outputs: [] }, text)

function elements(tensor: Tensor): readonly unknown[] {
  if (tensor.datatype !== 'BYTES') return [...tensor.data]
  return tensor.data.map((bytes) => Buffer.from(bytes).toString())
}

describe('CSV that is made to take long', () => {
  it('of many digits that are no number is refused in the time of its length', () => {
    const digits = '1'.repeat(1_000_000)
    assert.throws(() => decode(unnamed, `${digits}x,2\n`), { code: 'invalid_argument' })
  })

  it('of nothing but commas is refused at the widest table there may be', () => {
    assert.throws(() => parseCsv(','.repeat(2 ** 18 + 1)), { reason: 'BODY_MALFORMED' })
    assert.equal(parseCsv(','.repeat(2 ** 18 - 1))[0]?.length, 2 ** 18)
  })
})
