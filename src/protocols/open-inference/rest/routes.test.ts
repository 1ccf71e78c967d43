import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fail } from '../../../errors.ts'
import type { ServedModel } from '../../../models.ts'
import { DATATYPES, type Datatype } from '../../../tensor/index.ts'
import {
  type Answered,
  ask,
  controlOf,
  echoModel,
  inputOf,
  modelOf,
  modelsOf,
} from '../../testing.ts'
import { openInferenceRest } from './routes.ts'

const pair = echoModel('pair', [inputOf('a', 'FP32', [-1, 2]), inputOf('b', 'BYTES', [-1])])
const a = { name: 'a', datatype: 'FP32', shape: [1, 2], data: [0.5, -0.25] }
const b = { name: 'b', datatype: 'BYTES', shape: [2], data: ['é', ''] }

describe('an inference', () => {
  it('is answered in JSON, with the id that came', async () => {
    const { status, headers, json } = await infer(pair, { id: 'x/1', inputs: [b, a] })
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['inference-header-content-length'], undefined)
    assert.deepEqual(json(), {
      id: 'x/1',
      model_name: 'pair',
      model_version: '3',
      outputs: [a, b],
    })
  })

  it('without an id has none', async () => {
    for (const id of [undefined, '']) {
      const { json } = await infer(pair, { id, inputs: [a, b] })
      assert.equal(Object.hasOwn(json() as object, 'id'), false)
    }
  })

  it('has the outputs that are asked for, in their order, each its own way', async () => {
    const outputs = [{ name: 'b', parameters: { binary_data: true } }, { name: 'a' }]
    const answered = await infer(pair, { inputs: [a, b], outputs })
    const { json, raw } = parts(answered)
    assert.equal(answered.headers['content-type'], 'application/octet-stream')
    assert.deepEqual(json.outputs, [
      { name: 'b', datatype: 'BYTES', shape: [2], parameters: { binary_data_size: 10 } },
      a,
    ])
    assert.equal(raw, '02000000c3a900000000')
  })

  it('has all outputs as bytes, one after another', async () => {
    const answered = await infer(pair, {
      inputs: [b, a],
      parameters: { binary_data_output: true },
    })
    const { json, raw } = parts(answered)
    assert.deepEqual(
      json.outputs.map(({ parameters }) => parameters),
      [{ binary_data_size: 8 }, { binary_data_size: 10 }],
    )
    assert.equal(raw, '0000003f000080be02000000c3a900000000')
  })

  for (const datatype of DATATYPES) {
    it(`of ${datatype} gives back what came, by JSON and by bytes`, async () => {
      const model = echoModel('echo', [inputOf('x', datatype, [-1])])
      for (const data of [samples[datatype], []]) {
        const input = { name: 'x', datatype, shape: [data.length], data }
        const byJson = await infer(model, { inputs: [input] })
        assert.deepEqual((byJson.json() as { outputs: unknown }).outputs, [input])

        const outputs = [{ name: 'x', parameters: { binary_data: true } }]
        const byBytes = parts(await infer(model, { inputs: [input], outputs }))
        const raw = Buffer.from(byBytes.raw, 'hex')
        const binary = {
          ...{ name: 'x', datatype, shape: [data.length] },
          parameters: { binary_data_size: raw.byteLength },
        }
        const back = await infer(model, { inputs: [binary] }, raw)
        assert.deepEqual((back.json() as { outputs: unknown }).outputs, [input])
        assert.equal(parts(await infer(model, { inputs: [binary], outputs }, raw)).raw, byBytes.raw)
      }
    })
  }
})

describe('an inference is refused with a status of Triton', () => {
  const cases: {
    name: string
    body: unknown
    model?: ServedModel
    status: number
    error: RegExp
  }[] = [
    {
      name: 'for a wrong datatype',
      body: { inputs: [{ ...a, datatype: 'FP64' }, b] },
      status: 400,
      error: /^input "a" has datatype FP64, expected FP32$/,
    },
    {
      name: 'for a wrong shape',
      body: { inputs: [{ ...a, shape: [2, 1] }, b] },
      status: 400,
      error: /^input "a" has shape \[2,1\], expected \[-1,2\] \(-1 stands for any size\)$/,
    },
    {
      name: 'for an input given twice',
      body: { inputs: [a, a] },
      status: 400,
      error: /"a" is given twice/,
    },
    {
      name: 'for an input that is missing',
      body: { inputs: [a] },
      status: 400,
      error: /missing input "b"/,
    },
    {
      name: 'for an input that is not known',
      body: { inputs: [{ ...a, name: 'c' }] },
      status: 400,
      error: /no input "c" \(inputs: "a", "b"\)/,
    },
    {
      name: 'for an output that is not known',
      body: { inputs: [a, b], outputs: [{ name: 'c' }] },
      status: 400,
      error: /no output "c"/,
    },
    {
      name: 'for an output asked for twice',
      body: { inputs: [a, b], outputs: [{ name: 'a' }, { name: 'a' }] },
      status: 400,
      error: /"a" is asked for twice/,
    },
    {
      name: 'for a full queue',
      body: { inputs: [a, b] },
      model: full(),
      status: 503,
      error: /already waiting/,
    },
    {
      name: 'for what is not built',
      body: { inputs: [{ ...a, parameters: { shared_memory_region: 'r' } }] },
      status: 501,
      error: /not built/,
    },
  ]
  for (const { name, body, model = pair, status, error } of cases) {
    it(name, async () => {
      const answered = await infer(model, body)
      const told = answered.json() as { error: string }
      assert.match(told.error, error)
      assert.deepEqual(Object.keys(told), ['error'])
      assert.equal(answered.status, status)
    })
  }
})

