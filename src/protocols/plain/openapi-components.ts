/** What the paths of the API description share: the shapes of errors, of health and of tensors. */
import { fail, type ServingError } from '../../errors.ts'
import { object, type Schema } from './openapi-schemas.ts'

/** What any prediction may be answered with, besides its result. */
export const predictErrors: Schema = Object.fromEntries(
  ['404', '413', '415', '422', '429', '500', '503', '504'].map((status) => [
    status,
    { $ref: `#/components/responses/${status}` },
  ]),
)

export function sharedComponents(): Readonly<Record<string, Schema>> {
  const responses: Schema = {
    '404': error(
      'There is no such model or version. The hint lists those there are.',
      fail('MODEL_NOT_FOUND', { model: 'iriss', known: ['iris'] }),
    ),
    '413': error(
      'The body is larger than the server accepts.',
      fail('BODY_TOO_LARGE', { limit: 2 ** 26 }),
    ),
    '415': error(
      'The body is of a type, or in an encoding, that is not understood.',
      fail('MEDIA_TYPE_UNSUPPORTED', {
        what: 'content-type',
        got: 'application/xml',
        expected: '"application/json"',
      }),
    ),
    '422': answer('The input is wrong: each problem, and where it is.', 'InputError'),
    '429': later(
      'The queue of this model is full.',
      fail('QUEUE_FULL', { model: 'iris', limit: 128 }),
    ),
    '500': error('The model failed to run.', fail('RUN_FAILED')),
    '503': later('Overloaded, loading or shutting down.', fail('DRAINING')),
    '504': later(
      'The deadline passed, or would have.',
      fail('DEADLINE_EXCEEDED', { where: 'waiting' }),
    ),
  }
  return {
    parameters: {
      Timeout: {
        name: 'x-request-timeout-ms',
        in: 'header',
        description: 'The answer is of no use after so many milliseconds.',
        schema: { type: 'integer', minimum: 1 },
      },
      Version: {
        name: 'x-sluice-version',
        in: 'header',
        description: 'The version to ask, by its number or a label.',
        schema: { type: 'string' },
      },
    },
    headers: {
      RequestId: {
        description: 'The id of the request, as the log has it.',
        schema: { type: 'string' },
      },
      RetryAfter: {
        description: 'Seconds after which trying again is sensible.',
        schema: { type: 'integer', minimum: 0 },
      },
    },
    responses,
    schemas: sharedSchemas(),
  }
}

function sharedSchemas(): Schema {
  const text = { type: 'string' }
  const any: Schema = {}
  return {
    Error: object({ detail: text, code: text, hint: text, request_id: text }, ['detail', 'code']),
    InputError: object(
      {
        detail: {
          type: 'array',
          items: object(
            {
              type: text,
              loc: { type: 'array', items: { type: ['string', 'integer'] } },
              msg: text,
              input: { description: 'what came' },
              expected: text,
              hint: text,
            },
            ['type', 'loc', 'msg'],
          ),
        },
        request_id: text,
      },
      ['detail'],
      {
        examples: [
          {
            detail: [
              {
                type: 'value_out_of_range',
                loc: ['body', 'features', 0, 2],
                msg: 'input "features": -1 is out of range, expected at least 0',
                input: -1,
                expected: 'at least 0',
              },
            ],
            request_id: exampleId,
          },
        ],
      },
    ),
    Prediction: { type: 'object', description: 'As the model answers: see its own path.' },
    AnyFeatures: {
      anyOf: [
        object({ features: any }, ['features']),
        object({ inputs: { type: 'object' } }, ['inputs']),
      ],
    },
    Health: object(
      {
        status: text,
        model_loaded: { type: 'boolean' },
        models: { type: 'array', items: { type: 'object' } },
      },
      ['status', 'model_loaded', 'models'],
    ),
    InferenceRequest: object(
      {
        id: text,
        inputs: { type: 'array', items: { $ref: '#/components/schemas/InferenceTensor' } },
        outputs: { type: 'array', items: object({ name: text }, ['name']) },
        parameters: { type: 'object' },
      },
      ['inputs'],
    ),
    InferenceResponse: object(
      {
        id: text,
        model_name: text,
        model_version: text,
        outputs: { type: 'array', items: { $ref: '#/components/schemas/InferenceTensor' } },
      },
      ['model_name', 'outputs'],
    ),
    InferenceTensor: object(
      {
        name: text,
        datatype: text,
        shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
        data: { type: 'array', description: 'in row-major order, flat or nested', items: any },
        parameters: { type: 'object' },
      },
      ['name', 'datatype', 'shape'],
    ),
    InferenceError: object({ error: text }, ['error']),
  }
}

/** A body in JSON, as a shared schema has it. */
export function json(schema: string, example: unknown): Schema {
  return {
    required: true,
    content: {
      'application/json': {
        schema: { $ref: `#/components/schemas/${schema}` },
        ...(example === undefined ? {} : { example }),
      },
    },
  }
}

export function answer(description: string, schema: string, example?: Schema): Schema {
  return {
    description,
    headers: { 'x-request-id': { $ref: '#/components/headers/RequestId' } },
    content: json(schema, example).content,
  }
}

function error(description: string, { message, code, hint }: ServingError): Schema {
  const said = { detail: message, code, ...(hint === undefined ? {} : { hint }) }
  return answer(description, 'Error', { ...said, request_id: exampleId })
}

function later(description: string, problem: ServingError): Schema {
  const { headers, ...rest } = error(description, problem)
  const retry = { 'retry-after': { $ref: '#/components/headers/RetryAfter' } }
  return { ...rest, headers: { ...(headers as Schema), ...retry } }
}

const exampleId = '0b2c7a52-6f0e-4f0e-9d53-3a5b1f0c8e11'
