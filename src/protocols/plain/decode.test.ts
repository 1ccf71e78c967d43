import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServingError } from '../../errors.ts'
import type { InputSpec } from '../../signature.ts'
import type { Tensor } from '../../tensor/index.ts'
import { decodeJsonBody } from '../json/index.ts'
import { inputOf } from '../testing.ts'
import { decodeJson } from './decode.ts'

const flowers = inputOf('x', 'FP32', [-1, 2], { constraints: { fields: ['length', 'width'] } })
const numbers = inputOf('x', 'FP32', [-1, 2])

describe('a plain body is tensors', () => {
  const cases: {
    name: string
    inputs: readonly InputSpec[]
    body: string
    tensors: Readonly<Record<string, readonly [readonly number[], readonly unknown[]]>>
    oneRow: boolean
  }[] = [
    {
      name: 'one row',
      inputs: [numbers],
      body: '{"features": [1.5, 2.5]}',
      tensors: {
        x: [
          [1, 2],
          [1.5, 2.5],
        ],
      },
      oneRow: true,
    },
    {
      name: 'rows, one of them too',
      inputs: [numbers],
      body: '{"features": [[1.5, 2.5]]}',
      tensors: {
        x: [
          [1, 2],
          [1.5, 2.5],
        ],
      },
      oneRow: false,
    },
    {
      name: 'rows keep their order',
      inputs: [numbers],
      body: '{"features": [[1, 2], [3, 4], [5, 6]]}',
      tensors: {
        x: [
          [3, 2],
          [1, 2, 3, 4, 5, 6],
        ],
      },
      oneRow: false,
    },
    {
      name: 'an object of fields, in any order',
      inputs: [flowers],
      body: '{"features": {"width": 2, "length": 1}}',
      tensors: {
        x: [
          [1, 2],
          [1, 2],
        ],
      },
      oneRow: true,
    },
    {
      name: 'objects of fields among arrays',
      inputs: [flowers],
      body: '{"features": [{"width": 2, "length": 1}, [3, 4]]}',
      tensors: {
        x: [
          [2, 2],
          [1, 2, 3, 4],
        ],
      },
      oneRow: false,
    },
    {
      name: 'the only input by its name',
      inputs: [numbers],
      body: '{"inputs": {"x": [7, 8]}}',
      tensors: {
        x: [
          [1, 2],
          [7, 8],
        ],
      },
      oneRow: true,
    },
    {
      name: 'several inputs',
      inputs: [numbers, inputOf('n', 'INT32', [-1, 1])],
      body: '{"inputs": {"n": [[1], [2]], "x": [[1, 2], [3, 4]]}}',
      tensors: {
        x: [
          [2, 2],
          [1, 2, 3, 4],
        ],
        n: [
          [2, 1],
          [1, 2],
        ],
      },
      oneRow: false,
    },
    {
      name: 'one row beside an input without rows',
      inputs: [numbers, inputOf('scale', 'FP64', []), inputOf('table', 'UINT8', [2, 2])],
      body: '{"inputs": {"x": [1, 2], "scale": 0.1, "table": [[1, 2], [3, 4]]}}',
      tensors: {
        x: [
          [1, 2],
          [1, 2],
        ],
        scale: [[], [0.1]],
        table: [
          [2, 2],
          [1, 2, 3, 4],
        ],
      },
      oneRow: true,
    },
    {
      name: 'a row of rank 1 is a value',
      inputs: [inputOf('x', 'INT16', [-1])],
      body: '{"features": -5}',
      tensors: { x: [[1], [-5]] },
      oneRow: true,
    },
    {
      name: 'rows of rank 1 are a list',
      inputs: [inputOf('x', 'INT16', [-1])],
      body: '{"features": [-5, 6]}',
      tensors: { x: [[2], [-5, 6]] },
      oneRow: false,
    },
    {
      name: 'no rows of rank 1 are an empty list',
      inputs: [inputOf('x', 'INT16', [-1])],
      body: '{"features": []}',
      tensors: { x: [[0], []] },
      oneRow: false,
    },
    {
      name: 'a scalar',
      inputs: [inputOf('x', 'UINT8', [])],
      body: '{"features": 255}',
      tensors: { x: [[], [255]] },
      oneRow: false,
    },
    {
      name: 'a first axis of 1 takes one row',
      inputs: [inputOf('x', 'UINT8', [1, 3])],
      body: '{"features": [1, 2, 3]}',
      tensors: {
        x: [
          [1, 3],
          [1, 2, 3],
        ],
      },
      oneRow: true,
    },
    {
      name: 'text in UTF-8, and bytes that are no text',
      inputs: [inputOf('x', 'BYTES', [-1, 3])],
      body: '{"features": ["é", "a\\u0000b", {"b64": "/wA="}]}',
      tensors: {
        x: [
          [1, 3],
          ['c3a9', '610062', 'ff00'],
        ],
      },
      oneRow: true,
    },
    {
      name: 'true and false',
      inputs: [inputOf('x', 'BOOL', [-1, 2])],
      body: '{"features": [true, false]}',
      tensors: {
        x: [
          [1, 2],
          [1, 0],
        ],
      },
      oneRow: true,
    },
    {
      name: 'integers beyond 2^53 with every digit',
      inputs: [inputOf('x', 'INT64', [-1, 4])],
      body: '{"features": [9007199254740993, "-9223372036854775808", 9223372036854775807, 1e18]}',
      tensors: {
        x: [
          [1, 4],
          [9007199254740993n, -(2n ** 63n), 2n ** 63n - 1n, 10n ** 18n],
        ],
      },
      oneRow: true,
    },
    {
      name: 'floats that are not finite, as words',
      inputs: [inputOf('x', 'FP64', [-1, 3])],
      body: '{"features": ["NaN", "Infinity", "-Infinity"]}',
      tensors: {
        x: [
          [1, 3],
          [NaN, Infinity, -Infinity],
        ],
      },
      oneRow: true,
    },
    {
      name: 'a field named as a member of every object',
      inputs: [
        inputOf('x', 'FP32', [-1, 2], { constraints: { fields: ['__proto__', 'toString'] } }),
      ],
      body: '{"features": {"toString": 2, "__proto__": 1}}',
      tensors: {
        x: [
          [1, 2],
          [1, 2],
        ],
      },
      oneRow: true,
    },
  ]
  for (const { name, inputs, body, tensors, oneRow } of cases) {
    it(name, () => {
      const plain = decode(inputs, body)
      const got = plain.request.inputs.map(({ name, tensor }) => [
        name,
        [tensor.shape, elements(tensor)],
      ])
      assert.deepEqual(Object.fromEntries(got), tensors)
      assert.equal(plain.oneRow, oneRow)
    })
  }
})