describe('any body gets an answer or a clean refusal', () => {
  it('whatever bytes they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.oneof(fc.constant(undefined), fc.nat(70).map(String), fc.string({ maxLength: 5 })),
        async (bytes, length) => {
          const { status } = await inferBytes(pair, bytes, length)
          assert.ok([400, 501].includes(status), `${status}`)
        },
      ),
      { seed: 3, numRuns: 1000 },
    )
  })

  it('whatever the JSON before any bytes says', async () => {
    const seen = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(nearlyRight(), mostlyNothing, async (body, raw) => {
        const answered = await infer(pair, body, raw)
        assert.ok([200, 400, 501].includes(answered.status), text(answered))
        seen.set(answered.status, (seen.get(answered.status) ?? 0) + 1)
      }),
      { seed: 3, numRuns: 5000 },
    )
    assert.ok((seen.get(200) ?? 0) > 20, 'some are right')
    assert.ok((seen.get(400) ?? 0) > 500, 'many are wrong')
  })

  it('however deep it is nested', async () => {
    for (const depth of [90, 4000, 8000, 100_000]) {
      const deep = `${'['.repeat(depth)}1e20${']'.repeat(depth)}`
      for (const member of ['name', 'datatype', 'shape', 'data', 'parameters']) {
        const input = JSON.stringify({ ...a, [member]: 0 }).replace(
          `"${member}":0`,
          `"${member}":${deep}`,
        )
        const { status } = await inferBytes(pair, Buffer.from(`{"inputs": [${input}]}`))
        assert.equal(status, 400, `${member} at a depth of ${depth}`)
      }
    }
  })
})

const samples: Readonly<Record<Datatype, readonly unknown[]>> = {
  BOOL: [true, false],
  UINT8: [0, 255],
  UINT16: [1, 65535],
  UINT32: [2, 4294967295],
  UINT64: [3, 9007199254740991],
  INT8: [-128, 127],
  INT16: [-32768, 4],
  INT32: [-2147483648, 5],
  INT64: [-9007199254740991, 6],
  FP16: [0.5, -65504, 'NaN', '-Infinity'],
  BF16: [0.5, -3.140625, 'Infinity'],
  FP32: [0.5, -0.25, 'NaN', 'Infinity'],
  FP64: [0.1, -1e300, 'NaN'],
  BYTES: ['é', '\u0000', '', { b64: '/wA=' }],
}

function infer(model: ServedModel, body: unknown, raw?: Uint8Array): Promise<Answered> {
  const json = Buffer.from(JSON.stringify(body))
  if (raw === undefined) return inferBytes(model, json)
  return inferBytes(model, Buffer.concat([json, raw]), `${json.byteLength}`)
}

function inferBytes(model: ServedModel, body: Uint8Array, length?: string): Promise<Answered> {
  const protocol = openInferenceRest({
    models: modelsOf(model),
    control: controlOf(),
    repositoryControl: 'token',
    statistics: { modelStatistics: () => [] },
    serverName: 'test',
    serverVersion: '0',
  })
  return ask(protocol, {
    route: '/v2/models/:model/infer',
    params: { model: model.name },
    body,
    ...(length !== undefined && { headers: { 'inference-header-content-length': length } }),
  })
}

interface Output {
  readonly parameters?: Readonly<Record<string, unknown>>
}

/** The JSON of an answer, and the bytes behind it as hexadecimal digits. */
function parts({ bytes, headers }: Answered) {
  const length = Number(headers['inference-header-content-length'])
  const json: unknown = JSON.parse(Buffer.from(bytes.subarray(0, length)).toString())
  return {
    json: json as { readonly outputs: readonly Output[] },
    raw: Buffer.from(bytes.subarray(length)).toString('hex'),
  }
}

const mostlyNothing = fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 12 }))

const text = ({ status, bytes }: Answered) => `${status}: ${Buffer.from(bytes).toString()}`

function full(): ServedModel {
  return modelOf('full', pair.signature, () => {
    throw fail('QUEUE_FULL', { model: 'full', limit: 3 })
  })
}

/** Requests of which each member is mostly right, and sometimes anything. */
function nearlyRight(): fc.Arbitrary<unknown> {
  const mostly = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
    fc.oneof(
      { weight: 12, arbitrary: right },
      { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    )
  const size = fc.constantFrom(0, 1, 4, 8, 12, -1, 1e20)
  const input = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<unknown>(a, b) },
    {
      weight: 3,
      arbitrary: fc.record(
        {
          name: mostly(fc.constantFrom('a', 'b')),
          datatype: mostly(fc.constantFrom('FP32', 'BYTES', 'INT64')),
          shape: mostly(fc.constantFrom([1, 2], [0, 2], [1], [0], [-1])),
          data: mostly(fc.constantFrom([1, 2], ['x'], [], [1e20])),
          parameters: mostly(size.map((size) => ({ binary_data_size: size }))),
        },
        { requiredKeys: ['name', 'datatype', 'shape'] },
      ),
    },
  )
  const output = mostly(fc.record({ name: mostly(fc.constantFrom('a', 'b')) }))
  return mostly(
    fc.record(
      {
        inputs: mostly(fc.array(input, { maxLength: 3 })),
        outputs: mostly(fc.array(output, { maxLength: 2 })),
        id: mostly(fc.string()),
        parameters: mostly(fc.constant({ binary_data_output: true })),
      },
      { requiredKeys: ['inputs'] },
    ),
  )
}
