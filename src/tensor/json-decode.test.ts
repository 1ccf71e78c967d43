import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServingError } from '../errors.ts'
import {
  type Datatype,
  type JsonSource,
  parseJson,
  type Tensor,
  tensorFromFlat,
  tensorFromNested,
  tensorToJson,
} from './index.ts'

describe('nested JSON', () => {
  it('has its shape from its nesting', () => {
    const shapes: readonly (readonly [string, number, readonly number[]])[] = [
      ['5', 0, []],
      ['[1,2,3]', 1, [3]],
      ['[[1,2,3],[4,5,6]]', 2, [2, 3]],
      ['[[[1],[2]]]', 3, [1, 2, 1]],
      ['[]', 1, [0]],
      ['[]', 3, [0, 0, 0]],
      ['[[],[]]', 2, [2, 0]],
    ]
    for (const [text, rank, shape] of shapes) {
      assert.deepEqual(fromText('INT32', text, rank).shape, shape, text)
    }
  })

  const refusals: readonly Refusal[] = [
    ['[[1,2],[3]]', 2, 'SHAPE_INVALID', [1]],
    ['[[1,2],[3,4,5]]', 2, 'SHAPE_INVALID', [1]],
    ['[[1,2],3]', 2, 'SHAPE_INVALID', [1]],
    ['[[],[1]]', 2, 'SHAPE_INVALID', [1]],
    ['[[[1],[2]],[[3],[4,5]]]', 3, 'SHAPE_INVALID', [1, 1]],
    ['[1,2]', 2, 'SHAPE_INVALID', []],
    ['1', 1, 'SHAPE_INVALID', []],
    ['{"a":1}', 1, 'SHAPE_INVALID', []],
    ['null', 1, 'SHAPE_INVALID', []],
    ['[[[1]]]', 2, 'SHAPE_INVALID', []],
    ['[1]', 0, 'SHAPE_INVALID', []],
    ['[1,[2]]', 1, 'VALUE_INVALID', [1]],
    ['[[1,2],[3,[4]]]', 2, 'VALUE_INVALID', [1, 1]],
  ]
  for (const [text, rank, reason, path] of refusals) {
    it(`${text} with ${rank} axes is refused with its place`, () => {
      assertRefused(() => fromText('INT32', text, rank), reason, path)
    })
  }

  it('of 10,000 levels is refused without an overflow of the stack', () => {
    const deep = '['.repeat(10_000) + ']'.repeat(10_000)
    assertRefused(() => fromText('INT32', deep, 2), 'SHAPE_INVALID', [])
    assertRefused(() => fromText('INT32', `[[1,2],[3,${deep}]]`, 2), 'VALUE_INVALID', [1, 1])
  })

  it('of 10,000 levels beside an integer with many digits is read or refused, not a crash', () => {
    for (const levels of [10_000, 1_000_000]) {
      const deep = '['.repeat(levels) + ']'.repeat(levels)
      const read = () =>
        parseJson(`[[9007199254740993], ${deep}]`, (value) =>
          tensorFromNested(sourceOf('INT64'), (value as unknown[])[0], 1),
        )
      try {
        assert.deepEqual([...read().data], [9007199254740993n])
      } catch (thrown) {
        const { reason } = thrown as ServingError
        assert.ok(['BODY_MALFORMED', 'VALUE_INVALID'].includes(reason), reason)
      }
    }
  })

  it('that claims many rows by a long first one and short others is refused before memory is taken', () => {
    const text = `[[${'1,'.repeat(300_000)}1]${',[]'.repeat(300_000)}]`
    assertRefused(() => fromText('FP64', text, 2), 'SHAPE_INVALID', [1])
  })
})

