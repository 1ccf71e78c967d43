import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ServingError } from '../errors.ts'
import {
  binaryOf,
  DATATYPES,
  type Datatype,
  elementsToJson,
  elementToJson,
  type JsonSource,
  layoutOf,
  parseJson,
  type Tensor,
  tensorFromFlat,
  tensorFromNested,
  tensorToJson,
} from './index.ts'

const seed = 17

describe('tensors through JSON text', () => {
  for (const datatype of DATATYPES) {
    it(`${datatype}: come back without loss, nested and flat`, () => {
      fc.assert(
        fc.property(anyTensor(datatype), (tensor) => {
          const nested = parseJson(tensorToJson(tensor), (value) =>
            tensorFromNested(sourceOf(datatype), value, tensor.shape.length),
          )
          const flat = parseJson(`[${elementsToJson(tensor)}]`, (value) =>
            tensorFromFlat(sourceOf(datatype), value, tensor.shape),
          )
          for (const back of [nested, flat]) assertSame(back, tensor)
        }),
        { seed, numRuns: 200 },
      )
    })
  }

  it('keep NaN, infinities and -0 apart', () => {
    const data = Float64Array.of(NaN, Infinity, -Infinity, -0, 0)
    const tensor: Tensor = { datatype: 'FP64', shape: [5], data }
    assert.equal(tensorToJson(tensor), '["NaN","Infinity","-Infinity",-0,0]')
    const back = fromText('FP64', tensorToJson(tensor), 1)
    for (const [index, value] of data.entries()) assert.ok(Object.is(back.data[index], value))
  })

  it('keep 64-bit integers to the last digit, as numbers and as strings of digits', () => {
    const signed = [2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n, -1n, 0n]
    const unsigned = [2n ** 64n - 1n, 2n ** 53n + 1n, 0n]
    for (const [datatype, values] of [
      ['INT64', signed],
      ['UINT64', unsigned],
    ] as const) {
      assert.deepEqual([...fromText(datatype, `[${values.join(',')}]`, 1).data], values)
      const strings = JSON.stringify(values.map(String))
      assert.deepEqual([...fromText(datatype, strings, 1).data], values)
    }
  })

  it('take an integer in any of the ways JSON writes it', () => {
    const text = '[1e18, 1000000000000000000.0, 9.007199254740993e15, 1E+3, -0, 5.0]'
    const expected = [10n ** 18n, 10n ** 18n, 2n ** 53n + 1n, 1000n, 0n, 5n]
    assert.deepEqual([...fromText('INT64', text, 1).data], expected)
  })

  it('are read again with all digits without harm to the other tensors of a request', () => {
    const text = '{"a": [9007199254740993], "b": [9007199254740993, 0.5], "c": [1e300]}'
    const [a, b, c] = parseJson(text, (value) => {
      const body = value as Record<'a' | 'b' | 'c', unknown>
      return [
        tensorFromNested(sourceOf('INT64'), body.a, 1),
        tensorFromNested(sourceOf('FP64'), body.b, 1),
        tensorFromNested(sourceOf('FP64'), body.c, 1),
      ]
    })
    assert.deepEqual([...a!.data], [9007199254740993n])
    assert.deepEqual([...b!.data], [9007199254740992, 0.5])
    assert.deepEqual([...c!.data], [1e300])
  })

  it('write bytes that are no UTF-8 as base64, and all others as text', () => {
    const data = [Uint8Array.of(0xff, 0), Buffer.from('é\0"'), new Uint8Array(0)]
    const tensor: Tensor = { datatype: 'BYTES', shape: [3], data }
    assert.equal(tensorToJson(tensor), '[{"b64":"/wA="},"é\\u0000\\"",""]')
  })

  it('take base64 with and without its padding', () => {
    const { data } = fromText('BYTES', '[{"b64":"/wA="},{"b64":"/wA"},{"b64":""}]', 1)
    assert.deepEqual(
      (data as Uint8Array[]).map((bytes) => [...bytes]),
      [[255, 0], [255, 0], []],
    )
  })

  it('round FP16 and BF16 to nearest', () => {
    assert.deepEqual([...fromText('FP16', '[1.0001, 65504]', 1).data], [0x3c00, 0x7bff])
    assert.deepEqual([...fromText('BF16', '[1.001, -2]', 1).data], [0x3f80, 0xc000])
  })

  it('write one element, a scalar, and axes of no size', () => {
    const data = Int32Array.of(4, 5, 6, 7)
    assert.equal(elementToJson({ datatype: 'INT32', shape: [2, 2], data }, 2), '6')
    assert.equal(tensorToJson({ datatype: 'INT32', shape: [2, 2], data }), '[[4,5],[6,7]]')
    assert.equal(tensorToJson({ datatype: 'INT32', shape: [], data: data.subarray(0, 1) }), '4')
    assert.equal(tensorToJson({ datatype: 'INT32', shape: [0, 2], data: new Int32Array() }), '[]')
    assert.equal(
      tensorToJson({ datatype: 'INT32', shape: [2, 0], data: new Int32Array() }),
      '[[],[]]',
    )
  })
})

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
        assert.equal((thrown as ServingError).reason, 'BODY_MALFORMED')
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
    assertRefused(() => fromText('INT64', `[9007199254740993,${digits}]`, 1), 'VALUE_INVALID', [1])
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

/** Any bits of the datatype, in a shape of up to three axes. */
function anyTensor(datatype: Datatype): fc.Arbitrary<Tensor> {
  const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 })
  return shapes.chain((shape): fc.Arbitrary<Tensor> => {
    const count = shape.reduce((product, size) => product * size, 1)
    const exactly = { minLength: count, maxLength: count }
    if (datatype === 'BYTES') {
      const string = fc.oneof(fc.uint8Array({ maxLength: 8 }), text)
      return fc.array(string, exactly).map((data) => ({ datatype, shape, data }))
    }
    const { size, view } = layoutOf(datatype)
    const length = count * size
    const bytes = fc.uint8Array({ minLength: length, maxLength: length })
    return bytes.map((raw) => {
      const content = datatype === 'BOOL' ? raw.map((byte) => byte & 1) : Uint8Array.from(raw)
      return { datatype, shape, data: view(content.buffer, 0, count) }
    })
  })
}

const text = fc.string({ unit: 'binary', maxLength: 5 }).map((string) => Buffer.from(string))

/** The same bits, but that one NaN is as good as another. */
function assertSame(actual: Tensor, expected: Tensor): void {
  assert.equal(actual.datatype, expected.datatype)
  assert.deepEqual(actual.shape, expected.shape)
  const { datatype } = expected
  if (datatype === 'FP16' || datatype === 'BF16') {
    const exponent = datatype === 'FP16' ? 0x7c00 : 0x7f80
    expected.data.forEach((bits, index) => {
      const isNaN16 = (value: number) => (value & 0x7fff) > exponent
      if (isNaN16(Number(bits))) assert.ok(isNaN16(Number(actual.data[index])))
      else assert.equal(actual.data[index], bits)
    })
  } else if (datatype === 'FP32' || datatype === 'FP64') {
    assert.deepEqual([...actual.data], [...expected.data])
  } else {
    assert.deepEqual(Uint8Array.from(binaryOf(actual)), Uint8Array.from(binaryOf(expected)))
  }
}
