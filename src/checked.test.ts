import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from './call.ts'
import { checked, checkRequest } from './checked.ts'
import { ServingError } from './errors.ts'
import type { InferenceRequest, InferenceResponse, Predictor } from './predictor.ts'
import type { Signature } from './signature.ts'
import type { Datatype, NamedTensor, Tensor } from './tensor/index.ts'

const signature: Signature = {
  inputs: [
    { name: 'a', datatype: 'FP32', shape: [-1, 2], axes: ['batch', undefined] },
    { name: 'b', datatype: 'INT64', shape: [-1], axes: ['batch'] },
    { name: 'scale', datatype: 'FP32', shape: [], optional: true },
    { name: 'tags', datatype: 'BYTES', shape: [-1, -1], optional: true, axes: ['batch', 'batch'] },
  ],
  outputs: [
    { name: 'sum', datatype: 'FP32', shape: [-1] },
    { name: 'mean', datatype: 'FP32', shape: [-1] },
    { name: 'last', datatype: 'FP32', shape: [-1] },
  ],
}

const a = fp32('a', [2, 2], [1, 2, 3, 4])
const b: NamedTensor = int64('b', [2], [5n, 6n])
const scale = fp32('scale', [], [7])
const tags: NamedTensor = {
  name: 'tags',
  tensor: {
    datatype: 'BYTES',
    shape: [2, 2],
    data: ['p', 'q', 'r', 's'].map((s) => Buffer.from(s)),
  },
}

describe('the door passes', () => {
  const check = (request: InferenceRequest) => checkRequest('m', signature, request)

  it('inputs in the order of the signature, whatever order they came in', () => {
    for (const inputs of [
      [a, b, scale, tags],
      [tags, scale, b, a],
      [scale, a, tags, b],
    ]) {
      assert.deepEqual(check({ inputs }).inputs, [a, b, scale, tags])
    }
  })

  it('without the inputs that may be left out', () => {
    assert.deepEqual(check({ inputs: [b, a] }).inputs, [a, b])
    assert.deepEqual(check({ inputs: [tags, b, a] }).inputs, [a, b, tags])
  })

  it('the very tensors that came, not copies', () => {
    assert.equal(check({ inputs: [b, a] }).inputs[0]?.tensor, a.tensor)
  })

  it('the outputs asked for in the order they were asked for, and none where none were', () => {
    assert.deepEqual(check({ inputs: [a, b], outputs: ['last', 'sum'] }).outputs, ['last', 'sum'])
    assert.deepEqual(check({ inputs: [a, b], outputs: [] }).outputs, [])
    assert.ok(!('outputs' in check({ inputs: [a, b] })))
  })

  it('no rows at all', () => {
    const inputs = [fp32('a', [0, 2], []), int64('b', [0], [])]
    assert.deepEqual(check({ inputs }).inputs, inputs)
  })

  it('a model without inputs', () => {
    const none: Signature = { inputs: [], outputs: signature.outputs }
    assert.deepEqual(checkRequest('m', none, { inputs: [] }), { inputs: [] })
  })
})

