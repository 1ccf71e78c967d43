import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServingError } from '../../../errors.ts'
import { DATATYPES, type Datatype, type Tensor } from '../../../tensor/index.ts'
import { decodeInference } from './decode.ts'

/** A value of each datatype: as JSON, as it is held, as bytes in hexadecimal digits. */
const values: Readonly<Record<Datatype, readonly [json: string, held: unknown, hex: string]>> = {
  BOOL: ['true', 1, '01'],
  UINT8: ['255', 255, 'ff'],
  UINT16: ['258', 258, '0201'],
  UINT32: ['4294967295', 4294967295, 'ffffffff'],
  UINT64: ['18446744073709551615', 2n ** 64n - 1n, 'ffffffffffffffff'],
  INT8: ['-2', -2, 'fe'],
  INT16: ['-2', -2, 'feff'],
  INT32: ['-2', -2, 'feffffff'],
  INT64: ['9007199254740993', 9007199254740993n, '0100000000002000'],
  FP16: ['1.5', 0x3e00, '003e'],
  BF16: ['-2.5', 0xc020, '20c0'],
  FP32: ['0.5', 0.5, '0000003f'],
  FP64: ['-0.1', -0.1, '9a9999999999b9bf'],
  BYTES: ['"\\u0000é"', '00c3a9', '0300000000c3a9'],
}

describe('a tensor in a request', () => {
  for (const datatype of DATATYPES) {
    const [json, held, hex] = values[datatype]
    it(`of ${datatype} comes as JSON`, () => {
      const input = `{"name": "x", "datatype": "${datatype}", "shape": [1], "data": [${json}]}`
      assert.deepEqual(tensors(decode({ inputs: [input] })), { x: [datatype, [1], [held]] })
    })

    it(`of ${datatype} comes as bytes`, () => {
      const raw = Buffer.from(hex, 'hex')
      const inputs = [binary('x', datatype, [1], raw.byteLength)]
      assert.deepEqual(tensors(decode({ inputs, raw: [raw] })), { x: [datatype, [1], [held]] })
    })

    it(`of ${datatype} may be empty, both ways`, () => {
      const json = `{"name": "x", "datatype": "${datatype}", "shape": [0, 3], "data": []}`
      const expected = { x: [datatype, [0, 3], []], y: [datatype, [2, 0], []] }
      const inputs = [json, binary('y', datatype, [2, 0], 0)]
      assert.deepEqual(tensors(decode({ inputs, raw: [] })), expected)
    })
  }

  it('comes flat, nested, or as a value alone', () => {
    const input = (name: string, shape: string, data: string) =>
      `{"name": "${name}", "datatype": "INT8", "shape": ${shape}, "data": ${data}}`
    const inputs = [
      input('flat', '[2, 2]', '[1, 2, 3, 4]'),
      input('nested', '[2, 2]', '[[1, 2], [3, 4]]'),
      input('scalar', '[]', '5'),
      input('list', '[]', '[6]'),
    ]
    assert.deepEqual(tensors(decode({ inputs })), {
      flat: ['INT8', [2, 2], [1, 2, 3, 4]],
      nested: ['INT8', [2, 2], [1, 2, 3, 4]],
      scalar: ['INT8', [], [5]],
      list: ['INT8', [], [6]],
    })
  })

  it('lies behind the JSON in the order of the inputs, among others in JSON', () => {
    const one = ['a', 'INT16', [1], [0x0102]] as const
    const two = ['b', 'UINT8', [3], [7, 8, 9]] as const
    const three = ['c', 'BYTES', [2], ['ff', '']] as const
    const raw = { a: hexBytes('0201'), b: hexBytes('070809'), c: hexBytes('01000000ff00000000') }
    const orders = [
      [one, two, three],
      [one, three, two],
      [two, one, three],
      [two, three, one],
      [three, one, two],
      [three, two, one],
    ]
    for (const order of orders) {
      const inputs = order.flatMap(([name, datatype, shape]) => [
        binary(name, datatype, shape, raw[name].byteLength),
        `{"name": "json-${name}", "datatype": "FP32", "shape": [1], "data": [0.5]}`,
      ])
      const body = decode({ inputs, raw: order.map(([name]) => raw[name]) })
      for (const [name, datatype, shape, data] of [one, two, three]) {
        assert.deepEqual(tensors(body)[name], [datatype, shape, data])
      }
    }
  })

  it('is read again from its start where an integer in JSON needs all its digits', () => {
    const inputs = [
      binary('x', 'UINT8', [2], 2),
      '{"name": "n", "datatype": "INT64", "shape": [1], "data": [9007199254740993]}',
    ]
    assert.deepEqual(tensors(decode({ inputs, raw: [hexBytes('0708')] })), {
      x: ['UINT8', [2], [7, 8]],
      n: ['INT64', [1], [9007199254740993n]],
    })
  })
})