describe('a plain body is refused', () => {
  const two = [numbers, inputOf('n', 'INT32', [-1, 1])]
  const cases: {
    name: string
    inputs?: readonly InputSpec[]
    body: string
    reason: string
    path?: readonly (string | number)[]
    words: RegExp
  }[] = [
    { name: 'that is a list', body: '[[1, 2]]', reason: 'BODY_MALFORMED', words: /got an array$/ },
    { name: 'that is null', body: 'null', reason: 'BODY_MALFORMED', words: /got null$/ },
    { name: 'that is text', body: '"a"', reason: 'BODY_MALFORMED', words: /got "a"$/ },
    { name: 'with nothing in it', body: '{}', reason: 'BODY_MALFORMED', words: /got neither$/ },
    {
      name: 'with inputs as a list, as another protocol has them',
      body: '{"inputs": [{"name": "x"}]}',
      reason: 'PARAMETER_INVALID',
      path: ['inputs'],
      words: /"inputs" must be an object of inputs by their names, got an array/,
    },
    {
      name: 'with text where numbers belong',
      body: '{"features": "1, 2"}',
      reason: 'SHAPE_INVALID',
      path: ['features'],
      words: /nested 2 deep .*, got "1, 2"$/,
    },
    {
      name: 'with features and inputs',
      body: '{"features": [1, 2], "inputs": {"x": [1, 2]}}',
      reason: 'BODY_MALFORMED',
      words: /got both/,
    },
    {
      name: 'with a key that is not known',
      body: '{"features": [1, 2], "instances": 1}',
      reason: 'PARAMETER_INVALID',
      path: ['instances'],
      words: /"instances"/,
    },
    {
      name: 'with features for several inputs',
      inputs: two,
      body: '{"features": [1, 2]}',
      reason: 'PARAMETER_INVALID',
      path: ['features'],
      words: /2 inputs/,
    },
    {
      name: 'with an input that the model lacks',
      body: '{"inputs": {"y": [1, 2]}}',
      reason: 'INPUT_UNKNOWN',
      path: ['inputs', 'y'],
      words: /no input "y"/,
    },
    {
      name: 'that mixes one row and rows',
      inputs: two,
      body: '{"inputs": {"x": [[1, 2], [3, 4]], "n": [1]}}',
      reason: 'SHAPE_INVALID',
      path: ['inputs', 'n'],
      words: /rows, as input "x" has, got one row/,
    },
    {
      name: 'nested too deeply',
      body: '{"features": [[[1, 2]]]}',
      reason: 'SHAPE_INVALID',
      path: ['features'],
      words: /nested 2 deep for shape \[-1,2\], or 1 deep for one row, got 3 deep/,
    },
    {
      name: 'of one row where the number of rows is fixed',
      inputs: [inputOf('x', 'FP32', [2, 2])],
      body: '{"features": [1, 2]}',
      reason: 'SHAPE_INVALID',
      path: ['features'],
      words: /nested 2 deep for shape \[2,2\], got 1 deep/,
    },
    {
      name: 'with ragged rows',
      body: '{"features": [[1, 2], [3, 4, 5]]}',
      reason: 'SHAPE_INVALID',
      path: ['features', 1],
      words: /one length \(2\)/,
    },
    {
      name: 'with a wrong value in one row',
      body: '{"features": [1, "b"]}',
      reason: 'VALUE_INVALID',
      path: ['features', 1],
      words: /a number \(FP32\), got "b"/,
    },
    {
      name: 'with a wrong value in a row of an input by name',
      inputs: two,
      body: '{"inputs": {"x": [[1, 2], [3, null]], "n": [[1], [2]]}}',
      reason: 'VALUE_INVALID',
      path: ['inputs', 'x', 1, 1],
      words: /got null/,
    },
    {
      name: 'with a wrong value in an object of fields, by the name of the field',
      inputs: [flowers],
      body: '{"features": {"width": "wide", "length": 1}}',
      reason: 'VALUE_INVALID',
      path: ['features', 'width'],
      words: /got "wide"/,
    },
    {
      name: 'with a wrong value in a list of objects, by the name of the field',
      inputs: [flowers],
      body: '{"features": [{"width": 1, "length": 1}, {"width": 1, "length": true}]}',
      reason: 'VALUE_INVALID',
      path: ['features', 1, 'length'],
      words: /got true/,
    },
    {
      name: 'that lacks a field',
      inputs: [flowers],
      body: '{"features": [{"width": 1, "length": 1}, {"width": 1}]}',
      reason: 'VALUE_INVALID',
      path: ['features', 1],
      words: /the fields length, width, got none of length/,
    },
    {
      name: 'with a field that is not known',
      inputs: [flowers],
      body: '{"features": {"width": 1, "length": 1, "height": 1}}',
      reason: 'VALUE_INVALID',
      path: ['features', 'height'],
      words: /a field "height"/,
    },
    {
      name: 'with fields where the columns have no names',
      body: '{"features": {"width": 1, "length": 1}}',
      reason: 'SHAPE_INVALID',
      path: ['features'],
      words: /got an object/,
    },
    {
      name: 'with an integer out of range, to the digit',
      inputs: [inputOf('x', 'INT64', [-1, 1])],
      body: '{"features": [9223372036854775808]}',
      reason: 'VALUE_OUT_OF_RANGE',
      path: ['features', 0],
      words: /9223372036854775808 is out of range/,
    },
    {
      name: 'with a fraction for an integer',
      inputs: [inputOf('x', 'INT64', [-1, 1])],
      body: '{"features": [9007199254740993.5]}',
      reason: 'VALUE_INVALID',
      path: ['features', 0],
      words: /an integer \(INT64\)/,
    },
  ]
  for (const { name, inputs = [numbers], body, reason, path, words } of cases) {
    it(name, () => {
      assert.throws(
        () => decode(inputs, body),
        (error) => {
          assert.ok(error instanceof ServingError, `${error}`)
          assert.equal(error.reason, reason)
          assert.deepEqual(error.facts.path, path)
          assert.match(error.message, words)
          return true
        },
      )
    })
  }
})

function decode(inputs: readonly InputSpec[], body: string) {
  return decodeJsonBody(Buffer.from(body), (value) =>
    decodeJson('model', { inputs, outputs: [] }, value),
  )
}

/** Elements as they are held; strings as hexadecimal digits. */
function elements(tensor: Tensor): readonly unknown[] {
  if (tensor.datatype !== 'BYTES') return [...tensor.data]
  return tensor.data.map((bytes) => Buffer.from(bytes).toString('hex'))
}

it('features go to the only input that must be given', () => {
  const optional = inputOf('weights', 'FP32', [2], { optional: true })
  const signature = { inputs: [optional, inputOf('x', 'FP32', [-1, 2])], outputs: [] }
  const { request } = decodeJson('model', signature, { features: [1, 2] })
  assert.deepEqual(
    request.inputs.map(({ name }) => name),
    ['x'],
  )
})