describe('the door refuses', () => {
  type Case = readonly [string, InferenceRequest, ServingError['reason'], RegExp]
  const cases: readonly Case[] = [
    ['an unknown input', { inputs: [a, b, fp32('c', [1], [1])] }, 'INPUT_UNKNOWN', /no input "c"/],
    ['an input twice', { inputs: [a, b, a] }, 'INPUT_DUPLICATE', /"a" is given twice/],
    ['no input', { inputs: [] }, 'INPUT_MISSING', /missing inputs "a", "b"$/],
    ['too few inputs', { inputs: [b, scale] }, 'INPUT_MISSING', /missing input "a"$/],
    [
      'another datatype',
      { inputs: [a, fp32('b', [2], [5, 6])] },
      'DATATYPE_MISMATCH',
      /"b" has datatype FP32, expected INT64/,
    ],
    [
      'another size of a fixed axis',
      { inputs: [fp32('a', [2, 3], [1, 2, 3, 4, 5, 6]), b] },
      'SHAPE_MISMATCH',
      /"a" has shape \[2,3\], expected \[-1,2\]/,
    ],
    [
      'another number of axes',
      { inputs: [fp32('a', [4], [1, 2, 3, 4]), b] },
      'SHAPE_MISMATCH',
      /"a" has shape \[4\], expected \[-1,2\]/,
    ],
    [
      'a negative axis, although the signature has one',
      { inputs: [fp32('a', [-1, 2], [1, 2]), b] },
      'SHAPE_INVALID',
      /whole numbers from 0 on/,
    ],
    [
      'fewer elements than the shape has',
      { inputs: [fp32('a', [2, 2], [1, 2, 3]), b] },
      'COUNT_MISMATCH',
      /"a" has 3, expected 4 elements for shape \[2,2\]/,
    ],
    [
      'more strings than the shape has',
      {
        inputs: [a, b, { name: 'tags', tensor: { ...tags.tensor, shape: [2, 1] } as Tensor }],
      },
      'COUNT_MISMATCH',
      /"tags" has 4, expected 2 elements/,
    ],
    [
      'axes of one name and two sizes',
      { inputs: [a, int64('b', [3], [5n, 6n, 7n])] },
      'SHAPE_MISMATCH',
      /"b" has shape \[3\].*axis "batch" of size 2 as in input "a"/,
    ],
    [
      'axes of one name and two sizes in one input',
      { inputs: [fp32('a', [1, 2], [1, 2]), int64('b', [1], [5n]), strings('tags', [1, 2])] },
      'SHAPE_MISMATCH',
      /"tags" has shape \[1,2\].*axis "batch" of size 1/,
    ],
    [
      'an unknown output',
      { inputs: [a, b], outputs: ['sum', 'total'] },
      'OUTPUT_UNKNOWN',
      /no output "total"/,
    ],
    [
      'an output twice',
      { inputs: [a, b], outputs: ['sum', 'mean', 'sum'] },
      'OUTPUT_DUPLICATE',
      /"sum" is asked for twice/,
    ],
  ]
  for (const [what, request, reason, message] of cases) {
    it(`${what}, with ${reason}`, () => {
      assert.throws(
        () => checkRequest('m', signature, request),
        (thrown) => {
          assert.ok(thrown instanceof ServingError)
          assert.equal(thrown.reason, reason)
          assert.match(thrown.message, message)
          return true
        },
      )
    })
  }

  it('every datatype but the one of the signature', () => {
    const all: readonly Datatype[] = ['BOOL', 'FP16', 'BF16', 'INT32', 'UINT64', 'FP64', 'BYTES']
    for (const datatype of all) {
      const tensor = { datatype, shape: [2], data: [1, 2] } as unknown as Tensor
      assert.throws(
        () => checkRequest('m', signature, { inputs: [a, { name: 'b', tensor }] }),
        (thrown) => (thrown as ServingError).reason === 'DATATYPE_MISMATCH',
      )
    }
  })

  it('values that the model does not declare, after everything else', () => {
    const declared: Signature = {
      inputs: [{ name: 'a', datatype: 'FP32', shape: [-1, 2], constraints: { maximum: 3 } }],
      outputs: [],
    }
    const reasonOf = (tensor: NamedTensor) => {
      try {
        checkRequest('m', declared, { inputs: [tensor] })
      } catch (thrown) {
        return (thrown as ServingError).reason
      }
    }
    assert.equal(reasonOf(fp32('a', [1, 2], [1, 3])), undefined)
    assert.equal(reasonOf(fp32('a', [1, 2], [1, 4])), 'VALUE_OUT_OF_RANGE')
    assert.equal(reasonOf(fp32('a', [2], [1, 4])), 'SHAPE_MISMATCH')
  })
})