describe('a request', () => {
  const input = '{"name": "x", "datatype": "UINT8", "shape": [1], "data": [1]}'

  it('may have an id', () => {
    assert.equal(decode({ inputs: [input], more: '"id": "a/ö"' }).id, 'a/ö')
    assert.equal(decode({ inputs: [input] }).id, undefined)
  })

  it('may have ten thousand inputs', () => {
    const inputs = Array.from({ length: 10_000 }, (_, index) => binary(`${index}`, 'UINT8', [1], 1))
    const raw = Uint8Array.from(inputs, (_, index) => index % 256)
    const { request } = decode({ inputs, raw: [raw] })
    assert.equal(request.inputs.length, 10_000)
    assert.deepEqual(request.inputs[7777]?.tensor.data, Uint8Array.of(7777 % 256))
  })

  it('wants all outputs as JSON where it says nothing', () => {
    for (const more of ['"parameters": {}', '"outputs": []']) {
      const { request, wantsBinary } = decode({ inputs: [input], more })
      assert.equal(request.outputs, undefined)
      assert.equal(wantsBinary('y'), false)
    }
  })

  it('wants all outputs as bytes', () => {
    const more = '"parameters": {"binary_data_output": true}'
    assert.equal(decode({ inputs: [input], more }).wantsBinary('y'), true)
  })

  it('names the outputs it wants, in its order, each its own way', () => {
    const more = `"parameters": {"binary_data_output": true}, "outputs": [
      {"name": "z", "parameters": {"binary_data": true}},
      {"name": "a", "parameters": {"binary_data": false}},
      {"name": "m"}]`
    const { request, wantsBinary } = decode({ inputs: [input], more })
    assert.deepEqual(request.outputs, ['z', 'a', 'm'])
    assert.deepEqual(['z', 'a'].map(wantsBinary), [true, false])
  })

  it('wants an output that it names as JSON where it says nothing of it, as Triton has it', () => {
    const more = '"parameters": {"binary_data_output": true}, "outputs": [{"name": "m"}]'
    assert.equal(decode({ inputs: [input], more }).wantsBinary('m'), false)
  })
})

