import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import * as z from 'zod'
import type { Signature } from '../../signature.ts'
import { type DescribedModel, type OpenApiDocument, openapi } from './openapi.ts'

describe('the description of the API', () => {
  it('has what OpenAPI 3.1 asks of a document', () => {
    const document = describeAll()
    assert.match(document.openapi, /^3\.1\.\d+$/)
    assert.ok(document.info.title && document.info.version)
    const tags = new Set(document.tags.map(({ name }) => name))
    const ids = new Set<string>()
    for (const { path, shared, operation } of operations(document)) {
      assert.match(path, /^\//)
      assert.ok(!ids.has(operation.operationId), `${operation.operationId} is there once`)
      ids.add(operation.operationId)
      for (const tag of operation.tags) assert.ok(tags.has(tag), tag)
      for (const [status, response] of Object.entries(operation.responses)) {
        assert.match(status, /^([1-5]\d\d|default)$/)
        assert.ok('$ref' in response || response.description, `${path} ${status}`)
      }
      assert.ok(Object.keys(operation.responses).length > 0)
      const named = [...shared, ...(operation.parameters ?? [])].filter((p) => p.in === 'path')
      const inPath = [...path.matchAll(/\{(.+?)\}/g)].map(([, name]) => name)
      assert.deepEqual(
        named.map(({ name }) => name),
        inPath,
      )
      for (const { required } of named) assert.equal(required, true)
    }
    for (const kind of Object.values(document.components)) {
      for (const key of Object.keys(kind)) assert.match(key, /^[a-zA-Z0-9._-]+$/)
    }
  })

  it('refers to what is there, and has nothing that is not referred to', () => {
    const document = describeAll()
    const refs = new Set(refsIn(document))
    for (const ref of refs) assert.notEqual(resolve(document, ref), undefined, ref)
    for (const [kind, entries] of Object.entries(document.components)) {
      for (const key of Object.keys(entries))
        assert.ok(refs.has(`#/components/${kind}/${key}`), key)
    }
  })

  it('has examples that its schemas take', () => {
    const document = describeAll()
    let seen = 0
    for (const { schema, examples } of bodies(document)) {
      const parser = z.fromJSONSchema(standalone(document, schema))
      for (const example of examples) {
        seen += 1
        const { success, error } = parser.safeParse(example)
        assert.ok(success, `${JSON.stringify(example)}: ${error?.message}`)
      }
    }
    assert.ok(seen > 10, `${seen} examples`)
  })

  it('types each model under its name, in the order of names', () => {
    const paths = Object.keys(describeAll().paths).filter((path) => path.startsWith('/predict'))
    assert.deepEqual(paths, [
      '/predict',
      '/predict/Net%20%2F%7B1%7D',
      '/predict/Net%20%2F%7B2%7D',
      '/predict/iris',
      '/predict/{model}/versions/{version}',
    ])
  })

  it('is the same for the same models in any order', () => {
    const options = { title: 'Sluice', version: '1.2.3', defaultModel: 'iris' }
    assert.equal(
      JSON.stringify(openapi({ ...options, models })),
      JSON.stringify(openapi({ ...options, models: models.toReversed() })),
    )
  })

  it('has /predict for the only model, and for none of several without a default', () => {
    const options = { title: 'Sluice', version: '1.2.3' }
    const [net, iris] = models
    assert.ok('/predict' in openapi({ ...options, models: [iris!] }).paths)
    assert.ok(!('/predict' in openapi({ ...options, models: [net!, iris!] }).paths))
    assert.ok(!('/predict' in openapi({ ...options, models: [iris!], defaultModel: 'gone' }).paths))
  })

  it('shows one row and two, and says in words what is too large to show', () => {
    const { paths } = describeAll()
    const iris = paths['/predict/iris']?.post as Operation
    assert.deepEqual(iris.requestBody?.content['application/json']?.examples, {
      example: { summary: 'one row', value: { features: { a: 1.1, b: 1.2 } } },
      'two-rows': {
        summary: 'two rows',
        value: {
          features: [
            { a: 1.1, b: 1.2 },
            { a: 1.3, b: 1.4 },
          ],
        },
      },
    })
    const net = paths['/predict/Net%20%2F%7B1%7D']?.post as Operation
    assert.equal(net.requestBody?.content['application/json']?.examples, undefined)
    assert.match(net.description, /it would hold 150528 values: "pixels" \[1,3,224,224\]/)
  })

  it('is whole without any model', () => {
    const document = openapi({ models: [], title: 'Sluice', version: '1.2.3' })
    assert.match(document.info.description, /No model is served/)
    for (const ref of refsIn(document)) assert.notEqual(resolve(document, ref), undefined, ref)
  })
})

const iris: Signature = {
  inputs: [
    {
      name: 'x',
      datatype: 'FP32',
      shape: [-1, 2],
      constraints: { fields: ['a', 'b'], minimum: 1 },
    },
  ],
  outputs: [{ name: 'label', datatype: 'INT64', shape: [-1] }],
  task: { kind: 'classifier', labelOutput: 'label', labels: ['no', 'yes'] },
}
const net: Signature = {
  inputs: [{ name: 'pixels', datatype: 'FP32', shape: [-1, 3, 224, 224] }],
  outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, 1000] }],
}
const models: readonly DescribedModel[] = [
  { name: 'Net /{2}', version: '5', platform: 'onnxruntime_onnx', signature: net },
  { name: 'iris', version: '7', platform: 'onnxruntime_onnx', signature: iris },
  { name: 'Net /{1}', version: '6', platform: 'onnxruntime_onnx', signature: net },
]