describe('a limit for the rows of one request', () => {
  const limited: Signature = {
    inputs: [
      { name: 'a', datatype: 'FP32', shape: [-1, 2] },
      { name: 'b', datatype: 'INT64', shape: [-1] },
    ],
    outputs: [],
    maxBatchSize: 3,
  }
  const of = (rows: number, others = rows): InferenceRequest => ({
    inputs: [
      fp32(
        'a',
        [rows, 2],
        Array.from({ length: rows * 2 }, (_, place) => place),
      ),
      int64(
        'b',
        [others],
        Array.from({ length: others }, (_, place) => BigInt(place)),
      ),
    ],
  })
  const refusal = (signature: Signature, request: InferenceRequest) => {
    try {
      checkRequest('m', signature, request)
      return undefined
    } catch (thrown) {
      return thrown as ServingError
    }
  }

  it('lets as many pass, fewer, and none', () => {
    for (const rows of [0, 1, 3]) assert.equal(refusal(limited, of(rows)), undefined)
  })

  it('refuses one more with BATCH_TOO_LARGE, in the words of Triton', () => {
    const error = refusal(limited, of(4))
    assert.equal(error?.reason, 'BATCH_TOO_LARGE')
    assert.match(error.message, /^inference request batch-size must be <= 3 for 'm'/)
    assert.deepEqual([error.facts.limit, error.facts.got], [3, 4])
  })

  it('wants as many rows of every input, although their axes have no names', () => {
    const error = refusal(limited, of(2, 3))
    assert.equal(error?.reason, 'SHAPE_MISMATCH')
    assert.match(error.message, /"b" has shape \[3\], expected 2 rows as in input "a"/)
  })

  it('is none where the signature has none', () => {
    const { maxBatchSize: _limit, ...unlimited } = limited
    assert.equal(refusal(unlimited, of(4, 5)), undefined)
  })
})

describe('a checked predictor', () => {
  const call = new Call({ requestId: 'r' })
  const answer: InferenceResponse = {
    model: 'm',
    version: '1',
    outputs: [],
    timing: { queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 },
  }

  function setUp() {
    const seen: InferenceRequest[] = []
    const returned: string[] = []
    const inner: Predictor = {
      signature,
      async predict(request) {
        seen.push(request)
        return answer
      },
      async *stream(request) {
        seen.push(request)
        try {
          for (;;) yield answer
        } finally {
          returned.push('stream')
        }
      },
    }
    return { seen, returned, door: checked('m', inner) }
  }

  it('has the signature of the one inside, and hands it what passed', async () => {
    const { seen, door } = setUp()
    assert.equal(door.signature, signature)
    assert.equal(await door.predict({ inputs: [b, a], outputs: ['last'] }, call), answer)
    assert.deepEqual(seen, [{ inputs: [a, b], outputs: ['last'] }])
  })

  it('never lets in what is refused, and rejects rather than throws', async () => {
    const { seen, door } = setUp()
    const refused = door.predict({ inputs: [] }, call)
    await assert.rejects(refused, { reason: 'INPUT_MISSING' })
    const stream = door.stream({ inputs: [a, b, a] }, call)[Symbol.asyncIterator]()
    await assert.rejects(stream.next(), { reason: 'INPUT_DUPLICATE' })
    assert.deepEqual(seen, [])
  })

  it('passes the early return of a stream on', async () => {
    const { returned, door } = setUp()
    for await (const response of door.stream({ inputs: [b, a] }, call)) {
      assert.equal(response, answer)
      break
    }
    assert.deepEqual(returned, ['stream'])
  })
})

function fp32(name: string, shape: readonly number[], data: readonly number[]): NamedTensor {
  return { name, tensor: { datatype: 'FP32', shape, data: Float32Array.from(data) } }
}

function int64(name: string, shape: readonly number[], data: readonly bigint[]): NamedTensor {
  return { name, tensor: { datatype: 'INT64', shape, data: BigInt64Array.from(data) } }
}

function strings(name: string, shape: readonly number[]): NamedTensor {
  const count = shape.reduce((product, size) => product * size, 1)
  const data = Array.from({ length: count }, (_, index) => Buffer.from(`s${index}`))
  return { name, tensor: { datatype: 'BYTES', shape, data } }
}
