import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../clock.ts'
import { fail } from '../../errors.ts'
import type { Models, ServedModel } from '../../models.ts'
import { type Asked, ask, echoModel, inputOf, modelOf, modelsOf, statusOf } from '../testing.ts'
import { plainProtocol } from './routes.ts'

const flowers = echoModel('flowers', [
  inputOf('x', 'FP32', [-1, 2], { constraints: { fields: ['length', 'width'], minimum: 0 } }),
])
const pair = echoModel('pair', [
  inputOf('a', 'INT64', [-1], { constraints: { maximum: 10 } }),
  inputOf('b', 'BYTES', [-1, 1], { constraints: { allowed: ['red', 'green'] } }),
])

describe('wrong input is told as FastAPI tells it', () => {
  const cases: {
    name: string
    model: ServedModel
    body: string
    csv?: boolean
    detail: Readonly<Record<string, unknown>>
  }[] = [
    {
      name: 'a value of the wrong type in one row',
      model: flowers,
      body: '{"features": [1, "wide"]}',
      detail: {
        type: 'value_invalid',
        loc: ['body', 'features', 'width'],
        msg: 'input "x": expected a number (FP32), got "wide"',
        input: 'wide',
        expected: 'a number (FP32)',
      },
    },
    {
      name: 'a value out of its limits in one row',
      model: flowers,
      body: '{"features": {"length": 1, "width": -2}}',
      detail: {
        type: 'value_out_of_range',
        loc: ['body', 'features', 'width'],
        msg: 'input "x": -2 is out of range, expected at least 0',
        input: -2,
        expected: 'at least 0',
      },
    },
    {
      name: 'a value out of its limits in rows',
      model: flowers,
      body: '{"features": [[1, 2], [-3, 4]]}',
      detail: {
        type: 'value_out_of_range',
        loc: ['body', 'features', 1, 'length'],
        msg: 'input "x": -3 is out of range, expected at least 0',
        input: -3,
        expected: 'at least 0',
      },
    },
    {
      name: 'a value out of its limits in one row of an input by name',
      model: pair,
      body: '{"inputs": {"a": 11, "b": ["red"]}}',
      detail: {
        type: 'value_out_of_range',
        loc: ['body', 'inputs', 'a'],
        msg: 'input "a": 11 is out of range, expected at most 10',
        input: 11,
        expected: 'at most 10',
      },
    },
    {
      name: 'a value that is not allowed in rows of an input by name',
      model: pair,
      body: '{"inputs": {"a": [1, 2], "b": [["red"], ["blue"]]}}',
      detail: {
        type: 'value_invalid',
        loc: ['body', 'inputs', 'b', 1, 0],
        msg: 'input "b": expected one of "red", "green", got "blue"',
        input: 'blue',
        expected: 'one of "red", "green"',
      },
    },
    {
      name: 'an integer of more digits than a number has',
      model: pair,
      body: '{"inputs": {"a": [9223372036854775808], "b": [["red"]]}}',
      detail: {
        type: 'value_out_of_range',
        loc: ['body', 'inputs', 'a', 0],
        msg: 'input "a": 9223372036854775808 is out of range, expected INT64, from -9223372036854775808 to 9223372036854775807',
        input: '9223372036854775808',
        expected: 'INT64, from -9223372036854775808 to 9223372036854775807',
      },
    },
    {
      name: 'the wrong number of columns',
      model: flowers,
      body: '{"features": [1, 2, 3]}',
      detail: {
        type: 'shape_mismatch',
        loc: ['body', 'features'],
        msg: 'input "x" has shape [1,3], expected [-1,2]',
        input: '[1,3]',
        expected: '[-1,2]',
        hint: '-1 stands for any size',
      },
    },
    {
      name: 'no rows, since one row could be meant',
      model: flowers,
      body: '{"features": []}',
      detail: {
        type: 'shape_mismatch',
        loc: ['body', 'features'],
        msg: 'input "x" has shape [1,0], expected [-1,2]',
        input: '[1,0]',
        expected: '[-1,2]',
        hint: '-1 stands for any size',
      },
    },
    {
      name: 'an input that is missing',
      model: pair,
      body: '{"inputs": {"a": 1}}',
      detail: {
        type: 'input_missing',
        loc: ['body', 'inputs', 'b'],
        msg: 'missing input "b"',
        hint: '"pair" needs "a", "b"',
      },
    },
    {
      name: 'an input that is not known',
      model: pair,
      body: '{"inputs": {"c": 1}}',
      detail: {
        type: 'input_unknown',
        loc: ['body', 'inputs', 'c'],
        msg: '"pair" has no input "c"',
        hint: 'inputs: "a", "b"',
      },
    },
    {
      name: 'a body that is no JSON',
      model: flowers,
      body: '{"features": [1, 2],}',
      detail: {
        type: 'body_malformed',
        loc: ['body'],
        msg: 'the body is not JSON: unexpected character at line 1, column 21',
      },
    },
    {
      name: 'a column that is missing in CSV',
      model: flowers,
      csv: true,
      body: 'length,height\n1,2',
      detail: {
        type: 'body_malformed',
        loc: ['body'],
        msg: 'the header of the CSV lacks width',
        hint: 'expected the columns length, width in any order',
      },
    },
    {
      name: 'a cell that is out of its limits in CSV',
      model: flowers,
      csv: true,
      body: 'width,length\n1,2\n3,-4',
      detail: {
        type: 'value_out_of_range',
        loc: ['body', 1, 'length'],
        msg: 'input "x": -4 is out of range, expected at least 0',
        input: -4,
        expected: 'at least 0',
      },
    },
  ]
  for (const { name, model, body, csv = false, detail } of cases) {
    it(name, async () => {
      const headers = csv ? { 'content-type': 'text/csv; charset=utf-8' } : {}
      const { status, json } = await predict(model, { body, headers })
      assert.deepEqual(json(), { detail: [detail], request_id: 'request-1' })
      assert.equal(status, 422)
    })
  }
})

