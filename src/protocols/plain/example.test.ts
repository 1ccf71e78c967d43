import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import * as z from 'zod'
import { checkRequest } from '../../checked.ts'
import type { Constraints, InputSpec, Signature, TensorSpec } from '../../signature.ts'
import { type Datatype, type NamedTensor, tensorFromFlat } from '../../tensor/index.ts'
import { decodeCsv } from './csv.ts'
import { curlExample, exampleBody, exampleCsv, exampleInference } from './example.ts'
import { requestSchema } from './openapi-schemas.ts'

describe('an example', () => {
  const cases: { name: string; inputs: readonly InputSpec[]; body: unknown }[] = [
    {
      name: 'of one input is one row',
      inputs: [input('x', 'FP32', [-1, 3])],
      body: { features: [0.1, 0.2, 0.3] },
    },
    {
      name: 'names the columns where they have names',
      inputs: [input('x', 'FP32', [-1, 2], { fields: ['width', '__proto__'], minimum: 5 })],
      body: { features: JSON.parse('{"width": 5.1, "__proto__": 5.2}') },
    },
    {
      name: 'of a fixed first axis is the whole tensor',
      inputs: [input('x', 'INT32', [2, 2], { minimum: 3, maximum: 5 })],
      body: {
        features: [
          [3, 4],
          [5, 3],
        ],
      },
    },
    {
      name: 'of a scalar is the value',
      inputs: [input('x', 'BOOL', [])],
      body: { features: true },
    },
    {
      name: 'of a list of scalars is one scalar',
      inputs: [input('x', 'BYTES', [-1], { maximumLength: 3 })],
      body: { features: 'tex' },
    },
    {
      name: 'gives axes of one name one size',
      inputs: [
        { ...input('ids', 'INT64', [-1, -1]), axes: ['batch', 'length'] },
        { ...input('mask', 'INT64', [-1, -1]), axes: ['batch', 'length'] },
        { ...input('pairs', 'INT64', [-1, -1, 3]), axes: ['batch', 'batch', undefined] },
      ],
      body: { inputs: { ids: [1, 1], mask: [1, 1], pairs: [[1, 1, 1]] } },
    },
    {
      name: 'gives rows where one input has no rows',
      inputs: [input('x', 'BYTES', [-1, 1], { minimumLength: 6 }), input('scale', 'FP64', [])],
      body: { inputs: { x: [['textte']], scale: 0.1 } },
    },
    {
      name: 'leaves out what is optional',
      inputs: [input('x', 'UINT8', [-1, 1]), { ...input('y', 'UINT8', [-1, 1]), optional: true }],
      body: { inputs: { x: [1] } },
    },
    {
      name: 'writes an integer that a number would round as digits',
      inputs: [input('x', 'UINT64', [-1, 1], { minimum: 2 ** 60 })],
      body: { features: ['1152921504606846976'] },
    },
    {
      name: 'takes its values from a list, in turn',
      inputs: [input('x', 'BYTES', [-1, 3], { allowed: ['red', 'green'] })],
      body: { features: ['red', 'green', 'red'] },
    },
  ]
  for (const { name, inputs, body } of cases) {
    it(name, () => assert.deepEqual(exampleBody({ inputs, outputs: [] }), { body }))
  }

  it('of several rows has different ones', () => {
    const signature = { inputs: [input('x', 'FP32', [-1, 2])], outputs: [] }
    assert.deepEqual(exampleBody(signature, 2), {
      body: {
        features: [
          [0.1, 0.2],
          [0.3, 0.4],
        ],
      },
    })
  })

  it('that nobody would read is not made, and the reason says why', () => {
    const signature = { inputs: [input('pixels', 'FP32', [-1, 3, 224, 224])], outputs: [] }
    assert.deepEqual(exampleBody(signature), {
      body: undefined,
      reason: 'it would hold 150528 values: "pixels" [1,3,224,224]',
    })
  })

  it('of a model that streams is not made', () => {
    const signature = { inputs: [input('x', 'FP32', [-1])], outputs: [], streams: true }
    assert.equal(exampleBody(signature).body, undefined)
  })
})