describe('flat JSON', () => {
  const read = (text: string, shape: readonly number[], datatype: Datatype = 'INT32') =>
    parseJson(text, (value) => tensorFromFlat(sourceOf(datatype), value, shape))

  it('is read in row-major order, nested as its shape is, in part, or not at all', () => {
    for (const text of ['[1,2,3,4,5,6]', '[[1,2,3],[4,5,6]]', '[1,2,[3,4],5,6]']) {
      assert.deepEqual([...read(text, [2, 3]).data], [1, 2, 3, 4, 5, 6])
    }
    assert.deepEqual([...read('[7]', []).data], [7])
    assert.deepEqual([...read('7', [1]).data], [7])
  })

  const refusals: readonly (readonly [string, readonly number[], ServingError['reason'], Path])[] =
    [
      ['[1,2,3]', [2, 2], 'COUNT_MISMATCH', []],
      ['[1,2,3,4,5]', [2, 2], 'COUNT_MISMATCH', []],
      ['[]', [1], 'COUNT_MISMATCH', []],
      ['[[1,2],[3,4]]', [4], 'SHAPE_INVALID', [0]],
      ['[[[1]],2,3,4]', [2, 2], 'SHAPE_INVALID', [0, 0]],
      ['[[1]]', [], 'SHAPE_INVALID', [0]],
      ['[1,"x",3,4]', [2, 2], 'VALUE_INVALID', [1]],
      ['[[1,2],[3,null]]', [2, 2], 'VALUE_INVALID', [1, 1]],
      ['[1]', [-1], 'SHAPE_INVALID', undefined],
    ]
  for (const [text, shape, reason, path] of refusals) {
    it(`${text} for shape [${shape}] is refused with its place`, () => {
      assertRefused(() => read(text, shape), reason, path)
    })
  }

  it('of 10,000 levels is refused without an overflow of the stack', () => {
    const deep = '['.repeat(10_000) + ']'.repeat(10_000)
    assertRefused(() => read(deep, [2, 1]), 'SHAPE_INVALID', [0, 0])
    assertRefused(() => read(`[${deep},1]`, [2]), 'SHAPE_INVALID', [0])
  })

  it('of a shape that is far larger than its data is refused before memory is taken', () => {
    for (const datatype of ['FP64', 'BYTES'] as const) {
      assertRefused(() => read('[1,2]', [2 ** 40], datatype), 'COUNT_MISMATCH', [])
      assertRefused(() => read('[[1],[2]]', [2 ** 40, 1], datatype), 'COUNT_MISMATCH', [])
    }
  })
})

