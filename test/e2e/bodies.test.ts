/** Bodies that are no request: each gets one clear error in the protocol's shape, and nothing else changes. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Answer } from './ask.ts'
import { bytesModel, echoModel, modelFolder, pairModel } from './models.ts'
import { type Server, startServer } from './server.ts'

/** A body of the plain API, and where and how it is refused. */
type PlainCase = readonly [
  name: string,
  model: string,
  body: unknown,
  expected: {
    readonly type: string
    readonly loc?: readonly (string | number)[]
    readonly msg: RegExp
    readonly expected?: RegExp
    readonly got?: unknown
    readonly hint?: RegExp
  },
]

const deep = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`

const plainCases: readonly PlainCase[] = [
  ['no JSON', 'echo', '{"features": [1,2,', { type: 'body_malformed', msg: /not JSON/ }],
  ['empty', 'echo', '', { type: 'body_malformed', msg: /empty, expected JSON/ }],
  ['a number', 'echo', '7', { type: 'body_malformed', msg: /expected an object/ }],
  ['null', 'echo', 'null', { type: 'body_malformed', msg: /expected an object/ }],
  ['no UTF-8', 'echo', Buffer.from([0x7b, 0xff, 0x7d]), { type: 'body_malformed', msg: /UTF-8/ }],
  [
    'ten levels too deep',
    'echo',
    `{"features":${deep(12)}}`,
    { type: 'shape_invalid', loc: ['body', 'features'], msg: /12 deep/, expected: /2 deep/ },
  ],
  [
    '10,000 levels deep',
    'echo',
    `{"features":${deep(10_000)}}`,
    { type: 'body_malformed', msg: /deeper than 100 levels/ },
  ],
  [
    '7,000 levels deep, which is a small body',
    'echo',
    `{"features":${deep(7000)}}`,
    { type: 'shape_invalid', loc: ['body', 'features'], msg: /7000 deep/ },
  ],
  [
    '2,000,000 levels deep',
    'echo',
    `{"features":${deep(2_000_000)}}`,
    { type: 'body_malformed', msg: /deeper than 100 levels/ },
  ],
  [
    'a wrong type',
    'echo',
    { features: [1, 'two', 3] },
    {
      type: 'value_invalid',
      loc: ['body', 'features', 1],
      msg: /"x"/,
      expected: /number/,
      got: /two/,
    },
  ],
  [
    'a wrong rank',
    'echo',
    { features: 5 },
    { type: 'shape_invalid', loc: ['body', 'features'], msg: /"x"/, expected: /2 deep.*1 deep/ },
  ],
  [
    'ragged rows',
    'echo',
    {
      features: [
        [1, 2, 3],
        [4, 5],
      ],
    },
    { type: 'shape_invalid', loc: ['body', 'features', 1], msg: /"x"/ },
  ],
  [
    'a wrong count',
    'echo',
    { features: [1, 2, 3, 4] },
    { type: 'shape_mismatch', loc: ['body', 'features'], msg: /"x"/, expected: /3/, got: /4/ },
  ],
  [
    'a value out of range',
    'bytes',
    {
      features: [
        [1, 2],
        [3, 256],
      ],
    },
    {
      type: 'value_out_of_range',
      loc: ['body', 'features', 1, 1],
      msg: /256/,
      expected: /UINT8/,
    },
  ],
  [
    'an unknown input',
    'pair',
    { inputs: { a: [1, 2], c: [3, 4] } },
    { type: 'input_unknown', loc: ['body', 'inputs', 'c'], msg: /no input "c"/, hint: /"a", "b"/ },
  ],
  [
    'a missing input',
    'pair',
    { inputs: { a: [1, 2] } },
    { type: 'input_missing', msg: /missing input "b"/, hint: /"a", "b"/ },
  ],
  [
    '__proto__ as an input',
    'pair',
    '{"inputs":{"a":[1,2],"b":[3,4],"__proto__":[5,6]}}',
    { type: 'input_unknown', msg: /__proto__/ },
  ],
  [
    'an input that is given twice',
    'pair',
    '{"inputs":{"a":[1,2],"a":[3,4],"b":[5,7]}}',
    { type: 'body_malformed', msg: /"a" is given twice/ },
  ],
  [
    'an unknown key',
    'echo',
    { feature: [1, 2, 3] },
    { type: 'parameter_invalid', loc: ['body', 'feature'], msg: /"feature"/ },
  ],
]

for (const [name, model, body, expected] of plainCases) {
  test(`plain: ${name} is refused with its place`, async () => {
    const answer = await server.ask({ path: `/predict/${model}`, body })
    assert.equal(answer.status, 422, answer.text.slice(0, 300))
    const { detail, request_id, ...others } = answer.json as {
      readonly detail: readonly Readonly<Record<string, unknown>>[]
      readonly request_id: string
    }
    assert.deepEqual(others, {})
    assert.equal(request_id, answer.headers['x-request-id'])
    const first = detail[0] ?? {}
    assert.equal(first.type, expected.type, answer.text.slice(0, 300))
    if (expected.loc !== undefined) assert.deepEqual(first.loc, expected.loc)
    else assert.equal((first.loc as unknown[])[0], 'body')
    assert.match(String(first.msg), expected.msg)
    if (expected.expected !== undefined) assert.match(String(first.expected), expected.expected)
    if (expected.got instanceof RegExp) assert.match(String(first.input), expected.got)
    if (expected.hint !== undefined) assert.match(String(first.hint), expected.hint)
    await nothingHappened(answer)
  })
}

const input = (more: Readonly<Record<string, unknown>> = {}) => ({
  name: 'x',
  datatype: 'FP32',
  shape: [1, 3],
  data: [1, 2, 3],
  ...more,
})
const oip = (...inputs: readonly unknown[]) => ({ inputs })
const a = { name: 'a', datatype: 'FP32', shape: [1, 2], data: [1, 2] }

const oipCases: readonly (readonly [
  name: string,
  model: string,
  body: unknown,
  expected: RegExp,
])[] = [
  ['no JSON', 'echo', '{"inputs": [', /not JSON/],
  ['empty', 'echo', '', /empty, expected JSON/],
  ['10,000 levels deep', 'echo', `{"inputs":${deep(10_000)}}`, /deeper than 100 levels/],
  ['7,000 levels deep', 'echo', `{"inputs":${deep(7000)}}`, /inputs\[0\]/],
  ['no inputs', 'echo', {}, /"inputs" must be an array, got nothing/],
  ['a wrong datatype', 'echo', oip(input({ datatype: 'INT64' })), /datatype INT64, expected FP32/],
  ['a datatype that is none', 'echo', oip(input({ datatype: 'float' })), /one of .*FP32/],
  ['a wrong type', 'echo', oip(input({ data: [1, 'two', 3] })), /"x".*number.*two/],
  ['a wrong rank', 'echo', oip(input({ shape: [3] })), /shape \[3\], expected \[-1,3\].*any size/],
  [
    'ragged rows',
    'echo',
    oip(
      input({
        shape: [2, 3],
        data: [
          [1, 2, 3],
          [4, 5],
        ],
      }),
    ),
    /"x"/,
  ],
  ['a wrong count', 'echo', oip(input({ data: [1, 2, 3, 4] })), /4 elements, expected 3 elements/],
  ['a negative size', 'echo', oip(input({ shape: [-1, 3] })), /"x".*shape/],
  ['a huge size', 'echo', oip(input({ shape: [2 ** 52, 3] })), /"x"/],
  [
    'a value out of range',
    'bytes',
    oip({ name: 'x', datatype: 'UINT8', shape: [1, 2], data: [1, 256] }),
    /256 is out of range, expected UINT8/,
  ],
  ['an unknown input', 'pair', oip(a, { ...a, name: 'c' }), /no input "c" \(inputs: "a", "b"\)/],
  ['a missing input', 'pair', oip(a), /missing input "b" \("pair" needs "a", "b"\)/],
  ['an input that is given twice', 'pair', oip(a, { ...a, data: [3, 4] }), /"a" is given twice/],
  [
    'an unknown output',
    'echo',
    { ...oip(input()), outputs: [{ name: 'z' }] },
    /no output "z" \(outputs: "y"\)/,
  ],
]

for (const [name, model, body, expected] of oipCases) {
  test(`the Open Inference Protocol: ${name} is refused`, async () => {
    const answer = await server.ask({ path: `/v2/models/${model}/infer`, body })
    assert.equal(answer.status, 400, answer.text.slice(0, 300))
    assert.deepEqual(Object.keys(answer.json ?? {}), ['error'])
    assert.match(String(answer.json?.error), expected)
    await nothingHappened(answer)
  })
}

test('what is not there and what cannot be read is told in the shape of each protocol', async () => {
  const form = { 'content-type': 'application/xml' }
  const cases = [
    [{ path: '/predict/nosuch', body: {} }, 404, /no model is named "nosuch"/],
    [{ path: '/predict/echo/versions/9', body: {} }, 404, /"echo" has no version 9/],
    [{ path: '/predict', body: {} }, 404, /several models/],
    [{ path: '/nosuch' }, 404, /nothing at \/nosuch/],
    [{ path: '/predict/echo' }, 405, /GET is not allowed here, expected POST/],
    [{ path: '/predict/echo', body: '<x/>', headers: form }, 415, /application\/xml/],
    [{ path: '/v2/models/nosuch/infer', body: {} }, 404, /no model is named "nosuch"/],
    [{ path: '/v2/models/echo/versions/9/infer', body: {} }, 404, /no version 9/],
    [{ path: '/v2/nosuch' }, 404, /nothing at \/v2\/nosuch/],
    [{ path: '/v2/models/echo/infer' }, 405, /GET is not allowed here, expected POST/],
  ] as const
  for (const [question, status, expected] of cases) {
    const answer = await server.ask(question)
    assert.equal(answer.status, status, question.path)
    const isOip = question.path.startsWith('/v2')
    assert.match(String(isOip ? answer.json?.error : answer.json?.detail), expected)
    assert.equal(typeof (isOip ? answer.json?.error : answer.json?.code), 'string')
    await nothingHappened(answer)
  }
})

/** No error tells of the inside of the server, and the next request on a new connection is answered. */
async function nothingHappened({ text }: Answer): Promise<void> {
  assert.doesNotMatch(text, /\/tmp|\/src\/|node_modules|\bat \S+ \(|\.cc:\d|TypeError|RangeError/)
  assert.ok(text.length < 2000, `an error of ${text.length} characters`)
  const features = [1.5, -2, 0.25]
  const { status, json } = await server.ask({ path: '/predict/echo', body: { features } })
  assert.deepEqual([status, json?.outputs], [200, { y: features }])
}

let server: Server
before(async () => {
  const files = { 'echo.onnx': echoModel(), 'bytes.onnx': bytesModel(), 'pair.onnx': pairModel() }
  server = await startServer([modelFolder(files)])
})
after(() => server.process.end('SIGKILL'))