describe('the example of any signature', () => {
  it('passes the check of requests and the schema of the description', () => {
    let shown = 0
    let rows = 0
    fc.assert(
      fc.property(signatures, (signature) => {
        const schema = z.fromJSONSchema(requestSchema(signature) as z.core.JSONSchema.JSONSchema)
        for (const rows of [undefined, 2]) {
          const { body } = exampleBody(signature, rows)
          if (body === undefined) continue
          shown += 1
          const { success, error } = schema.safeParse(body)
          assert.ok(success, `${JSON.stringify(body)}: ${error?.message}`)
        }
        const text = exampleCsv(signature)
        if (text !== undefined) {
          checkRequest('m', signature, decodeCsv('m', signature, text).request)
          rows += 1
        }
        const { body } = exampleInference(signature)
        if (body !== undefined) checkRequest('m', signature, { inputs: tensorsOf(body) })
      }),
      { seed: 7, numRuns: 400 },
    )
    assert.ok(shown > 200, `${shown} examples were looked at`)
    assert.ok(rows > 20, `${rows} examples of CSV were looked at`)
  })
})

describe('the curl line', () => {
  it('says the same in a shell, whatever the names are made of', () => {
    const name = "it's a $HOME `name`!"
    const inputs = [input('x', 'BYTES', [-1, 1], { allowed: ['\'; echo $HOME \\ "é\n'] })]
    const signature = { inputs, outputs: [] }
    const line = curlExample('http://127.0.0.1:8000/', { name, signature })
    const words = shellWords(line)
    assert.deepEqual(words.slice(0, 5), [
      'curl',
      `http://127.0.0.1:8000/predict/${encodeURIComponent(name)}`,
      '-H',
      'content-type: application/json',
      '-d',
    ])
    assert.deepEqual(JSON.parse(words[5] ?? ''), exampleBody(signature).body)
    assert.equal(words.length, 6)
  })

  it('asks for the metadata of a model without an example', () => {
    const signature = { inputs: [input('x', 'FP32', [1, 1000])], outputs: [] }
    const line = curlExample('http://[::1]:8000', { name: 'net', signature })
    assert.deepEqual(shellWords(line), ['curl', 'http://[::1]:8000/v2/models/net'])
  })
})

function input(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  constraints?: Constraints,
): InputSpec {
  return { name, datatype, shape, ...(constraints === undefined ? {} : { constraints }) }
}

function shellWords(line: string): readonly string[] {
  const script = `printf '%s\\0' ${line}`
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)
}

const size = fc.constantFrom(-1, -1, 1, 2, 3)
const specs: fc.Arbitrary<InputSpec> = fc
  .record({
    name: fc.constantFrom('a', 'b c', '__proto__', "d'"),
    datatype: fc.constantFrom<Datatype>(
      'BOOL',
      'UINT8',
      'INT32',
      'INT64',
      'UINT64',
      'FP16',
      'BF16',
      'FP32',
      'FP64',
      'BYTES',
    ),
    shape: fc.array(size, { maxLength: 3 }),
    optional: fc.boolean(),
    low: fc.option(fc.integer({ min: -100, max: 100 }), { nil: undefined }),
    span: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
    listed: fc.boolean(),
    named: fc.boolean(),
    nonFinite: fc.constantFrom<'allow' | 'refuse'>('allow', 'refuse'),
  })
  .map(({ low, span, listed, named, nonFinite, ...spec }) => {
    const minimum = spec.datatype.startsWith('UINT') ? Math.abs(low ?? 0) : (low ?? 0)
    const columns = spec.shape.at(-1) ?? 0
    const ranged = spec.datatype !== 'BOOL' && spec.datatype !== 'BYTES'
    const constraints: Constraints = {
      nonFinite,
      ...(ranged && low !== undefined ? { minimum } : {}),
      ...(ranged && span !== undefined ? { maximum: minimum + span } : {}),
      ...(spec.datatype === 'BYTES' && span !== undefined
        ? { minimumLength: span, maximumLength: span + 2 }
        : {}),
      ...(ranged && listed ? { allowed: [minimum + 1, minimum] } : {}),
      ...(named && columns > 0 ? { fields: ['one', 'two', 'three'].slice(0, columns) } : {}),
    }
    return { ...spec, constraints }
  })
const signatures: fc.Arbitrary<Signature> = fc
  .uniqueArray(specs, { minLength: 1, maxLength: 3, selector: ({ name }) => name })
  .map((inputs) => ({ inputs, outputs: [] }))

function tensorsOf(body: Readonly<Record<string, unknown>>): readonly NamedTensor[] {
  const inputs = body.inputs as readonly (TensorSpec & { data: readonly unknown[] })[]
  return inputs.map(({ name, datatype, shape, data }) => ({
    name,
    tensor: tensorFromFlat({ name, datatype, path: [] }, data, shape),
  }))
}