describe('elements in JSON', () => {
  const invalid: readonly (readonly [Datatype, readonly string[]])[] = [
    ['BOOL', ['1', '0', '"true"', 'null']],
    ['UINT8', ['1.5', '"1.5"', '""', '" 1"', 'true', 'null', '{}', '[]', '"0x1"', '1e-1']],
    ['INT64', ['0.5', '"NaN"', '9007199254740993.5', '1e18000', '"1e3"']],
    ['FP32', ['"1"', '"nan"', '"inf"', 'true', 'null', '{}', '[1]']],
    ['FP64', ['"0.5"', '"-NaN"']],
    ['BYTES', ['1', 'null', 'true', '{}', '{"b64":1}', '{"b64":"*"}', '{"b64":"A"}', '[]']],
    ['BYTES', ['{"b64":"QUFBQ"}', '{"b64":"QQ="}', '{"b64":"=="}', '"\\ud83d"', '"a\\ude00"']],
  ]
  for (const [datatype, texts] of invalid) {
    for (const text of texts) {
      it(`${text} is no ${datatype}`, () => {
        const good = datatype === 'BYTES' ? '""' : datatype === 'BOOL' ? 'true' : '1'
        const read = () => fromText(datatype, `[[${good}],[${text}]]`, 2)
        assertRefused(read, 'VALUE_INVALID', [1, 0])
      })
    }
  }

  const outOfRange: readonly (readonly [Datatype, readonly string[]])[] = [
    ['UINT8', ['300', '256', '-1', '"256"', '1e20']],
    ['INT8', ['128', '-129']],
    ['UINT16', ['65536', '-1']],
    ['INT16', ['32768', '-32769']],
    ['UINT32', ['4294967296', '-1']],
    ['INT32', ['2147483648', '-2147483649', '1e300']],
    ['UINT64', ['18446744073709551616', '-1', '"18446744073709551616"', '1e20']],
    ['INT64', ['9223372036854775808', '-9223372036854775809', '1e19', '99999999999999999999']],
    ['FP16', ['65505', '-1e9', '1e400']],
    ['BF16', ['3.4e38', '1e400']],
    ['FP32', ['1e39', '-1e39', '3.5e38', '1e400', '3.4028236e38']],
    ['FP64', ['1e400', '-1e400']],
  ]
  for (const [datatype, texts] of outOfRange) {
    for (const text of texts) {
      it(`${text} is out of the range of ${datatype}`, () => {
        const read = () => fromText(datatype, `[[1],[${text}]]`, 2)
        assertRefused(read, 'VALUE_OUT_OF_RANGE', [1, 0])
      })
    }
  }

  it('at the ends of their range are taken', () => {
    for (const [datatype, text] of [
      ['UINT8', '[0,255]'],
      ['INT8', '[-128,127]'],
      ['UINT16', '[0,65535]'],
      ['INT16', '[-32768,32767]'],
      ['UINT32', '[0,4294967295]'],
      ['INT32', '[-2147483648,2147483647]'],
      ['UINT64', '[0,18446744073709551615]'],
      ['INT64', '[-9223372036854775808,9223372036854775807]'],
      ['FP16', '[-65504,65504]'],
      ['FP32', '[3.4028234663852886e+38,-3.4028234663852886e+38]'],
      ['FP64', '[1.7976931348623157e+308,5e-324]'],
    ] as const) {
      assert.equal(tensorToJson(fromText(datatype, text, 1)), text, datatype)
    }
  })

  it('that are wrong are named with the place of their tensor', () => {
    const source: JsonSource = { name: 'age', datatype: 'INT8', path: ['inputs', 0, 'data'] }
    try {
      tensorFromNested(source, [[1], [200]], 2)
      assert.fail('it is refused')
    } catch (thrown) {
      assert.ok(thrown instanceof ServingError)
      assert.deepEqual(thrown.facts.path, ['inputs', 0, 'data', 1, 0])
      assert.equal(
        thrown.message,
        'input "age": 200 is out of range, expected INT8, from -128 to 127',
      )
    }
  })

  it('of a million digits are refused at once', () => {
    const digits = '9'.repeat(1_000_000)
    const begun = performance.now()
    assertRefused(() => fromText('INT64', `[9007199254740993,${digits}]`, 1), 'VALUE_INVALID', [0])
    assertRefused(() => fromText('INT64', `[0.${digits}e1000000]`, 1), 'VALUE_INVALID', [0])
    assert.ok(performance.now() - begun < 2000)
  })

  it('that are wrong are shown in a few words, however long', () => {
    const text = 'x'.repeat(10_000)
    try {
      tensorFromNested(sourceOf('FP32'), [text], 1)
      assert.fail('it is refused')
    } catch (thrown) {
      assert.ok((thrown as ServingError).message.length < 200)
    }
  })
})

type Path = readonly (string | number)[] | undefined
type Refusal = readonly [string, number, ServingError['reason'], Path]
const sourceOf = (datatype: Datatype): JsonSource => ({ name: 'x', datatype, path: [] })

const fromText = (datatype: Datatype, text: string, rank: number): Tensor =>
  parseJson(text, (value) => tensorFromNested(sourceOf(datatype), value, rank))

function assertRefused(run: () => unknown, reason: ServingError['reason'], path: Path): void {
  try {
    run()
  } catch (thrown) {
    if (!(thrown instanceof ServingError)) throw thrown
    assert.equal(thrown.reason, reason, thrown.message)
    if (path !== undefined) assert.deepEqual(thrown.facts.path, path)
    assert.ok(!thrown.message.includes('undefined'), thrown.message)
    return
  }
  assert.fail('it is refused')
}

describe('a long text with an integer that lost digits', () => {
  it('is refused rather than read again, which would take ten times as long', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => index).join(',')
    const read = (last: string) => fromText('INT64', `[${many},${last}]`, 1)
    assert.equal(read('"9007199254740993"').data.at(-1), 9007199254740993n)
    assertRefused(() => read('9007199254740993'), 'VALUE_INVALID', [100_000])
  })
})
