import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import * as z from 'zod'
import type { Constraints, Signature, Task } from '../../signature.ts'
import type { Datatype } from '../../tensor/index.ts'
import { describeTensor, requestSchema, responseSchema, type Schema } from './openapi-schemas.ts'

describe('the schema of a request', () => {
  const iris: Constraints = { fields: ['width', 'length'], minimum: 0, maximum: 9 }
  const cases: {
    name: string
    signature: Signature
    takes: readonly unknown[]
    refuses: readonly unknown[]
  }[] = [
    {
      name: 'takes a row and rows, by place or by name',
      signature: of('FP32', [-1, 2], iris),
      takes: [
        { features: [1, 2.5] },
        {
          features: [
            [1, 2],
            [3, 4],
          ],
        },
        { features: { width: 1, length: 2 } },
        { features: [{ width: 1, length: 2 }, [3, 4]] },
        { features: [1, 'NaN'] },
        { inputs: { x: [1, 2] } },
      ],
      refuses: [
        {},
        { features: [1] },
        { features: [1, 2, 3] },
        { features: [1, -1] },
        { features: [1, 10] },
        { features: [1, 'Infinity'] },
        { features: [1, 'two'] },
        { features: { width: 1 } },
        { features: { width: 1, length: 2, depth: 3 } },
        { features: 1 },
        { inputs: {} },
        { inputs: { x: [1, 2], y: 1 } },
      ],
    },
    {
      name: 'wants every input that is not optional, by name',
      signature: {
        inputs: [
          { name: 'a', datatype: 'UINT8', shape: [-1, 1] },
          { name: 'b', datatype: 'BOOL', shape: [2], optional: true },
        ],
        outputs: [],
      },
      takes: [{ inputs: { a: [255] } }, { inputs: { a: [[0], [1]], b: [true, false] } }],
      refuses: [
        { features: [1] },
        { inputs: { b: [true, false] } },
        { inputs: { a: [256] } },
        { inputs: { a: [-1] } },
        { inputs: { a: [0.5] } },
        { inputs: { a: [1], b: [true] } },
        { inputs: { a: [1], b: true } },
        { inputs: { a: [1], b: [1, 0] } },
      ],
    },
    {
      name: 'takes 64-bit integers as numbers or as digits',
      signature: of('INT64', [-1], { minimum: -5 }),
      takes: [{ features: 7 }, { features: [7, '9007199254740993'] }],
      refuses: [{ features: [-6] }, { features: ['7.5'] }, { features: [0.5] }],
    },
    {
      name: 'takes text, and bytes that are no text',
      signature: of('BYTES', [-1], { minimumLength: 5, maximumLength: 8 }),
      takes: [{ features: ['12345678', { b64: '/w==' }] }],
      refuses: [{ features: ['1'] }, { features: ['123456789'] }, { features: [1] }],
    },
    {
      name: 'takes the values of a list, and NaN where it stands for a missing one',
      signature: of('FP64', [-1, 1], { allowed: [1, 2.5] }),
      takes: [{ features: [2.5] }, { features: [[1], ['NaN']] }],
      refuses: [{ features: [2] }],
    },
    {
      name: 'refuses NaN where the model does',
      signature: of('FP16', [3], { nonFinite: 'refuse' }),
      takes: [{ features: [1, 2, 3] }],
      refuses: [{ features: [1, 2, 'NaN'] }, { features: 1 }],
    },
  ]
  for (const { name, signature, takes, refuses } of cases) {
    it(name, () => {
      const fits = checker(requestSchema(signature))
      for (const body of takes) assert.ok(fits(body), `takes ${JSON.stringify(body)}`)
      for (const body of refuses) assert.ok(!fits(body), `refuses ${JSON.stringify(body)}`)
    })
  }

  it('of a large input has no least sizes, which tools would draw in full', () => {
    const large = JSON.stringify(requestSchema(of('FP32', [-1, 3, 224, 224])))
    assert.match(large, /"maxItems":224/)
    assert.doesNotMatch(large, /minItems/)
  })
})

describe('the schema of an answer', () => {
  const end = { model_version: '3', latency_ms: 0.5 }

  it('of a classifier is a label and its scores', () => {
    const labels = ['no', 'yes']
    const fits = checker(
      answerOf({ kind: 'classifier', labelOutput: 'l', scoreOutput: 's', labels }),
    )
    assert.ok(fits({ prediction: 'yes', probability: [0.25, 0.75], ...end }))
    assert.ok(
      fits({
        prediction: ['yes', 'no'],
        probability: [
          [0.25, 0.75],
          [1, 0],
        ],
        ...end,
      }),
    )
    assert.ok(!fits({ prediction: 'maybe', probability: [0.25, 0.75], ...end }))
    assert.ok(!fits({ prediction: 'yes', probability: [0.25, 0.5, 0.25], ...end }))
    assert.ok(!fits({ prediction: 'yes', ...end }))
    assert.ok(!fits({ prediction: 'yes', probability: [0.25, 0.75] }))
  })

  it('of a classifier without scores is the label alone', () => {
    const fits = checker(answerOf({ kind: 'classifier', labelOutput: 'l' }))
    assert.ok(fits({ prediction: 1, ...end }))
    assert.ok(!fits({ prediction: 'yes', ...end }))
  })

  it('of a regressor is a number', () => {
    const fits = checker(answerOf({ kind: 'regressor', output: 's' }))
    assert.ok(fits({ prediction: 0.5, ...end }))
    assert.ok(fits({ prediction: [0.5, 'NaN'], ...end }))
    assert.ok(!fits({ prediction: 'half', ...end }))
  })

  it('of any other model is its outputs by name', () => {
    const fits = checker(answerOf(undefined))
    assert.ok(fits({ outputs: { l: 1, s: [0.5, 0.5] }, ...end }))
    assert.ok(
      fits({
        outputs: {
          l: [1, 0],
          s: [
            [0.5, 0.5],
            [1, 0],
          ],
        },
        ...end,
      }),
    )
    assert.ok(!fits({ outputs: { l: 1, s: 0.5 }, ...end }))
  })
})

it('a tensor is described in one line, whatever its name is made of', () => {
  const axes = ['batch', undefined]
  const constraints: Constraints = { fields: ['a`b', 'c'], minimum: 0, nonFinite: 'refuse' }
  assert.equal(
    describeTensor({
      name: 'x\n# y',
      datatype: 'FP32',
      shape: [-1, 2],
      axes,
      constraints,
      optional: true,
    }),
    '`x # y`: FP32 [-1,2] (`batch`, -); columns `a b`, `c`; at least 0; no NaN, no infinities; optional',
  )
})

function of(datatype: Datatype, shape: readonly number[], constraints?: Constraints): Signature {
  return {
    inputs: [{ name: 'x', datatype, shape, ...(constraints === undefined ? {} : { constraints }) }],
    outputs: [],
  }
}

function answerOf(task: Task | undefined): Schema {
  return responseSchema({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
    outputs: [
      { name: 'l', datatype: 'INT64', shape: [-1] },
      { name: 's', datatype: 'FP32', shape: [-1, -1] },
    ],
    ...(task === undefined ? {} : { task }),
  })
}

function checker(schema: Schema): (body: unknown) => boolean {
  const parser = z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema)
  return (body) => parser.safeParse(body).success
}