describe('a request is refused', () => {
  const cases: {
    name: string
    inputs?: readonly string[]
    raw?: readonly Uint8Array[]
    more?: string
    reason: string
    words: RegExp
  }[] = [
    {
      name: 'without inputs',
      more: '"id": "1"',
      reason: 'PARAMETER_INVALID',
      words: /"inputs" must be an array, got nothing/,
    },
    {
      name: 'with an input that is no object',
      inputs: ['7'],
      reason: 'PARAMETER_INVALID',
      words: /"inputs\[0\]" must be an object, got 7/,
    },
    {
      name: 'with an input without a name',
      inputs: ['{"datatype": "BOOL", "shape": []}'],
      reason: 'PARAMETER_INVALID',
      words: /"inputs\[0\].name" must be a string, got nothing/,
    },
    {
      name: 'with a datatype that is not known',
      inputs: ['{"name": "x", "datatype": "FLOAT", "shape": []}'],
      reason: 'PARAMETER_INVALID',
      words: /one of BOOL, .*, got "FLOAT"/,
    },
    {
      name: 'with a shape that is no list',
      inputs: ['{"name": "x", "datatype": "BOOL", "shape": 1}'],
      reason: 'PARAMETER_INVALID',
      words: /"inputs\[0\].shape" must be an array, got 1/,
    },
    {
      name: 'with a negative axis',
      inputs: ['{"name": "x", "datatype": "BOOL", "shape": [-1], "data": []}'],
      reason: 'SHAPE_INVALID',
      words: /whole numbers from 0 on, got \[-1\]/,
    },
    {
      name: 'with an axis that is text',
      inputs: ['{"name": "x", "datatype": "BOOL", "shape": ["1"], "data": [true]}'],
      reason: 'PARAMETER_INVALID',
      words: /"inputs\[0\].shape\[0\]" must be a number, got "1"/,
    },
    {
      name: 'with an axis whose text is no function',
      inputs: ['{"name": "x", "datatype": "BOOL", "shape": [{"toString": 1}], "data": [true]}'],
      reason: 'PARAMETER_INVALID',
      words: /must be a number, got an object/,
    },
    {
      name: 'with a shape too large to count',
      inputs: ['{"name": "x", "datatype": "BOOL", "shape": [4294967296, 4294967296], "data": []}'],
      reason: 'SHAPE_INVALID',
      words: /can be counted/,
    },
    {
      name: 'with fewer elements than its shape',
      inputs: ['{"name": "x", "datatype": "UINT8", "shape": [2, 2], "data": [1, 2, 3]}'],
      reason: 'COUNT_MISMATCH',
      words: /3 elements, expected 4/,
    },
    {
      name: 'with no data',
      inputs: ['{"name": "x", "datatype": "UINT8", "shape": [1]}'],
      reason: 'BODY_MALFORMED',
      words: /got neither/,
    },
    {
      name: 'with data twice',
      inputs: [
        '{"name": "x", "datatype": "UINT8", "shape": [1], "data": [1], "parameters": {"binary_data_size": 1}}',
      ],
      raw: [hexBytes('01')],
      reason: 'BODY_MALFORMED',
      words: /got both/,
    },
    {
      name: 'with too few bytes for a shape',
      inputs: [binary('x', 'FP32', [2], 4)],
      raw: [hexBytes('00000000')],
      reason: 'COUNT_MISMATCH',
      words: /4 bytes, expected 8 bytes \(2 elements of FP32\)/,
    },
    {
      name: 'with too many bytes for a shape',
      inputs: [binary('x', 'FP32', [1], 5)],
      raw: [hexBytes('0000000000')],
      reason: 'COUNT_MISMATCH',
      words: /5 bytes, expected 4/,
    },
    {
      name: 'with a body shorter than its sizes',
      inputs: [binary('x', 'UINT8', [2], 2), binary('y', 'UINT8', [2], 2)],
      raw: [hexBytes('010203')],
      reason: 'COUNT_MISMATCH',
      words: /input "y" has a binary_data_size of 2, but only 1 bytes are left/,
    },
    {
      name: 'with a body longer than its sizes',
      inputs: [binary('x', 'UINT8', [2], 2)],
      raw: [hexBytes('010203')],
      reason: 'BODY_MALFORMED',
      words: /1 bytes follow the tensors/,
    },
    {
      name: 'with sizes whose sum overflows',
      inputs: [binary('x', 'UINT8', [1], 1), binary('y', 'UINT8', [1], Number.MAX_SAFE_INTEGER)],
      raw: [hexBytes('0102')],
      reason: 'COUNT_MISMATCH',
      words: /only 1 bytes are left/,
    },
    {
      name: 'with a negative size',
      inputs: [binary('x', 'UINT8', [1], -1)],
      raw: [hexBytes('01')],
      reason: 'PARAMETER_INVALID',
      words: /a number of bytes, got -1/,
    },
    {
      name: 'with a size that is a fraction',
      inputs: [binary('x', 'UINT8', [1], 0.5)],
      raw: [hexBytes('01')],
      reason: 'PARAMETER_INVALID',
      words: /got 0.5/,
    },
    {
      name: 'with a size beyond every number',
      inputs: [
        '{"name": "n", "datatype": "INT64", "shape": [1], "data": [9007199254740993]}',
        binary('x', 'UINT8', [1], 1e20),
      ],
      raw: [hexBytes('01')],
      reason: 'PARAMETER_INVALID',
      words: /got 100000000000000000000/,
    },
    {
      name: 'with strings cut short',
      inputs: [binary('x', 'BYTES', [1], 5)],
      raw: [hexBytes('0200000061')],
      reason: 'COUNT_MISMATCH',
      words: /1 strings/,
    },
    {
      name: 'with a string whose length overflows',
      inputs: [binary('x', 'BYTES', [1], 5)],
      raw: [hexBytes('ffffffff61')],
      reason: 'COUNT_MISMATCH',
      words: /0 whole ones and 5 bytes more/,
    },
    {
      name: 'with a name that is nested deeply',
      inputs: [`{"name": ${'['.repeat(7000)}${']'.repeat(7000)}}`],
      reason: 'PARAMETER_INVALID',
      words: /must be a string, got an array/,
    },
    {
      name: 'with a name that is a large number',
      inputs: [
        '{"name": "n", "datatype": "INT64", "shape": [1], "data": [9007199254740993]}',
        '{"name": 9007199254740993}',
      ],
      reason: 'PARAMETER_INVALID',
      words: /must be a string, got 9007199254740993/,
    },
    {
      name: 'with an id that is a number',
      inputs: [],
      more: '"id": 7',
      reason: 'PARAMETER_INVALID',
      words: /"id" must be a string, got 7/,
    },
    {
      name: 'with an output without a name',
      inputs: [],
      more: '"outputs": [{}]',
      reason: 'PARAMETER_INVALID',
      words: /"outputs\[0\].name" must be a string/,
    },
    {
      name: 'with shared memory',
      inputs: [
        '{"name": "x", "datatype": "UINT8", "shape": [1], "parameters": {"shared_memory_region": "r"}}',
      ],
      reason: 'NOT_BUILT',
      words: /shared memory/,
    },
    {
      name: 'with a classification of less than nothing',
      inputs: [],
      more: '"outputs": [{"name": "y", "parameters": {"classification": -3}}]',
      reason: 'PARAMETER_INVALID',
      words: /"outputs\[0\].parameters.classification" must be a whole number from 0 on, got -3/,
    },
  ]
  for (const { name, reason, words, ...body } of cases) {
    it(name, () => refused(() => decode(body), reason, words))
  }

  for (const length of ['-1', '1e3', '3.5', '0x10', 'many', '', '9'.repeat(400), '1000', '2, 2']) {
    it(`with a header length of "${length.slice(0, 20)}"`, () => {
      const body = Buffer.from('{"inputs": []}')
      refused(() => decodeInference(body, length), 'PARAMETER_INVALID', /from 1 to 14/)
    })
  }

  for (const [body, got] of [
    ['[]', 'an array'],
    ['null', 'null'],
    ['"a"', '"a"'],
  ] as const) {
    it(`that is ${got}`, () => {
      const words = new RegExp(`^the body must be an object, got ${got}$`)
      refused(() => decodeInference(Buffer.from(body), undefined), 'BODY_MALFORMED', words)
    })
  }

  it('with a header length that ends within the JSON', () => {
    refused(() => decodeInference(Buffer.from('{"inputs": []}'), '5'), 'BODY_MALFORMED', /ends too/)
  })
})