describe('other errors have one message', () => {
  it('of a model that nobody knows', async () => {
    const { status, json } = await predict(flowers, { body: '{}', params: { model: 'f' } })
    assert.equal(status, 404)
    assert.deepEqual(json(), {
      detail: 'no model is named "f"',
      code: 'not_found',
      hint: 'no model is loaded',
      request_id: 'request-1',
    })
  })

  it('of a full queue, with the time to try again', async () => {
    const { status, headers, json } = await predict(failing('QUEUE_FULL'), { body: row })
    assert.equal(status, 429)
    assert.equal(headers['retry-after'], '2')
    assert.equal((json() as { code: string }).code, 'overloaded')
  })

  it('of a failed run, and nothing of its cause', async () => {
    const { status, json } = await predict(failing('RUN_FAILED'), { body: row })
    assert.equal(status, 500)
    assert.deepEqual(json(), {
      detail: 'the model failed to run',
      code: 'internal',
      request_id: 'request-1',
    })
  })

  it('of a body of another type', async () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    const { status, json } = await predict(flowers, { body: row, headers })
    assert.equal(status, 415)
    assert.match((json() as { detail: string }).detail, /"multipart\/form-data" is not understood/)
  })

  for (const type of ['', 'application/json; charset=utf-8', 'text/plain', 'TEXT/JSON']) {
    it(`but a body of type "${type}" is read as JSON`, async () => {
      const { status } = await predict(flowers, { body: row, headers: { 'content-type': type } })
      assert.equal(status, 200)
    })
  }
})

