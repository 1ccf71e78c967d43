import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ServingError } from '../../../errors.ts'
import { decodeInference, type OpenInferenceRequest } from './decode.ts'
import { KnownFrames } from './known-frames.ts'

test('a body whose frame is known is read from its bytes, and says its own numbers', () => {
  for (const [first, second] of [
    [json('[1,2,3]'), json('[4.5, -6, 0.1]')],
    [json('[1,2,3]', '"INT64"'), json('[4,5,9007199254740991]', '"INT64"')],
    [binary([1, 2, 3]), binary([4.5, -6, 7])],
  ] as const) {
    const frames = new KnownFrames()
    const model = {}
    const before = frames.decode(model, first.bytes, first.headerLength)
    first.bytes.fill(0x20) // its memory is used again
    assert.deepEqual(
      told(frames.decode(model, second.bytes, second.headerLength)),
      told(decodeInference(second.bytes, second.headerLength)),
    )
    assert.notEqual(before.request, undefined)
  }
})

test('what is known is not parsed again', (t) => {
  const frames = new KnownFrames()
  const model = {}
  const bodies = [json('[1,2,3]'), binary([1, 2, 3]), json('[0.5,2,3]'), binary([4, 5, 6])]
  const parse = t.mock.method(JSON, 'parse')
  const counts = bodies.map(({ bytes, headerLength }) => {
    const before = parse.mock.callCount()
    frames.decode(model, bytes, headerLength)
    return parse.mock.callCount() - before
  })
  assert.ok(counts[0]! > 0 && counts[1]! > 0)
  assert.deepEqual(counts.slice(2), [0, 0])
})

test('what one model was asked is not known of another', (t) => {
  const frames = new KnownFrames()
  frames.decode({}, json('[1,2,3]').bytes, undefined)
  const parse = t.mock.method(JSON, 'parse')
  frames.decode({}, json('[1,2,3]').bytes, undefined)
  assert.ok(parse.mock.callCount() > 0)
})

test('a list of numbers that is not the data is no frame of it', () => {
  for (const text of [
    '{"parameters":{"data":[1,2,3]},"inputs":[{"name":"x","shape":[3],"datatype":"FP32","data":[4,5,6]}]}',
    '{"inputs":[{"name":"x","shape":[3],"datatype":"FP32","data":[1,2,3],"data":[4,5,6]}]}',
    '{"inputs":[{"name":"x","shape":[3],"datatype":"FP32","data":[1,2,3]}],"inputs":[{"name":"y","shape":[3],"datatype":"FP32","data":[4,5,6]}]}',
    '{"inputs":[{"name":"x\\"data\\":[1,2,3]","shape":[3],"datatype":"FP32","data":[4,5,6]}]}',
    '{"inputs":[{"name":"x","x\\"data":[1,2,3],"shape":[3],"datatype":"FP32","data":[4,5,6]}]}',
  ]) {
    const frames = new KnownFrames()
    const model = {}
    frames.decode(model, Buffer.from(text), undefined)
    const other = Buffer.from(text.replace('[1,2,3]', '[7,8,9]'))
    assert.deepEqual(
      told(frames.decode(model, other, undefined)),
      told(decodeInference(other, undefined)),
    )
  }
})

test('a shape that claims more than there is takes no memory', () => {
  const frames = new KnownFrames()
  const model = {}
  frames.decode(model, json('[1,2,3]').bytes, undefined)
  const claims = Buffer.from(
    '{"inputs":[{"name":"x","shape":[1000000000],"datatype":"FP32","data":[1]}]}',
  )
  assert.throws(() => frames.decode(model, claims, undefined), { reason: 'COUNT_MISMATCH' })
})

test('bodies that change a little from one to the next are decoded, or refused, as the long way does', () => {
  let same = 0
  fc.assert(
    fc.property(fc.array(body, { minLength: 2, maxLength: 6 }), (bodies) => {
      const frames = new KnownFrames()
      const model = {}
      for (const { bytes, headerLength } of bodies) {
        const quick = outcome(() => frames.decode(model, bytes, headerLength))
        assert.deepEqual(
          quick,
          outcome(() => decodeInference(bytes, headerLength)),
        )
        if (!('error' in quick)) same += 1
      }
    }),
    { seed: 21, numRuns: 2000 },
  )
  assert.ok(same > 1000, `${same} bodies were right`)
})

interface Body {
  readonly bytes: Buffer
  readonly headerLength: string | undefined
}

function json(data: string, datatype = '"FP32"', more = ''): Body {
  const text = `{"inputs":[{"name":"x","shape":[3],"datatype":${datatype},"data":${data}}]${more}}`
  return { bytes: Buffer.from(text), headerLength: undefined }
}

function binary(values: readonly number[], size = 12, more = ''): Body {
  const parameters = `{"binary_data_size":${size}}`
  const head = `{"inputs":[{"name":"é","shape":[3],"datatype":"FP32","parameters":${parameters}}]${more}}`
  const bytes = Buffer.concat([Buffer.from(head), Buffer.from(new Float32Array(values).buffer)])
  return { bytes, headerLength: `${Buffer.byteLength(head)}` }
}

const more = fc.constantFrom(
  ...[
    '',
    '',
    '',
    ',"id":"a"',
    ',"id":7',
    ',"outputs":[{"name":"y"}]',
    ',"inputs":[]',
    ',"data":[5]',
  ],
  ...[
    ',"outputs":[{"name":"y","parameters":{"binary_data":true}}]',
    ',"parameters":{"priority":2}',
  ],
  ...[',"parameters":{"sequence_id":3}', ',"parameters":{"binary_data_output":true}'],
)
const numbers = fc.oneof(
  fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 }).map(String),
  fc.constantFrom(
    '1,2',
    '1,2,3,4',
    '1,2,"3"',
    '1.5,2e3,-0',
    '[1,2,3]',
    '1,2,true',
    '9007199254740993,1,2',
  ),
  fc
    .tuple(fc.double(), fc.double(), fc.double())
    .map((values) => JSON.stringify(values).slice(1, -1)),
)
const body: fc.Arbitrary<Body> = fc.oneof(
  fc
    .tuple(numbers, fc.constantFrom('"FP32"', '"FP32"', '"INT64"', '"INT32"', '"BYTES"'), more)
    .map(([data, datatype, rest]) => json(`[${data}]`, datatype, rest)),
  fc
    .tuple(
      fc.array(fc.float(), { minLength: 3, maxLength: 3 }),
      fc.constantFrom(12, 12, 12, 8, 16),
      more,
    )
    .map(([values, size, rest]) => binary(values, size, rest)),
)

function outcome(decode: () => OpenInferenceRequest) {
  try {
    return told(decode())
  } catch (thrown) {
    assert.ok(thrown instanceof ServingError, `${thrown}`)
    return { error: thrown.reason, message: thrown.message, facts: thrown.facts }
  }
}

/** All that a body says: its elements bit for bit. */
function told({ id, request, scheduling, wantsBinary }: OpenInferenceRequest) {
  const inputs = request.inputs.map(({ name, tensor: { datatype, shape, data } }) => {
    return {
      name,
      datatype,
      shape: [...shape],
      data: [...data].map((value) => (Object.is(value, -0) ? '-0' : value)),
    }
  })
  return { id, inputs, outputs: request.outputs, scheduling, binary: ['x', 'y'].map(wantsBinary) }
}