const describeAll = (): OpenApiDocument =>
  openapi({ models, title: 'Sluice', version: '1.2.3', defaultModel: 'iris' })

interface Media {
  readonly schema: Readonly<Record<string, unknown>>
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
}
interface Body {
  readonly description?: string
  readonly content: Readonly<Record<string, Media>>
}
interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
}
interface Operation {
  readonly operationId: string
  readonly description: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Body
  readonly responses: Readonly<Record<string, Body>>
}

function operations(document: OpenApiDocument) {
  return Object.entries(document.paths).flatMap(([path, { parameters = [], ...methods }]) =>
    Object.values(methods).map((operation) => ({
      path,
      shared: parameters as readonly Parameter[],
      operation: operation as Operation,
    })),
  )
}

/** Every body with examples: of requests, of answers, and of the answers that are shared. */
function bodies(document: OpenApiDocument) {
  const all = [
    ...operations(document).flatMap(({ operation: { requestBody, responses } }) => [
      ...(requestBody === undefined ? [] : [requestBody]),
      ...Object.values(responses),
    ]),
    ...(Object.values(document.components.responses ?? {}) as Body[]),
  ]
  const media = all.flatMap(({ content }) => Object.values(content ?? {}))
  const schemas = Object.values(document.components.schemas ?? {}) as Media['schema'][]
  return [
    ...media.map(({ schema, example, examples = {} }) => ({
      schema,
      examples: [
        ...(example === undefined ? [] : [example]),
        ...Object.values(examples).map(({ value }) => value),
      ],
    })),
    ...schemas.map((schema) => ({ schema, examples: (schema.examples ?? []) as unknown[] })),
  ]
}

function refsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : refsIn(inner),
  )
}

function resolve(document: OpenApiDocument, ref: string): unknown {
  const [root, ...keys] = ref.split('/')
  assert.equal(root, '#')
  return keys.reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], document)
}

/** A schema with the shared ones beside it, as a validator of plain JSON Schema wants them. */
function standalone(document: OpenApiDocument, schema: unknown): z.core.JSONSchema.JSONSchema {
  const whole = { ...(schema as object), $defs: document.components.schemas }
  return JSON.parse(JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/'))
}