describe('any body gets an answer or a clean refusal', () => {
  const models = [flowers, pair, ...everyDatatype()]

  it('whatever JSON it is', async () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 5 }), nearlyRight())
    const seen = await statuses(value, (value) => JSON.stringify(value))
    assert.ok((seen.get(200) ?? 0) > 100, 'many are right')
    assert.ok((seen.get(422) ?? 0) > 500, 'many are wrong')
  })

  it('whatever CSV it is', async () => {
    const cell = fc.constantFrom('1', '-2.5', '1e20', 'nan', '', '"a"', 'length', 'width', '"', 'x')
    const text = fc.array(fc.array(cell, { minLength: 1, maxLength: 3 }), { maxLength: 4 })
    await statuses(text, (rows) => rows.join('\r\n'), { 'content-type': 'text/csv' })
  })

  it('whatever bytes they are', async () => {
    await statuses(fc.uint8Array({ maxLength: 40 }), (bytes) => bytes)
  })

  it('however deep it is nested', async () => {
    for (const depth of [90, 8000, 100_000]) {
      const body = `{"features": ${'['.repeat(depth)}1e20${']'.repeat(depth)}}`
      for (const model of models) {
        const { status } = await predict(model, { body })
        assert.equal(status, 422, `${model.name} at a depth of ${depth}`)
      }
    }
  })

  /** How often each status came; any but 200, 415 and 422 fails. */
  async function statuses<T>(
    values: fc.Arbitrary<T>,
    bodyOf: (value: T) => Uint8Array | string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ReadonlyMap<number, number>> {
    const seen = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(values, fc.constantFrom(...models), async (value, model) => {
        const body = bodyOf(value)
        if (body.length === 0) return
        const { status, json } = await predict(model, { body, headers })
        const text = JSON.stringify(json())
        assert.ok([200, 415, 422].includes(status), `${status}: ${text}`)
        seen.set(status, (seen.get(status) ?? 0) + 1)
      }),
      { seed: 5, numRuns: 3000 },
    )
    return seen
  }
})

it('the description has the version of each model that is asked when none is named', async () => {
  const old = { ...flowers, signature: pair.signature, version: '2' }
  const list = () => [
    { ...statusOf(old), stable: false },
    statusOf(flowers),
    { ...statusOf(pair), stable: false },
    { name: 'lazy', version: '1', state: 'unloaded', asleep: true } as const,
  ]
  const protocol = plainOf({ ...modelsOf(flowers), list })
  const { json } = await ask(protocol, { route: '/openapi.json' })
  const { paths, components } = json() as { paths: object; components: { schemas: object } }
  const predicts = Object.keys(paths).filter((path) => /^\/predict\/[^{]+$/.test(path))
  assert.deepEqual(predicts, ['/predict/flowers'])
  const request = JSON.stringify(components.schemas['model_flowers.request' as keyof object])
  assert.match(request, /width/)
})

const row = '{"features": [1, 2]}'

function predict(model: ServedModel, asked: Omit<Asked, 'route'>) {
  const protocol = plainOf(modelsOf(model))
  return ask(protocol, { route: '/predict/:model', params: { model: model.name }, ...asked })
}

function plainOf(models: Models) {
  return plainProtocol({
    models,
    clock: systemClock,
    serverName: 'test',
    serverVersion: '0',
    renderMetrics: async () => ({ contentType: 'text/plain', body: '' }),
  })
}

function failing(reason: 'QUEUE_FULL' | 'RUN_FAILED'): ServedModel {
  return modelOf('failing', flowers.signature, () => {
    throw reason === 'QUEUE_FULL'
      ? fail(reason, { model: 'failing', limit: 3, retryAfterMs: 1500 })
      : fail(reason, {}, new Error('at 0x7f00 in /home/someone'))
  })
}

function everyDatatype(): readonly ServedModel[] {
  return (['BOOL', 'UINT64', 'INT8', 'FP16', 'BF16', 'FP64', 'BYTES'] as const).flatMap(
    (datatype) => [
      echoModel(`row of ${datatype}`, [inputOf('x', datatype, [-1, 2])]),
      echoModel(`scalar of ${datatype}`, [inputOf('x', datatype, [])]),
    ],
  )
}

/** Bodies with the keys that are looked for, and values that often fit. */
function nearlyRight(): fc.Arbitrary<unknown> {
  const leaf = fc.constantFrom(
    ...[0, 1, -1, 2.5, 1e20, 2 ** 63, 1e308, true, null, 'NaN', '7', 'red', ''],
    ...[{ b64: '/w==' }, { b64: 7 }, { length: 1, width: 2 }, {}],
  )
  const row = fc.array(leaf, { maxLength: 3 })
  const value = fc.oneof(leaf, row, fc.array(fc.oneof(row, leaf), { maxLength: 3 }))
  const numbers = fc.array(fc.constantFrom(1, 0, 1.5), { minLength: 2, maxLength: 2 })
  const features = fc.oneof(value, numbers, fc.array(numbers, { maxLength: 3 }))
  return fc.oneof(
    features.map((features) => ({ features })),
    fc.record({ a: value, b: value, x: value }, { requiredKeys: [] }).map((inputs) => ({ inputs })),
  )
}
