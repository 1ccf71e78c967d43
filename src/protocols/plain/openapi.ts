/**
 * The description of the HTTP API in OpenAPI 3.1, typed for the models that are served: each has
 * a path of its own with its inputs, its answers and examples. The same models give the same
 * document, in the order of their names.
 */
import type { ServedModel } from '../../models.ts'
import { type Example, exampleBody, exampleCsv } from './example.ts'
import { predictErrors, sharedComponents } from './openapi-components.ts'
import { genericPaths } from './openapi-generic.ts'
import {
  code,
  describeTensor,
  requestSchema,
  responseSchema,
  type Schema,
} from './openapi-schemas.ts'

export interface OpenApiOptions {
  /** One of each name: the version that answers when none is asked for. */
  readonly models: readonly DescribedModel[]
  readonly title: string
  /** Of the server. */
  readonly version: string
  /** The model that `/predict` asks where there are several. */
  readonly defaultModel?: string | undefined
}

export type DescribedModel = Pick<ServedModel, 'name' | 'version' | 'platform' | 'signature'>

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Schema>>
  readonly components: Readonly<Record<string, Schema>>
}

export function openapi({ models, title, version, defaultModel }: OpenApiOptions): OpenApiDocument {
  const named = withKeys(models)
  const asked =
    defaultModel === undefined && named.length === 1
      ? named[0]
      : named.find(({ model }) => model.name === defaultModel)
  const shared = sharedComponents()
  return {
    openapi: '3.1.0',
    info: { title, version, description: introduction(named.length) },
    // relative to the document, so that a proxy may put the server below a path of its own
    servers: [{ url: './' }],
    tags: [
      { name: 'Predict', description: 'Ask a model in plain JSON or CSV.' },
      { name: 'Health', description: 'Whether the server may be sent requests, and its metrics.' },
      { name: 'Open Inference Protocol', description: 'For the clients of Triton and KServe.' },
    ],
    paths: {
      ...(asked === undefined ? {} : { '/predict': { post: predict(asked, true) } }),
      ...Object.fromEntries(
        named.map((entry) => [
          `/predict/${encodeURIComponent(entry.model.name)}`,
          { post: predict(entry, false) },
        ]),
      ),
      ...genericPaths((asked ?? named[0])?.model),
    },
    components: {
      ...shared,
      schemas: {
        ...shared.schemas,
        ...Object.fromEntries(
          named.flatMap(({ key, model: { signature } }) => [
            [`${key}.request`, requestSchema(signature)],
            [`${key}.response`, responseSchema(signature)],
          ]),
        ),
      },
    },
  }
}

function csv({ signature }: DescribedModel): Schema {
  const example = exampleCsv(signature)
  return example === undefined ? {} : { 'text/csv': { schema: { type: 'string' }, example } }
}

interface KeyedModel {
  /** Of letters, digits, `_` and `-`: names may hold anything, keys and operation ids may not. */
  readonly key: string
  readonly model: DescribedModel
}

function withKeys(models: readonly DescribedModel[]): readonly KeyedModel[] {
  const taken = new Set<string>()
  return models
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map((model) => {
      const plain = `model_${model.name.replace(/[^A-Za-z0-9_-]/g, '_')}`
      let key = plain
      for (let n = 2; taken.has(key); n += 1) key = `${plain}_${n}`
      taken.add(key)
      return { key, model }
    })
}

function predict({ key, model }: KeyedModel, asDefault: boolean): Schema {
  return {
    operationId: asDefault ? 'predict' : `predict.${key}`,
    tags: ['Predict'],
    summary: asDefault ? `Ask the default model, ${model.name}` : `Ask ${model.name}`,
    description: describe(model),
    parameters: ['Version', 'Timeout'].map((name) => ({
      $ref: `#/components/parameters/${name}`,
    })),
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { $ref: `#/components/schemas/${key}.request` },
          ...examples(model),
        },
        ...csv(model),
      },
    },
    responses: {
      '200': {
        description: 'The answer.',
        headers: { 'x-request-id': { $ref: '#/components/headers/RequestId' } },
        content: {
          'application/json': { schema: { $ref: `#/components/schemas/${key}.response` } },
        },
      },
      ...predictErrors,
    },
  }
}

/** Named examples: one row and rows where the model takes both, else the whole. */
function examples({ signature }: DescribedModel): Schema {
  const given = [
    { key: 'example', example: exampleBody(signature) },
    { key: 'two-rows', summary: 'two rows', example: exampleBody(signature, 2) },
  ].filter(({ example }) => example.body !== undefined)
  if (given.length === 0) return {}
  return {
    examples: Object.fromEntries(
      given.map(({ key, summary = given.length > 1 ? 'one row' : 'a request', example }) => [
        key,
        { summary, value: example.body },
      ]),
    ),
  }
}

function describe(model: DescribedModel): string {
  const { version, platform, signature } = model
  const example: Example = exampleBody(signature)
  return [
    `Version ${code(version)} of ${code(model.name)}, run by ${code(platform)}.`,
    ...(signature.streams ? ['It streams: any number of answers, which this does not give.'] : []),
    `**Inputs**\n\n${list(signature.inputs.map(describeTensor))}`,
    `**Outputs**\n\n${list(signature.outputs.map(describeTensor))}`,
    ...(example.body === undefined ? [`No example is shown: ${example.reason}.`] : []),
  ].join('\n\n')
}

const list = (lines: readonly string[]): string =>
  lines.length === 0 ? 'none' : lines.map((line) => `- ${line}`).join('\n')

function introduction(models: number): string {
  return [
    models === 0
      ? 'No model is served: see `/health` for why.'
      : 'Predictions of the models served here.',
    'Send `{"features": …}` to a model with one input, `{"inputs": {"name": …}}` to any. A value of one rank less than the input is one row, a value of its full rank is rows; the answer has the same form.',
    'NaN and infinities travel as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`. 64-bit integers are numbers with all their digits; a client that would round them may send strings of digits. Bytes that are no text are `{"b64": "…"}`.',
    'Every path of `/predict` is also there below `/v1`. Every answer carries `x-request-id`, which the log has too.',
  ].join('\n\n')
}