interface Body {
  readonly inputs?: readonly string[]
  readonly more?: string
  readonly raw?: readonly Uint8Array[]
}

function decode({ inputs, more, raw }: Body) {
  const members = [...(inputs ? [`"inputs": [${inputs.join(', ')}]`] : []), ...(more ? [more] : [])]
  const json = Buffer.from(`{${members.join(', ')}}`)
  if (raw === undefined) return decodeInference(json, undefined)
  return decodeInference(Buffer.concat([json, ...raw]), `${json.byteLength}`)
}

function binary(name: string, datatype: Datatype, shape: readonly number[], size: number): string {
  return JSON.stringify({ name, datatype, shape, parameters: { binary_data_size: size } })
}

function hexBytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex')
}

function tensors({ request }: ReturnType<typeof decodeInference>) {
  const read = ({ data }: Tensor) =>
    [...data].map((value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    )
  return Object.fromEntries(
    request.inputs.map(({ name, tensor }) => [name, [tensor.datatype, tensor.shape, read(tensor)]]),
  )
}

function refused(act: () => unknown, reason: string, words: RegExp): void {
  assert.throws(act, (error: unknown) => {
    assert.ok(error instanceof ServingError, `${error}`)
    assert.equal(error.reason, reason)
    assert.match(error.message, words)
    return true
  })
}
